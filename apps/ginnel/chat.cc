#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "apps/ginnel/commands.h"
#include "apps/ginnel/line_editor.h"
#include "apps/ginnel/text.h"

namespace apps::ginnel {
namespace {

using core::Instant;
using ports::linux_os::Done;
using ports::linux_os::monotonic_now;

// How long the last lines of a pipe may take to reach the server.
constexpr std::int64_t kLastLinesMs = 10'000;

class Chat {
 public:
  Chat(Context& context, std::string name)
      : context_(context), name_(std::move(name)), editor_(context.out.json() ? "" : "> ") {}

  Outcome<int> run() {
    while (true) {
      auto session = TRY(open_session(context_.home, Access::kShared, Serve::kYes));
      const auto ended = talk(*session);
      if (ended) return *ended;
      if (!session->remote() || ended.error().kind != ProblemKind::kNetwork) return ended.error();
      // The process that had the device has ended: it is ours now.
    }
  }

 private:
  Outcome<int> talk(Session& session) {
    TRY(session.request({{"op", "follow_link"}}));
    TRY(session.request({{"op", "listen"}, {"from", name_}, {"after", 0}}));
    if (!greeted_) {
      greeted_ = true;
      const Json reply = TRY(session.request({{"op", "contacts"}}));
      for (const auto& contact : reply.at("contacts")) {
        if (contact.value("name", "") == name_ && contact.value("state", "") == "unverified") {
          context_.out.note(name_ + " is not verified: see ginnel verify " + name_);
        }
      }
      context_.out.note("Lines you type go to " + name_ + "; Ctrl-D ends.");
    }
    TRY(print(editor_.redraw()));
    while (!interrupted()) {
      while (auto event = TRY(session.next_event())) TRY(show(session, *event));
      const Instant now = monotonic_now();
      if (input_over_ && (waiting_ == 0 || now >= last_until_)) break;
      session.wait(input_over_ ? last_until_ : core::kNever, input_over_ ? -1 : STDIN_FILENO);
      TRY(read_input(session));
    }
    if (!input_over_ || !context_.out.json()) TRY(print(editor_.above("")));
    if (waiting_ == 0) return kExitOk;
    context_.out.note("\n" + std::to_string(waiting_) + " lines wait to be sent.");
    return kExitTimeout;
  }

  Done print(const std::string& text) { return text.empty() ? Done() : context_.out.text(text); }

  Done show(Session& session, const Json& event) {
    const std::string kind = event.value("event", "");
    if (kind == "connection") return tell_link(event);
    if (kind == "sent" || kind == "failed") {
      if (waiting_ > 0) --waiting_;
      TRY(context_.out.object(
          {{"event", kind}, {"id", event.value("id", std::uint64_t{0})}, {"to", name_}}));
      if (kind == "sent") return {};
      return print(editor_.above("Not sent: " + event.value("reason", "") + ".\n"));
    }
    const auto data = from_base64(event.value("data", ""));
    TRY(context_.out.object(message_object(event, data ? *data : "")));
    TRY(print(editor_.above(message_line(event, data ? *data : ""))));
    const auto read =
        session.request({{"op", "read"}, {"id", event.value("id", std::uint64_t{0})}});
    if (!read) return read.error();
    return {};
  }

  Done tell_link(const Json& event) {
    const bool offline = event.contains("problem");
    if (offline == offline_) return {};
    offline_ = offline;
    return print(editor_.above(
        offline ? "Not connected: " + printable(event["problem"].value("text", ""), "  ") +
                      " What you write is kept and sent later.\n"
                : "Connected again.\n"));
  }

  Done read_input(Session& session) {
    if (input_over_) return {};
    // Asked first, so that the read does not block.
    pollfd ready{STDIN_FILENO, POLLIN, 0};
    if (poll(&ready, 1, 0) != 1) return {};
    char bytes[4096];
    const auto size = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    const bool over = size <= 0;
    auto lines = editor_.feed({bytes, over ? 0 : static_cast<std::size_t>(size)});
    if (over) lines.push_back(editor_.rest());
    for (const auto& line : lines) {
      if (!line.empty()) TRY(send_line(session, line));
    }
    if (over || editor_.ended()) {
      input_over_ = true;
      last_until_ = monotonic_now() + kLastLinesMs;
      return {};
    }
    return print(editor_.redraw());
  }

  Done send_line(Session& session, const std::string& line) {
    const auto reply = session.request(
        {{"op", "send"}, {"to", name_}, {"data", to_base64(ports::linux_os::bytes_of(line))}});
    if (!reply) {
      if (reply.error().kind == ProblemKind::kNetwork) return reply.error();
      TRY(context_.out.object(
          {{"event", "error"}, {"text", reply.error().text}, {"advice", reply.error().advice}}));
      return print(editor_.above(reply.error().text + "\n" + reply.error().advice + "\n"));
    }
    ++waiting_;
    TRY(session.request({{"op", "watch"}, {"id", reply->value("id", std::uint64_t{0})}}));
    return print(editor_.above("you: " + printable(line, "    | ") + "\n"));
  }

  Context& context_;
  const std::string name_;
  LineEditor editor_;
  std::size_t waiting_ = 0;  // lines that the server does not have yet
  bool greeted_ = false;
  bool offline_ = false;
  bool input_over_ = false;
  Instant last_until_ = core::kNever;
};

}  // namespace

Outcome<int> chat(Context& context, const std::string& name) { return Chat(context, name).run(); }

}  // namespace apps::ginnel
