// Commands about contacts: who there is, whether it is them, a fresh start.
#include <unistd.h>

#include "apps/ginnel/commands.h"
#include "apps/ginnel/scanned_code.h"
#include "apps/ginnel/text.h"

namespace apps::ginnel {
namespace {

using ports::linux_os::bytes_of;

const char* state_text(const std::string& state) {
  if (state == "verified") return "verified";
  if (state == "key_changed") return "KEY CHANGED: nothing is sent until you accept the new key";
  return "not verified";
}

Problem differs(const std::string& name) {
  return {ProblemKind::kRefused, "The safety numbers DIFFER: this is not " + name + "'s code.",
          "Make sure that it is " + name +
              "'s device and that it shows this device's name. If so, "
              "somebody may be in between: do not send."};
}

// Compares what was scanned off the contact's device with what we have.
Outcome<int> compare(Session& session, const VerifyOptions& options, const std::string& digits) {
  const auto scanned = TRY(read_scanned(options.scanned));
  if (const auto* theirs = std::get_if<ScannedDigits>(&scanned)) {
    if (theirs->digits != digits) return differs(options.name);
    return kExitOk;
  }
  const Json reply = TRY(
      session.request({{"op", "compare"},
                       {"name", options.name},
                       {"scanned", to_base64(bytes_of(std::get<ScannedBytes>(scanned).bytes))}}));
  if (!reply.value("same", false)) return differs(options.name);
  return kExitOk;
}

}  // namespace

Outcome<int> contacts(Context& context, double timeout_s) {
  auto session = TRY(open_session(context.home, Access::kShared, Serve::kNo));
  // The list comes from the server; without it, the one we have is shown.
  const bool fresh = TRY(wait_online(*session, timeout_s));
  if (fresh && !session->remote()) session->wait(ports::linux_os::monotonic_now() + 200, -1);
  const Json reply = TRY(session->request({{"op", "contacts"}}));
  for (const auto& contact : reply.at("contacts")) {
    const std::string name = contact.value("name", ""), state = contact.value("state", "");
    TRY(context.out.object({{"event", "contact"},
                            {"name", name},
                            {"state", state},
                            {"has_key", contact.value("has_key", false)}}));
    TRY(context.out.text(name + std::string(name.size() < 20 ? 20 - name.size() : 0, ' ') + "  " +
                         state_text(state) + "\n"));
  }
  if (reply.at("contacts").empty()) context.out.note("There are no contacts yet.");
  if (!fresh) context.out.note("The server did not answer: this is the list as last known.");
  return kExitOk;
}

Outcome<int> verify(Context& context, const VerifyOptions& options) {
  auto session = TRY(open_session(context.home, Access::kShared, Serve::kNo));
  const std::string& name = options.name;
  if (options.accept_new_key) {
    TRY(session->request({{"op", "accept"}, {"name", name}}));
    context.out.note("The new key of " + name + " is accepted. Compare the number below with " +
                     name + "'s; it is not verified yet.");
  }
  // A contact that is new to us is asked for.
  const Json ask{{"op", "verify"}, {"name", name}};
  if (const auto known = session->request(ask); !known) {
    if (known.error().kind != ProblemKind::kInput) return known.error();
    TRY(wait_until(*session, options.timeout_s,
                   [&]() -> Outcome<bool> { return session->request(ask).ok(); }));
  }
  Json reply = TRY(session->request(ask));
  if (!options.scanned.empty()) TRY(compare(*session, options, reply.value("digits", "")));
  if (options.mark || !options.scanned.empty()) {
    TRY(session->request({{"op", "mark"}, {"name", name}}));
    reply["state"] = "verified";
  }
  const std::string digits = reply.value("digits", ""), state = reply.value("state", "");
  const auto scannable = from_base64(reply.value("scannable", ""));
  TRY(context.out.object({{"event", "safety_number"},
                          {"name", name},
                          {"safety_number", digit_groups(digits, " ")},
                          {"scannable", reply.value("scannable", "")},
                          {"state", state}}));
  const bool both = options.digits == options.qr && options.scanned.empty();
  std::string text;
  if (options.qr || both) {
    const std::string code = scannable ? qr_code(bytes_of(*scannable)) : "";
    text += code.empty() ? "" : code + "\n";
  }
  if (options.digits || both) {
    text += "Safety number of this device and " + name + ":\n\n    " +
            digit_groups(digits, "\n    ") + "\n\n";
  }
  text += name + " is " + state_text(state) + ".\n";
  TRY(context.out.text(text));
  if (state == "unverified") {
    context.out.note("Compare it with what `ginnel verify` shows on " + name +
                     "'s device, by phone or side by side.\nIf both are the same: ginnel verify " +
                     name + " --mark\nOr scan its code: ginnel verify " + name +
                     " --scanned PICTURE");
  }
  return state == "key_changed" ? kExitRefused : kExitOk;
}

Outcome<int> reset_session(Context& context, const std::string& name) {
  auto session = TRY(open_session(context.home, Access::kShared, Serve::kNo));
  TRY(session->request({{"op", "reset_session"}, {"name", name}}));
  TRY(context.out.object({{"event", "reset"}, {"name", name}}));
  TRY(context.out.text("The next message to " + name + " starts a new session.\n"));
  return kExitOk;
}

Outcome<int> reset_everything(Context& context, bool yes) {
  if (!yes) {
    return Problem{ProblemKind::kInput,
                   "This would erase the device in " + context.home.path() +
                       " with its keys and messages, for good.",
                   "If that is what you want, add --yes."};
  }
  if (::access(context.home.path().c_str(), F_OK) != 0) return context.home.load().error();
  const auto lock = TRY(wait_for_lock(context.home, 2000));
  TRY(context.home.erase());
  TRY(context.out.object({{"event", "erased"}, {"home", context.home.path()}}));
  TRY(context.out.text("The device is erased.\n"));
  context.out.note("The server still lists it: ask the operator to revoke it.");
  return kExitOk;
}

}  // namespace apps::ginnel
