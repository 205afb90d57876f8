// The commands of ginnel. Each returns its exit code or a problem.
#ifndef APPS_GINNEL_COMMANDS_H_
#define APPS_GINNEL_COMMANDS_H_

#include <functional>

#include "apps/ginnel/output.h"
#include "apps/ginnel/session.h"

namespace apps::ginnel {

// What is given before or with any command.
struct Context {
  ports::linux_os::Home home;
  Output out;
};

Outcome<int> enroll(Context& context, const std::string& token, double timeout_s);

struct SendOptions {
  std::string name;   // of a contact
  std::string group;  // or the name or id of a group
  std::string text;
  bool has_text = false;
  std::string file;  // empty: none; "-": standard input
  bool wait = false;
  double timeout_s = 10;
};
Outcome<int> send(Context& context, const SendOptions& options);

struct ListenOptions {
  std::uint64_t count = 0;  // 0: no limit
  double timeout_s = 0;     // 0: none
  std::uint64_t after = 0;
  bool raw = false;
  bool silent = false;  // the daemon: nothing is taken out of the inbox
};
Outcome<int> listen(Context& context, const ListenOptions& options);

Outcome<int> chat(Context& context, const std::string& name);

struct GroupOptions {
  enum class What : std::uint8_t { kCreate, kAdd, kRemove, kLeave };
  What what{};
  std::string group;  // name or id
  std::vector<std::string> members;
  double timeout_s = 10;
};
Outcome<int> change_group(Context& context, const GroupOptions& options);
Outcome<int> list_groups(Context& context);

Outcome<int> contacts(Context& context, double timeout_s);

struct VerifyOptions {
  std::string name;
  bool digits = false;
  bool qr = false;
  bool mark = false;
  bool accept_new_key = false;
  std::string scanned;  // off the other device, see read_scanned(); empty: nothing
  double timeout_s = 5;
};
Outcome<int> verify(Context& context, const VerifyOptions& options);

Outcome<int> status(Context& context, double timeout_s, bool clear_failed);
Outcome<int> doctor(Context& context, double timeout_s);

struct TunnelOptions {
  enum class What : std::uint8_t { kConfig, kUp, kDown, kStatus };
  What what{};
  std::string interface = "ginnel0";
};
Outcome<int> tunnel(Context& context, const TunnelOptions& options);

Outcome<int> reset_session(Context& context, const std::string& name);
Outcome<int> reset_everything(Context& context, bool yes);

// ---- for several of them ------------------------------------------------------

// Works until `ready` says so or `timeout_s` is over; true if it was ready.
Outcome<bool> wait_until(Session& session, double timeout_s,
                         const std::function<Outcome<bool>()>& ready);

// Waits until the server has answered; false if it has not in time.
Outcome<bool> wait_online(Session& session, double timeout_s);

// One event of a `listen` request, as printed with and without --json.
nlohmann::ordered_json message_object(const Json& event, const std::string& text);
std::string message_line(const Json& event, const std::string& text);

}  // namespace apps::ginnel
#endif  // APPS_GINNEL_COMMANDS_H_
