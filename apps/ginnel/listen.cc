#include <unistd.h>

#include <algorithm>

#include "apps/ginnel/commands.h"
#include "apps/ginnel/text.h"

namespace apps::ginnel {
namespace {

using core::Instant;
using ports::linux_os::Done;
using ports::linux_os::monotonic_now;

// Listens in whatever process owns the home, and takes over if that one ends.
class Listener {
 public:
  Listener(Context& context, const ListenOptions& options)
      : context_(context), options_(options), after_(options.after) {}

  Outcome<int> run() {
    const Instant give_up =
        options_.timeout_s > 0
            ? monotonic_now() + static_cast<std::int64_t>(options_.timeout_s * 1000)
            : core::kNever;
    while (true) {
      auto session = TRY(open_session(
          context_.home, options_.silent ? Access::kExclusive : Access::kShared, Serve::kYes));
      const auto ended = listen_in(*session, give_up);
      if (ended) return *ended;
      if (!session->remote() || ended.error().kind != ProblemKind::kNetwork) return ended.error();
      // The process that had the device has ended: it is ours now.
    }
  }

 private:
  Outcome<int> listen_in(Session& session, Instant give_up) {
    TRY(session.request({{"op", "follow_link"}}));
    if (!options_.silent) {
      TRY(session.request({{"op", "listen"}, {"from", ""}, {"after", after_}}));
    }
    while (true) {
      while (auto event = TRY(session.next_event())) {
        if (event->value("event", "") == "connection") {
          tell_link(*event);
          continue;
        }
        const auto id = event->value("id", std::uint64_t{0});
        TRY(show(*event));
        // Read only now that it has been written: a crash in between shows it
        // again, with the same id.
        after_ = std::max(after_, id);
        TRY(session.request({{"op", "read"}, {"id", id}}));
        if (event->value("event", "") == "message" && ++count_ == options_.count) return kExitOk;
      }
      if (interrupted()) return kExitOk;
      if (monotonic_now() >= give_up) {
        if (options_.count == 0) return kExitOk;
        context_.out.note("Only " + std::to_string(count_) + " of " +
                          std::to_string(options_.count) + " messages came in time.");
        return kExitTimeout;
      }
      session.wait(give_up, -1);
    }
  }

  void tell_link(const Json& event) {
    const std::string state = event.value("state", "");
    if (state == "online") {
      if (told_offline_) context_.out.note("Connected again.");
      told_offline_ = false;
    } else if (event.contains("problem") && !told_offline_) {
      told_offline_ = true;
      context_.out.note("Not connected: " + printable(event["problem"].value("text", ""), "  ") +
                        " Trying again.");
    }
  }

  Done show(const Json& event) {
    const auto data = from_base64(event.value("data", ""));
    const std::string text = data ? *data : "";
    const bool is_message = event.value("event", "") == "message";
    if (options_.raw) return is_message ? context_.out.raw(text) : Done();
    TRY(context_.out.object(message_object(event, text)));
    return context_.out.text(message_line(event, text));
  }

  Context& context_;
  const ListenOptions options_;
  std::uint64_t after_;
  std::uint64_t count_ = 0;
  bool told_offline_ = false;
};

}  // namespace

nlohmann::ordered_json message_object(const Json& event, const std::string& text) {
  nlohmann::ordered_json object{{"event", event.value("event", "")},
                                {"id", event.value("id", std::uint64_t{0})},
                                {"from", event.value("from", "")}};
  if (event.value("event", "") == "message")
    object[is_utf8(text) ? "text" : "base64"] =
        is_utf8(text) ? text : to_base64(ports::linux_os::bytes_of(text));
  for (const char* field : {"group", "group_id", "members", "owner"}) {
    if (event.contains(field)) object[field] = event[field];
  }
  if (event.value("event", "") == "not_read") object["messages"] = text;
  if (event.value("event", "") == "put_back") object["lost"] = text;
  object["sent_at"] = iso_time({event.value("stored_at_ms", std::int64_t{0})});
  object["received_at"] = iso_time({event.value("received_at_ms", std::int64_t{0})});
  return object;
}

std::string message_line(const Json& event, const std::string& text) {
  const std::string from = printable(event.value("from", ""), "");
  const std::string kind = event.value("event", "");
  const std::string start = "[" + std::to_string(event.value("id", std::uint64_t{0})) + "] " +
                            local_clock({event.value("stored_at_ms", std::int64_t{0})}) + " ";
  if (kind == "unreadable") {
    return start + "A message from " + from + " could not be read. If this goes on: ginnel reset " +
           from + "\n";
  }
  if (kind == "key_changed") {
    return start + "WARNING: " + from +
           " has another identity key than before. It may be a new device, or somebody who "
           "pretends to be " +
           from + ".\n    Nothing is sent to " + from + " until you run: ginnel verify " + from +
           " --accept-new-key\n";
  }
  if (kind == "unsupported") {
    return start + "A message from " + from + " needs a later version of ginnel.\n";
  }
  const std::string group = printable(event.value("group", ""), "");
  if (kind == "group_changed") {
    std::string members;
    for (const auto& member : event.value("members", Json::array())) {
      members += (members.empty() ? "" : ", ") + printable(member.get<std::string>(), "");
    }
    return start + (members.empty() ? "You are no longer in the group " + group + ".\n"
                                    : "The group " + group + " is now: " + members + ".\n");
  }
  if (!group.empty()) {
    return start + from + " in " + group + ": " + printable(text, "    | ") + "\n";
  }
  if (kind == "not_read") {
    return start + from + " could not read what you sent as message " + printable(text, "") +
           ". The conversation has started anew by itself: send it again.\n";
  }
  if (kind == "put_back") {
    return start +
           "This device was put back to an older state, and has put that right by itself. " +
           printable(text, "") + " received since then are gone: ask their senders.\n";
  }
  return start + from + ": " + printable(text, "    | ") + "\n";
}

Outcome<int> listen(Context& context, const ListenOptions& options) {
  if (options.raw && context.out.json()) {
    return Problem{ProblemKind::kInput, "--raw and --json exclude each other.", {}};
  }
  return Listener(context, options).run();
}

}  // namespace apps::ginnel
