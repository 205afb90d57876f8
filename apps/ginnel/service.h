// What one device does for the commands, in requests, replies and events: the
// same whether a command has the device in its own process or asks the one
// that owns the home. Spec: docs/spec/local-socket.md.
#ifndef APPS_GINNEL_SERVICE_H_
#define APPS_GINNEL_SERVICE_H_

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "ports/linux/device.h"

namespace apps::ginnel {

using Json = nlohmann::json;
using ports::linux_os::Outcome;
using ports::linux_os::Problem;
using ports::linux_os::ProblemKind;

// {"problem": {"kind", "text", "advice"}} and back; every reply that is not
// one is a success.
Json to_json(const Problem& problem);
Outcome<Json> problem_or(Json reply);

class Service {
 public:
  using ClientId = int;
  // The device outlives the service.
  explicit Service(ports::linux_os::Device& device) : device_(device) {}

  // Carries one request out and returns its reply. Never throws: what a
  // request lacks is a problem of kind kInput.
  Json handle(ClientId client, const Json& request);
  // Looks at what has happened since; to be called after each step().
  void step();
  // The next event for a client.
  std::optional<Json> next_event(ClientId client);
  // The client is gone: what it was shown and has not confirmed goes to the
  // next one.
  void forget(ClientId client);

 private:
  struct Client {
    bool listening = false;
    bool follows_link = false;
    core::DeviceName only;                 // listen to this one; empty: all
    core::messenger::MessageId shown = 0;  // given out and not confirmed
    core::messenger::MessageId after = 0;
    std::set<core::messenger::MessageId> watched;  // in the outbox
    std::string link_text;                         // last told
    std::deque<Json> events;
  };

  Json dispatch(ClientId client, const Json& request);
  Json send(const Json& request);
  Json contacts();
  Json verify(const Json& request);
  Json compare(const Json& request);
  Json change(const std::string& operation, const Json& request);
  Json listen(ClientId client, const Json& request);
  Json read(ClientId client, const Json& request);
  Json status();
  Json discard(const Json& request);
  // group_service.cc
  Json groups();
  Json group(const std::string& operation, const Json& request);
  Json group_json(const core::messenger::Group& group);
  std::vector<core::messenger::GroupId> find_groups(const std::string& what);
  void add_group(const core::messenger::InboxMessage& message, Json& event);

  void show_next(Client& client);
  void report_outbox(Client& client);
  void report_link(Client& client);
  bool claimed(const core::DeviceName& from, const Client& by) const;
  std::optional<Json> outbox_state(core::messenger::MessageId id);

  ports::linux_os::Device& device_;
  std::map<ClientId, Client> clients_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(core::messenger::kMaxPlaintext);
};

}  // namespace apps::ginnel
#endif  // APPS_GINNEL_SERVICE_H_
