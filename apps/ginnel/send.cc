#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "apps/ginnel/commands.h"
#include "apps/ginnel/text.h"

namespace apps::ginnel {
namespace {

using ports::linux_os::Fd;

// Reads to the end, or to just past what fits into a message.
Outcome<std::string> read_all(int fd, const std::string& what) {
  constexpr std::size_t kEnough = core::messenger::kMaxPlaintext + 1;
  std::string text(kEnough, '\0');
  std::size_t size = 0;
  while (size < kEnough) {
    const auto got = ::read(fd, text.data() + size, kEnough - size);
    if (got < 0 && errno == EINTR && !interrupted()) continue;
    if (got < 0) {
      return ports::linux_os::system_problem(ProblemKind::kInput, what + " cannot be read");
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

Outcome<std::string> text_to_send(Context& context, const SendOptions& options) {
  if (options.has_text) return options.text;
  if (!options.file.empty() && options.file != "-") {
    const Fd file(::open(options.file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) {
      return ports::linux_os::system_problem(
          ProblemKind::kInput, "The file " + options.file + " cannot be read", "Check its name.");
    }
    return read_all(file.get(), "The file " + options.file);
  }
  if (isatty(STDIN_FILENO)) context.out.note("Type the message; end it with Ctrl-D.");
  auto text = TRY(read_all(STDIN_FILENO, "The standard input"));
  // `echo hello | ginnel send bob` sends "hello"; `--file -` sends every byte.
  if (options.file.empty() && !text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// What became of message `id`: "sent", or "queued" if nothing did in time.
Outcome<std::string> follow(Session& session, std::uint64_t id, double timeout_s,
                            const std::string& to) {
  std::string state = "queued";
  TRY(session.request({{"op", "watch"}, {"id", id}}));
  const auto final = [&]() -> Outcome<bool> {
    while (auto event = TRY(session.next_event())) {
      if (event->value("id", std::uint64_t{0}) != id) continue;
      if (event->value("event", "") == "sent") {
        state = "sent";
        return true;
      }
      if (event->value("event", "") == "failed") {
        return Problem{
            ProblemKind::kRefused,
            "The message to " + to + " was not taken: " + event->value("reason", "") + ".",
            "`ginnel contacts` lists who can be written to."};
      }
    }
    return false;
  };
  TRY(wait_until(session, timeout_s, final));
  return state;
}

// Why message `id` still waits, as far as that is known.
Outcome<std::string> why_waiting(Session& session, std::uint64_t id) {
  const Json status = TRY(session.request({{"op", "status"}}));
  if (status.contains("link_problem")) {
    return printable(status["link_problem"].value("text", ""), "  ");
  }
  for (const auto& entry : status.at("outbox")) {
    if (entry.value("id", std::uint64_t{0}) == id && entry.contains("reason")) {
      return "The server says: " + entry.value("reason", "") + ".";
    }
  }
  return std::string();
}

Outcome<bool> is_known(Session& session, const std::string& name) {
  const Json reply = TRY(session.request({{"op", "contacts"}}));
  for (const auto& contact : reply.at("contacts")) {
    if (contact.value("name", "") == name && contact.value("has_key", false)) return true;
  }
  return false;
}

}  // namespace

Outcome<int> send(Context& context, const SendOptions& options) {
  const std::string text = TRY(text_to_send(context, options));
  auto session = TRY(open_session(context.home, Access::kShared, Serve::kNo));
  const bool to_group = !options.group.empty();
  const std::string& name = to_group ? options.group : options.name;
  const Json reply = TRY(session->request({{"op", to_group ? "group_send" : "send"},
                                           {to_group ? "group" : "to", name},
                                           {"data", to_base64(ports::linux_os::bytes_of(text))}}));
  const auto id = reply.at("id").get<std::uint64_t>();

  // A process that stays will see to it; only a name that may be wrong is
  // waited for, so that a slip of the finger is noticed.
  const bool known = to_group || TRY(is_known(*session, name));
  const bool leave = session->remote() && !options.wait && known;
  const std::string state = TRY(follow(*session, id, leave ? 0 : options.timeout_s, name));
  TRY(context.out.object({{"event", state}, {"id", id}, {to_group ? "group" : "to", name}}));
  if (state == "sent") {
    TRY(context.out.text("Sent to " + name + ".\n"));
    return kExitOk;
  }
  const std::string why = TRY(why_waiting(*session, id));
  if (session->remote()) {
    TRY(context.out.text("Queued for " + name + "; the running ginnel sends it.\n"));
    if (!why.empty()) context.out.note(why);
    return options.wait ? kExitTimeout : kExitOk;
  }
  TRY(context.out.text("Queued for " + name + ": safe on this device, not yet sent.\n"));
  if (!why.empty()) context.out.note(why);
  context.out.note(
      "It goes out with the next command that reaches the server; `ginnel daemon` keeps trying.");
  return kExitTimeout;
}

}  // namespace apps::ginnel
