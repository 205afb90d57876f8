// ginnel: end-to-end encrypted messages from a Linux device.
#include <sodium.h>
#include <CLI/CLI.hpp>

#include "apps/ginnel/commands.h"

namespace apps::ginnel {
namespace {

constexpr const char* kFooter = R"(
A first session:
  ginnel enroll GNL1-...          the operator gives you the invitation
  ginnel contacts                 who can be written to
  ginnel send bob "hello"
  ginnel listen                   prints what others send, until Ctrl-C
  ginnel verify bob               the number to compare with bob's

One process owns a home at a time. While `listen`, `chat` or `daemon` runs, the
other commands hand their work to it; without it they connect by themselves.

The home is --home, or $GINNEL_HOME, or ~/.local/share/ginnel.

Exit codes: 0 done; 1 internal error; 2 wrong arguments; 3 not enrolled;
4 server not reachable; 5 refused, or a key that is not trusted; 6 not done in
time; 7 the home cannot be read or written; 8 another ginnel has the home.
)";

struct Arguments {
  std::string home;
  bool json = false;
  bool yes = false, everything = false, clear_failed = false;
  std::string token, name;
  double timeout_s = 0;
  SendOptions send;
  ListenOptions listen;
  VerifyOptions verify;
  SendOptions group_send;
  GroupOptions group;
  TunnelOptions tunnel;
};

using Command = Outcome<int> (*)(Context&, const Arguments&);

void add_timeout(CLI::App* app, double& value, const char* text) {
  app->add_option("--timeout", value, text)->type_name("SECONDS")->check(CLI::Range(0.0, 1e9));
}

// `ginnel group ...`. Returns the option that is the text of `group send`.
const CLI::Option* add_groups(CLI::App& app, Arguments& given, Command& command) {
  using What = GroupOptions::What;
  auto* groups = app.add_subcommand("group", "Make, change, list groups, and write to them");
  groups->require_subcommand(1);
  const auto add = [&](const char* name, const char* text, Command what) {
    auto* made = groups->add_subcommand(name, text);
    made->callback([&command, what] { command = what; });
    return made;
  };
  const auto change = [&](const char* name, const char* text, What what) {
    auto* made = groups->add_subcommand(name, text);
    made->callback([&command, &given, what] {
      given.group.what = what;
      command = [](Context& c, const Arguments& a) { return change_group(c, a.group); };
    });
    made->add_option("group", given.group.group, "Its name, or its id")->required();
    add_timeout(made, given.group.timeout_s, "How long to wait for the server (10)");
    if (what == What::kLeave) return;
    made->add_option("member", given.group.members, "Names of contacts")
        ->required(what != What::kCreate);
  };
  change("create", "Make a group that this device owns", What::kCreate);
  change("add", "Add members; only the owner can", What::kAdd);
  change("remove", "Remove members; only the owner can", What::kRemove);
  change("leave", "Leave a group; one of this device's own ends", What::kLeave);
  add("list", "List the groups of this device",
      [](Context& c, const Arguments&) { return list_groups(c); });
  auto* send_app = add("send", "Send a message to a group",
                       [](Context& c, const Arguments& a) { return send(c, a.group_send); });
  send_app->add_option("group", given.group_send.group, "Its name, or its id")->required();
  auto* text = send_app->add_option("text", given.group_send.text, "The message");
  send_app->add_option("--file", given.group_send.file, "Send a file's bytes; - for standard input")
      ->type_name("F")
      ->excludes(text);
  send_app->add_flag("--wait", given.group_send.wait,
                     "Wait until the server has it even if another ginnel sends it");
  add_timeout(send_app, given.group_send.timeout_s, "How long to wait for the server (10)");
  return text;
}

void add_tunnel(CLI::App& app, Arguments& given, Command& command) {
  using What = TunnelOptions::What;
  auto* tunnels = app.add_subcommand("tunnel", "Reach a site that is inside a WireGuard tunnel");
  tunnels->require_subcommand(1);
  const auto add = [&](const char* name, const char* text, What what) {
    auto* made = tunnels->add_subcommand(name, text);
    made->callback([&command, &given, what] {
      given.tunnel.what = what;
      command = [](Context& c, const Arguments& a) { return tunnel(c, a.tunnel); };
    });
    return made;
  };
  add("config", "Print it as a file for wg-quick(8); holds secrets", What::kConfig);
  add("up", "Start it; needs root", What::kUp)
      ->add_option("--interface", given.tunnel.interface, "The interface's name")
      ->type_name("IF")
      ->capture_default_str();
  add("down", "Remove it; needs root", What::kDown);
  add("status", "Show how it is; exit code 4 if it is not up", What::kStatus);
}

int run(int argc, char** argv) {
  Arguments given;
  CLI::App app{"End-to-end encrypted messages between devices.", "ginnel"};
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", "ginnel " GINNEL_VERSION);
  app.add_option("--home", given.home, "Folder of the device")->type_name("DIR");
  app.add_flag("--json", given.json, "Print one JSON object a line");

  Command command = nullptr;
  const auto add = [&](const char* name, const char* text, Command what) {
    auto* made = app.add_subcommand(name, text);
    made->callback([&command, what] { command = what; });
    return made;
  };
  const auto timeout = [](CLI::App* command_app, double& value, double standard, const char* text) {
    value = standard;
    command_app->add_option("--timeout", value, text)
        ->type_name("SECONDS")
        ->check(CLI::Range(0.0, 1e9));
  };

  auto* enroll_app =
      add("enroll", "Make this device a member of a site", [](Context& c, const Arguments& a) {
        return enroll(c, a.token, a.timeout_s > 0 ? a.timeout_s : 20);
      });
  enroll_app->add_option("token", given.token, "The invitation, GNL1-...")->required();
  timeout(enroll_app, given.timeout_s, 0, "How long to wait for the server (20)");

  auto* send_app = add("send", "Send a message: TEXT, a file, or standard input",
                       [](Context& c, const Arguments& a) { return send(c, a.send); });
  send_app->add_option("name", given.send.name, "Who gets it")->required();
  auto* text = send_app->add_option("text", given.send.text, "The message");
  send_app->add_option("--file", given.send.file, "Send a file's bytes; - for standard input")
      ->type_name("F")
      ->excludes(text);
  send_app->add_flag("--wait", given.send.wait,
                     "Wait until the server has it even if another ginnel sends it");
  timeout(send_app, given.send.timeout_s, 10, "How long to wait for the server (10)");

  const auto* group_text = add_groups(app, given, command);
  add_tunnel(app, given, command);

  auto* listen_app = add("listen", "Print messages as they come",
                         [](Context& c, const Arguments& a) { return listen(c, a.listen); });
  listen_app->add_option("--count", given.listen.count, "Stop after so many messages");
  listen_app->add_option("--after", given.listen.after,
                         "Leave out messages up to this id: they were handled before");
  listen_app->add_flag("--raw", given.listen.raw, "Print the bytes of messages and nothing else");
  timeout(listen_app, given.listen.timeout_s, 0, "Stop after this time");

  auto* chat_app = add("chat", "Write and read with one contact, line by line",
                       [](Context& c, const Arguments& a) { return chat(c, a.name); });
  chat_app->add_option("name", given.name, "With whom")->required();

  auto* contacts_app =
      add("contacts", "List who can be written to", [](Context& c, const Arguments& a) {
        return contacts(c, a.timeout_s > 0 ? a.timeout_s : 5);
      });
  timeout(contacts_app, given.timeout_s, 0, "How long to wait for the server (5)");

  auto* verify_app = add("verify", "Show the safety number of a contact, to compare",
                         [](Context& c, const Arguments& a) { return verify(c, a.verify); });
  verify_app->add_option("name", given.verify.name, "Of whom")->required();
  verify_app->add_flag("--digits", given.verify.digits, "The digits only");
  verify_app->add_flag("--qr", given.verify.qr, "The QR code only");
  verify_app->add_flag("--mark", given.verify.mark, "The numbers are the same: mark as verified");
  verify_app
      ->add_option("--scanned", given.verify.scanned,
                   "What the other device shows: 60 digits, base64, or a picture of the QR code")
      ->type_name("CODE");
  verify_app->add_flag("--accept-new-key", given.verify.accept_new_key,
                       "Trust the key that the contact has now");

  auto* status_app = add("status", "Show how this device is", [](Context& c, const Arguments& a) {
    return status(c, a.timeout_s > 0 ? a.timeout_s : 3, a.clear_failed);
  });
  status_app->add_flag("--clear-failed", given.clear_failed,
                       "Forget messages that the server refused");
  timeout(status_app, given.timeout_s, 0, "How long to wait for the server (3)");

  auto* doctor_app = add(
      "doctor", "Check everything and say what to do",
      [](Context& c, const Arguments& a) { return doctor(c, a.timeout_s > 0 ? a.timeout_s : 10); });
  timeout(doctor_app, given.timeout_s, 0, "How long to wait for the server (10)");

  auto* reset_app =
      add("reset", "Start a new session with a contact, or erase the device",
          [](Context& c, const Arguments& a) -> Outcome<int> {
            if (a.everything != a.name.empty()) {
              return Problem{ProblemKind::kInput, "Name a contact, or say --everything.", {}};
            }
            return a.everything ? reset_everything(c, a.yes) : reset_session(c, a.name);
          });
  reset_app->add_option("name", given.name, "With whom");
  reset_app->add_flag("--everything", given.everything, "Erase keys, messages and settings");
  reset_app->add_flag("--yes", given.yes, "Really");

  add("daemon", "Stay connected and take messages in, without output",
      [](Context& c, const Arguments&) { return listen(c, {.silent = true}); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kExitOk : kExitUsage;
  }
  given.send.has_text = text->count() > 0;
  given.group_send.has_text = group_text->count() > 0;

  const Output out(given.json);
  auto home = ports::linux_os::Home::find(given.home);
  if (!home) return out.problem(home.error());
  Context context{*std::move(home), out};
  watch_signals();
  try {
    const auto code = command(context, given);
    return code ? *code : out.problem(code.error());
  } catch (const std::exception& error) {
    return out.problem(
        {ProblemKind::kInternal, std::string("Internal error: ") + error.what(), {}});
  }
}

}  // namespace
}  // namespace apps::ginnel

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;  // chooses the best code for this processor
  return apps::ginnel::run(argc, argv);
}
