#include "apps/firmware/commands.h"

#include "lwip/stats.h"
#include "ports/mbedtls/platform.h"

namespace apps::firmware {
namespace {

using core::Bytes;
using core::DeviceName;
using core::Error;
using core::messenger::ContactState;
using core::messenger::EventKind;
using core::messenger::InboxKind;
using core::messenger::MessageId;
using core::messenger::OutboxState;
using Arguments = std::span<const std::string_view, 2>;

constexpr std::string_view kOk,
    kNoNumber = "this is not a number", kNotEnrolled = "this device is not enrolled",
    kNobody = "nobody of that name is known", kStoreFailed = "the flash store failed";

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

template <class Number>
bool parse(std::string_view text, Number& out) {
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

std::string_view word(ContactState state) {
  switch (state) {
    case ContactState::kUnverified: return "unverified";
    case ContactState::kVerified: return "verified";
    case ContactState::kKeyChanged: return "key_changed";
  }
  return "";
}

std::string_view word(InboxKind kind) {
  switch (kind) {
    case InboxKind::kMessage: return "message";
    case InboxKind::kUnreadable: return "unreadable";
    case InboxKind::kKeyChanged: return "key_changed";
    case InboxKind::kUnsupported: return "unsupported";
    case InboxKind::kGroupChanged: return "group_changed";
    case InboxKind::kNotRead: return "not_read";
    case InboxKind::kPutBack: return "put_back";
  }
  return "";
}

std::string_view word(OutboxState state) {
  switch (state) {
    case OutboxState::kQueued: return "queued";
    case OutboxState::kEncrypted: return "encrypted";
    case OutboxState::kFailed: return "failed";
    case OutboxState::kSent: return "sent";
  }
  return "";
}

// "\n", "\\" and "\xHH" stand for themselves unescaped; written over the text.
// The size, or nothing if it is not well formed.
std::optional<std::size_t> unescape(std::string_view text, core::MutBytes out) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<std::uint8_t>(text[i]);
    if (c == '\\') {
      if (++i == text.size()) return std::nullopt;
      if (text[i] == 'n') {
        c = '\n';
      } else if (text[i] == 'x') {
        const char* at = text.data() + i + 1;
        if (text.size() - i < 3 || std::from_chars(at, at + 2, c, 16).ptr != at + 2) {
          return std::nullopt;
        }
        i += 2;
      } else if (text[i] != '\\') {
        return std::nullopt;
      }
    }
    if (size == out.size()) return std::nullopt;
    out[size++] = c;
  }
  return size;
}

std::string_view enrol(Context& c, Arguments a) { return sentence(c.device.enrol(bytes_of(a[0]))); }

std::string_view publish(Context& c, Arguments) {
  if (!c.device.enrolled()) return kNotEnrolled;
  const auto info = c.device.messenger().info();
  if (!info.server_known) return "the server has not told yet what it has of our keys";
  c.out << "keys one_time=" << info.server_one_time << " kem=" << info.server_one_time_kem << "\n";
  return kOk;
}

std::string_view users(Context& c, Arguments) {
  if (!c.device.enrolled()) return kNotEnrolled;
  auto& messenger = c.device.messenger();
  for (std::size_t i = 0; i < messenger.contact_count(); ++i) {
    const auto contact = messenger.contact_at(i);
    if (!contact) return kStoreFailed;
    c.out << "user " << contact->name.bytes() << " " << word(contact->state)
          << (contact->has_key ? "\n" : " unknown\n");
  }
  return kOk;
}

std::string_view send(Context& c, Arguments a) {
  if (!c.device.enrolled()) return kNotEnrolled;
  const auto name = DeviceName::parse(bytes_of(a[0]));
  if (!name) return "this is no name";
  static core::ByteArray<core::messenger::kMaxPlaintext> text;
  const auto size = unescape(a[1], text);
  if (!size) return "the text is too long, or a \\ in it is followed by neither n, \\ nor xHH";
  if (*size == 0) return "there is nothing to send";
  const auto contact = c.device.messenger().contact(*name);
  if (contact && contact->state == ContactState::kKeyChanged) {
    return "this contact has another identity key than before: compare with `verify`, then "
           "`accept`";
  }
  const auto id = c.device.messenger().send(*name, Bytes(text).first(*size), c.board.now(),
                                            c.board.wall_time());
  if (!id) {
    switch (id.error()) {
      case Error::kFull: return "too many messages wait to be sent";
      case Error::kMalformed: return "a device cannot write to itself";
      case Error::kRng: return "there is no randomness to be had";
      default: return kStoreFailed;
    }
  }
  c.out << "queued " << *id << "\n";
  return kOk;
}

std::string_view outbox(Context& c, Arguments) {
  if (!c.device.enrolled()) return kNotEnrolled;
  for (MessageId after = 0;;) {
    const auto message = c.device.messenger().outbox_after(after);
    if (!message) return kOk;
    after = message->id;
    c.out << "out " << message->id << " " << message->to.bytes() << " " << word(message->state)
          << "\n";
  }
}

std::string_view forget(Context& c, Arguments a) {
  if (!c.device.enrolled()) return kNotEnrolled;
  MessageId id = 0;
  if (!parse(a[0], id)) return kNoNumber;
  const auto done = c.device.messenger().discard(id);
  if (done) return kOk;
  return done.error() == Error::kStore ? kStoreFailed : "no failed message has this number";
}

// Shows unread messages above `after`: all, or one.
std::string_view show(Context& c, MessageId after, std::size_t most) {
  static core::ByteArray<core::messenger::kMaxPlaintext> text;
  for (std::size_t i = 0; i < most; ++i) {
    const auto message = c.device.messenger().next_unread(after, text);
    if (!message && message.error() != Error::kNotFound) return kStoreFailed;
    if (!message) return i == 0 && most == 1 ? "there is no such message" : kOk;
    after = message->id;
    c.out << word(message->kind) << " " << message->id << " " << message->from.bytes() << " "
          << message->text << "\n";
  }
  return kOk;
}

std::string_view inbox(Context& c, Arguments) {
  if (!c.device.enrolled()) return kNotEnrolled;
  return show(c, 0, core::messenger::kMaxInbox);
}

std::string_view read(Context& c, Arguments a) {
  if (!c.device.enrolled()) return kNotEnrolled;
  MessageId id = 0;
  if (!parse(a[0], id)) return kNoNumber;
  const auto done = c.device.messenger().mark_read(id, c.board.now());
  if (done) return kOk;
  return done.error() == Error::kNotFound ? "there is no such message" : kStoreFailed;
}

std::string_view verify(Context& c, Arguments a) {
  if (!c.device.enrolled()) return kNotEnrolled;
  const auto name = DeviceName::parse(bytes_of(a[0]));
  if (!name) return kNobody;
  const auto number = c.device.messenger().safety_number(*name);
  if (!number) return "no key of that name is known";
  c.out << "number " << number->digits << "\n";
  return kOk;
}

std::string_view trust(Context& c, Arguments a) {
  if (!c.device.enrolled()) return kNotEnrolled;
  const auto name = DeviceName::parse(bytes_of(a[0]));
  if (!name) return kNobody;
  const auto done = c.device.messenger().mark_verified(*name);
  if (done) return kOk;
  if (done.error() == Error::kUntrusted) return "there is another key now: `accept` comes first";
  return done.error() == Error::kNotFound ? kNobody : kStoreFailed;
}

std::string_view accept(Context& c, Arguments a) {
  if (!c.device.enrolled()) return kNotEnrolled;
  const auto name = DeviceName::parse(bytes_of(a[0]));
  if (!name) return kNobody;
  const auto done = c.device.messenger().accept_new_key(*name, c.board.now());
  if (done) return kOk;
  if (done.error() == Error::kOutOfOrder) return "there is no new key to accept";
  return done.error() == Error::kNotFound ? kNobody : kStoreFailed;
}

std::string_view sensor(Context& c, Arguments a) {
  if (!c.device.enrolled()) return kNotEnrolled;
  const auto name = DeviceName::parse(bytes_of(a[0]));
  std::uint32_t period_s = 0;
  if (!name) return kNobody;
  if (!parse(a[1], period_s) || period_s > Sensor::kMaxPeriodS) return kNoNumber;
  return c.sensor.set(*name, period_s) ? kOk : kStoreFailed;
}

void show_tunnel(Context& c) {
  const auto* counters = c.device.tunnel_counters();
  if (counters == nullptr) return;
  const auto refused = counters->malformed + counters->bad_mac1 + counters->bad_tags +
                       counters->unknown_indices + counters->unknown_keys + counters->replays;
  c.out << "tunnel handshakes=" << counters->responses_received
        << " initiations=" << counters->initiations_sent << " sent=" << counters->packets_sent
        << " received=" << counters->packets_received << " refused=" << refused << "\n";
}

std::string_view status(Context& c, Arguments) {
  c.out << "state " << word(c.device.state()) << "\n";
  if (c.device.problem() != Problem::kNone) {
    c.out << "problem " << sentence(c.device.problem()) << "\n";
  }
  if (c.device.enrolled()) {
    const auto info = c.device.messenger().info();
    const auto& counters = c.device.messenger().counters();
    c.out << "name " << c.device.settings().name.bytes() << "\n";
    if (const auto valid = c.device.certificate_validity()) {
      c.out << "certificate until=" << static_cast<std::uint64_t>(valid->until.ms / 1000) << "\n";
    }
    c.out << "messages sent=" << counters.sent << " received=" << counters.received
          << " unreadable=" << counters.unreadable << " unread=" << info.unread
          << " queued=" << info.queued << " failed=" << info.failed << "\n";
    if (c.sensor.period_s() != 0) {
      c.out << "sensor " << c.sensor.to().bytes() << " " << c.sensor.period_s()
            << " skipped=" << c.sensor.skipped() << "\n";
    }
  }
  show_tunnel(c);
  c.out << "memory stack=" << c.board.stack_used() << " mbedtls=" << ports::mbedtls::arena_peak()
        << " lwip_heap=" << lwip_stats.mem.max
        << " lwip_pool=" << lwip_stats.memp[MEMP_PBUF_POOL]->max << "\n";
  c.out << "up " << static_cast<std::uint64_t>(c.board.now().ms) << " ms";
  if (const auto awake = c.board.awake_us()) c.out << " awake_us=" << awake;
  c.out << "\n";
  return kOk;
}

std::string_view reset(Context& c, Arguments a) {
  if (a[0] != "everything") return "say `reset everything`: keys and messages are gone then";
  return c.board.erase_and_restart() ? kOk : kStoreFailed;
}

std::string_view restart(Context& c, Arguments) {
  c.board.restart();
  return kOk;
}

constexpr std::array kCommands = {
    Command{"enrol", {"invitation"}, "become a device of a site", enrol},
    Command{
        "publish", {}, "the keys of ours that the site has; they go there by themselves", publish},
    Command{"users", {}, "who can be written to", users},
    Command{"send", {"to", "text"}, "send a message", send},
    Command{"inbox", {}, "show all messages that are not read", inbox},
    Command{"read", {"number"}, "forget a message that was shown", read},
    Command{"outbox", {}, "what waits to be sent", outbox},
    Command{"forget", {"number"}, "forget a message that could not be sent", forget},
    Command{
        "verify", {"name"}, "the safety number, to be compared with the other device's", verify},
    Command{"trust", {"name"}, "the numbers are the same", trust},
    Command{"accept", {"name"}, "trust the new key of a contact", accept},
    Command{"sensor", {"to", "seconds"}, "send a reading every so often; 0: no more", sensor},
    Command{"status", {}, "how the device is", status},
    Command{"restart", {}, "start the board anew", restart},
    Command{"reset", {"everything"}, "erase the device: its keys, its messages, its name", reset},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

std::string_view word(Device::State state) {
  switch (state) {
    case Device::State::kNew: return "new";
    case Device::State::kEnrolling: return "enrolling";
    case Device::State::kOffline: return "offline";
    case Device::State::kConnecting: return "connecting";
    case Device::State::kOnline: return "online";
  }
  return "";
}

void tell(const core::messenger::Event& event, Output& out) {
  switch (event.kind) {
    case EventKind::kMessageReceived:
    case EventKind::kUnreadable: out << "* received " << event.id << "\n"; break;
    case EventKind::kMessageSent: out << "* sent " << event.id << "\n"; break;
    case EventKind::kMessageFailed: out << "* failed " << event.id << "\n"; break;
    case EventKind::kKeyChanged: out << "* key_changed " << event.name.bytes() << "\n"; break;
    case EventKind::kCertificate: out << "* certificate\n"; break;
    case EventKind::kRevoked: out << "* revoked\n"; break;
    default: break;
  }
}

}  // namespace apps::firmware
