// Commands about groups, but for `group send`, which is in send.cc.
#include "apps/ginnel/commands.h"
#include "apps/ginnel/text.h"

namespace apps::ginnel {
namespace {

std::string joined(const Json& names) {
  std::string out;
  for (const auto& name : names) {
    out += (out.empty() ? "" : ", ") + printable(name.get<std::string>(), "");
  }
  return out;
}

nlohmann::ordered_json group_object(const Json& group) {
  return {{"event", "group"},
          {"id", group.value("id", "")},
          {"name", group.value("name", "")},
          {"state", group.value("state", "")},
          {"owner", group.value("owner", "")},
          {"members", group.value("members", Json::array())}};
}

std::string group_line(const Json& group) {
  const std::string name = printable(group.value("name", ""), "");
  std::string line = name + std::string(name.size() < 20 ? 20 - name.size() : 0, ' ') + "  ";
  if (group.value("state", "") == "left") return line + "left  " + group.value("id", "") + "\n";
  return line + joined(group.value("members", Json::array())) + "  (of " +
         printable(group.value("owner", ""), "") + ")\n";
}

// True once the server has all of these.
Outcome<bool> delivered(Session& session, const Json& ids, double timeout_s) {
  std::size_t waiting = ids.size();
  for (const auto& id : ids) TRY(session.request({{"op", "watch"}, {"id", id}}));
  return wait_until(session, timeout_s, [&]() -> Outcome<bool> {
    while (auto event = TRY(session.next_event())) {
      const std::string kind = event->value("event", "");
      if (waiting > 0 && (kind == "sent" || kind == "failed")) --waiting;
    }
    return waiting == 0;
  });
}

}  // namespace

Outcome<int> change_group(Context& context, const GroupOptions& options) {
  auto session = TRY(open_session(context.home, Access::kShared, Serve::kNo));
  Json request{{"group", options.group}};
  switch (options.what) {
    case GroupOptions::What::kCreate:
      request["op"] = "group_create";
      request["members"] = options.members;
      break;
    case GroupOptions::What::kAdd:
    case GroupOptions::What::kRemove: {
      const bool add = options.what == GroupOptions::What::kAdd;
      request["op"] = "group_change";
      request["add"] = add ? Json(options.members) : Json::array();
      request["remove"] = add ? Json::array() : Json(options.members);
      break;
    }
    case GroupOptions::What::kLeave: request["op"] = "group_leave"; break;
  }
  // A name that is not known may be that of a device the server has yet to tell.
  auto reply = session->request(request);
  if (!reply && reply.error().kind == ProblemKind::kInput && !options.members.empty()) {
    TRY(wait_online(*session, options.timeout_s));
    TRY(wait_until(*session, 2, [&]() -> Outcome<bool> {
      reply = session->request(request);
      return reply.ok() || reply.error().kind != ProblemKind::kInput;
    }));
  }
  if (!reply) return reply.error();
  const Json group = reply->at("group");
  const bool done = TRY(delivered(*session, reply->at("ids"), options.timeout_s));
  TRY(context.out.object(group_object(group)));
  TRY(context.out.text(group_line(group)));
  if (done || session->remote()) return kExitOk;
  context.out.note(
      "Not all members have been told yet: that goes out with the next command that "
      "reaches the server.");
  return kExitTimeout;
}

Outcome<int> list_groups(Context& context) {
  auto session = TRY(open_session(context.home, Access::kShared, Serve::kNo));
  const Json reply = TRY(session->request({{"op", "groups"}}));
  for (const auto& group : reply.at("groups")) {
    TRY(context.out.object(group_object(group)));
    TRY(context.out.text(group_line(group)));
  }
  if (reply.at("groups").empty()) context.out.note("This device is in no group.");
  return kExitOk;
}

}  // namespace apps::ginnel
