// Commands about the device itself: how it is, and what to do about it.
#include <chrono>
#include <cstdlib>
#include <thread>

#include "apps/ginnel/commands.h"
#include "apps/ginnel/text.h"
#include "ports/linux/certificate.h"
#include "ports/linux/tunnel.h"

namespace apps::ginnel {
namespace {

using ports::linux_os::wall_now;

constexpr std::int64_t kDayMs = 24 * 3600 * std::int64_t{1000};
// Certificates are made valid from 5 minutes back; a clock that is further
// off than this will not do.
constexpr std::int64_t kMaxClockOffMs = 2 * 60 * std::int64_t{1000};

std::string count_of(const Json& status, const char* field, const char* one, const char* many) {
  const auto count = status.value(field, std::uint64_t{0});
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string seconds(std::int64_t ms) { return std::to_string(std::llabs(ms) / 1000) + " s"; }

// What is to be said of a home that was put back to an older state.
std::string put_back_sentence(const Json& status) {
  if (status.value("put_backs", 0u) == 0) return "This home was never put back to an older state.";
  const core::WallTime at{status.value("put_back_at_ms", std::int64_t{0})};
  return "Put back to an older state" + (at.ms == 0 ? "" : ", noticed at " + iso_time(at)) +
         ": healed by itself; " +
         count_of(status, "lost_mails", "received message was", "received messages were") +
         " lost.";
}

// The checks of `doctor`, told as they are made.
class Examination {
 public:
  explicit Examination(Context& context) : context_(context) {}

  Outcome<int> run(double timeout_s) {
    const auto settings = TRY(context_.home.load());
    TRY(files());
    TRY(certificate(settings));
    if (settings.tunnel) TRY(tunnel(*settings.tunnel));
    const auto session = open_session(context_.home, Access::kShared, Serve::kNo);
    if (!session) {
      TRY(failed("store", session.error()));
      return exit_;
    }
    if (const auto checked = (*session)->request({{"op", "check_store"}}); !checked) {
      TRY(failed("store", checked.error()));
    } else {
      TRY(passed("store", "Messages and keys are readable."));
    }
    const bool online = TRY(wait_online(**session, timeout_s));
    const Json status = TRY((*session)->request({{"op", "status"}}));
    TRY(server(status, online));
    TRY(history(status));
    TRY(outbox(status));
    return exit_;
  }

 private:
  ports::linux_os::Done files() {
    const auto faults = context_.home.permission_faults();
    for (const auto& fault : faults) {
      TRY(failed("files",
                 {ProblemKind::kStore, fault + ".", "Run: chmod -R go= " + context_.home.path()}));
    }
    return faults.empty() ? passed("files", "Only you can read " + context_.home.path() + ".")
                          : ports::linux_os::Done();
  }

  ports::linux_os::Done certificate(const ports::linux_os::DeviceSettings& settings) {
    const auto info = ports::linux_os::certificate_info(settings.certificate);
    if (!info) return failed("certificate", info.error());
    const std::int64_t now = wall_now().ms;
    if (now < info->not_before.ms) {
      return failed("certificate",
                    {ProblemKind::kRefused,
                     "The certificate is valid only from " + iso_time(info->not_before) + " on.",
                     "This device's clock is behind: set it."});
    }
    if (now >= info->not_after.ms) {
      return failed(
          "certificate",
          {ProblemKind::kRefused, "The certificate expired at " + iso_time(info->not_after) + ".",
           "If the clock is right: ask the operator for an invitation for this name and "
           "run `ginnel enroll TOKEN` in this home; keys and messages stay."});
    }
    return passed("certificate", "Valid for another " +
                                     std::to_string((info->not_after.ms - now) / kDayMs) +
                                     " days; renewed by itself.");
  }

  ports::linux_os::Done tunnel(const ports::linux_os::TunnelSettings& settings) {
    auto state = ports::linux_os::tunnel_state(settings);
    // One that has just come up has sent its first message, and is given time for the answer.
    for (int i = 0; i < 30 && state.counters && state.handshake_s == 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      state = ports::linux_os::tunnel_state(settings);
    }
    const std::string gateway =
        settings.endpoint_host + ", UDP port " + std::to_string(settings.endpoint_port);
    if (state.interface.empty()) {
      return failed("tunnel",
                    {ProblemKind::kNetwork, "The tunnel to the site is not up.",
                     "Run as root: ginnel --home " + context_.home.path() + " tunnel up"});
    }
    if (!state.counters) return passed("tunnel", "Up on " + state.interface + ".");
    if (state.handshake_s == 0) {
      return failed("tunnel",
                    {ProblemKind::kNetwork, "The gateway at " + gateway + " has not answered yet.",
                     "Check that UDP gets through, and that the clock is right. A "
                     "device that was revoked gets no answer: ask the operator."});
    }
    const auto age_s = wall_now().ms / 1000 - state.handshake_s;
    return passed("tunnel", "Up on " + state.interface + ", last handshake " +
                                std::to_string(age_s) + " s ago.");
  }

  ports::linux_os::Done server(const Json& status, bool online) {
    if (status.value("revoked", false)) {
      return failed("server",
                    {ProblemKind::kRefused, "This device is revoked.", "Ask the operator."});
    }
    const std::string broker = status.value("broker", "");
    if (status.value("link", "") != "online") {
      Problem why{ProblemKind::kNetwork, "No connection to " + broker + " yet.",
                  "Check the network, and that the server is running."};
      if (status.contains("link_problem")) {
        const auto reason = problem_or({{"problem", status["link_problem"]}});
        if (!reason) why = reason.error();
      }
      TRY(failed("broker", why));
      for (const char* name : {"server", "clock", "keys"}) TRY(skipped(name));
      return {};
    }
    TRY(passed("broker", "Connected to " + broker + " (" + status.value("cipher", "") + ")."));
    if (!online) {
      TRY(failed("server", {ProblemKind::kNetwork, "The broker is there, but the server is silent.",
                            "The operator should look at `ginneld status`."}));
      TRY(skipped("clock"));
      return skipped("keys");
    }
    TRY(passed("server", "It answers."));
    const Json& known = status.at("server");
    TRY(clock(known.value("clock_ahead_ms", std::int64_t{0})));
    return keys(known);
  }

  ports::linux_os::Done clock(std::int64_t ahead_ms) {
    const std::string text = "The clock is " + seconds(ahead_ms) +
                             (ahead_ms >= 0 ? " ahead of" : " behind") + " the server's.";
    if (std::llabs(ahead_ms) <= kMaxClockOffMs) return passed("clock", text);
    return failed("clock", {ProblemKind::kRefused, text,
                            "Set the clock, or switch time synchronisation on (timedatectl)."});
  }

  ports::linux_os::Done keys(const Json& known) {
    const auto one_time = known.value("one_time_keys", 0u),
               kem = known.value("one_time_kem_keys", 0u);
    const std::string text = "The server has " + std::to_string(one_time) + " + " +
                             std::to_string(kem) + " one-time keys for others to write with.";
    if (!known.value("keys_match", false)) {
      return failed("keys", {ProblemKind::kRefused,
                             "The server holds other keys of this device than the device itself.",
                             "They are published anew by themselves: run doctor again in a minute; "
                             "if it stays so, tell the operator."});
    }
    if (one_time == 0 || kem == 0) {
      return failed("keys", {ProblemKind::kNetwork, text,
                             "They are filled up while the device is connected: run doctor again "
                             "in a minute."});
    }
    return passed("keys", text);
  }

  ports::linux_os::Done history(const Json& status) {
    if (status.value("healing", false)) {
      return failed("history",
                    {ProblemKind::kStore,
                     "This home was put back to an older state, and that is being put right.",
                     "Run doctor again in a minute."});
    }
    return passed("history", put_back_sentence(status));
  }

  ports::linux_os::Done outbox(const Json& status) {
    if (status.value("failed", 0u) > 0) {
      return failed("outbox", {ProblemKind::kRefused,
                               count_of(status, "failed", "message was", "messages were") +
                                   " refused by the server.",
                               "`ginnel status` says why; --clear-failed forgets them."});
    }
    return passed("outbox",
                  count_of(status, "queued", "message waits", "messages wait") + " to be sent.");
  }

  ports::linux_os::Done passed(const char* name, const std::string& text) {
    TRY(context_.out.object({{"event", "check"}, {"name", name}, {"state", "ok"}, {"text", text}}));
    return context_.out.text("ok      " + padded(name) + text + "\n");
  }
  ports::linux_os::Done skipped(const char* name) {
    TRY(context_.out.object({{"event", "check"}, {"name", name}, {"state", "skipped"}}));
    return context_.out.text("-       " + padded(name) + "Not checked.\n");
  }
  ports::linux_os::Done failed(const char* name, const Problem& problem) {
    if (exit_ == kExitOk) exit_ = exit_code(problem.kind);
    TRY(context_.out.object({{"event", "check"},
                             {"name", name},
                             {"state", "failed"},
                             {"text", problem.text},
                             {"advice", problem.advice}}));
    return context_.out.text("FAILED  " + padded(name) + printable(problem.text, "  ") +
                             "\n                     " + printable(problem.advice, "  ") + "\n");
  }
  static std::string padded(std::string name) {
    name.resize(13, ' ');
    return name;
  }

  Context& context_;
  int exit_ = kExitOk;
};

}  // namespace

Outcome<int> doctor(Context& context, double timeout_s) {
  return Examination(context).run(timeout_s);
}

Outcome<int> status(Context& context, double timeout_s, bool clear_failed) {
  auto session = TRY(open_session(context.home, Access::kShared, Serve::kNo));
  TRY(wait_online(*session, timeout_s));
  Json reply = TRY(session->request({{"op", "status"}}));
  if (clear_failed) {
    for (const auto& entry : reply.at("outbox")) {
      if (entry.value("state", "") != "failed") continue;
      TRY(session->request({{"op", "discard"}, {"id", entry.at("id")}}));
    }
    reply = TRY(session->request({{"op", "status"}}));
  }
  nlohmann::ordered_json object{{"event", "status"}, {"home", context.home.path()}};
  for (const char* field :
       {"name", "link", "broker", "revoked", "contacts", "unread", "queued", "failed", "outbox",
        "server", "link_problem", "put_backs", "lost_mails"}) {
    if (reply.contains(field)) object[field] = reply[field];
  }
  TRY(context.out.object(object));

  std::string text = reply.value("name", "") + ", in " + context.home.path() + "\n";
  text += "  connection  " + reply.value("link", "") + ", " + reply.value("broker", "") + "\n";
  if (reply.contains("link_problem")) {
    text += "              " + printable(reply["link_problem"].value("text", ""), "  ") + "\n";
  }
  text += "  contacts    " + std::to_string(reply.value("contacts", 0)) + "\n";
  text += "  received    " + count_of(reply, "unread", "message", "messages") + " not read yet\n";
  text += "  to send     " + count_of(reply, "queued", "message", "messages") + "\n";
  if (reply.value("put_backs", 0u) > 0) text += "  history     " + put_back_sentence(reply) + "\n";
  if (reply.contains("server")) {
    text += "  keys        " + std::to_string(reply["server"].value("one_time_keys", 0)) + " + " +
            std::to_string(reply["server"].value("one_time_kem_keys", 0)) + " at the server\n";
  }
  for (const auto& entry : reply.at("outbox")) {
    const std::string to = entry.contains("group")
                               ? "the group " + printable(entry.value("group", ""), "")
                               : entry.value("to", "");
    text += "    to " + to + ": " + entry.value("state", "") +
            (entry.contains("reason") ? ", " + entry.value("reason", "") : "") + "\n";
  }
  TRY(context.out.text(text));
  return reply.value("revoked", false) ? kExitRefused : kExitOk;
}

}  // namespace apps::ginnel
