// What a Service does for groups.
#include "apps/ginnel/service.h"
#include "apps/ginnel/text.h"
#include "core/messenger/group_messenger.h"

namespace apps::ginnel {
namespace {

namespace messenger = core::messenger;
using core::Error;
using messenger::GroupMessenger;
using messenger::MessageId;
using ports::linux_os::bytes_of;
using ports::linux_os::monotonic_now;
using ports::linux_os::text_of;
using ports::linux_os::wall_now;

Json problem(ProblemKind kind, std::string text, std::string advice = {}) {
  return to_json(Problem{kind, std::move(text), std::move(advice)});
}

std::string hex(const messenger::GroupId& id) {
  std::string out;
  for (const auto byte : id) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

const char* word(messenger::GroupState state) {
  return state == messenger::GroupState::kMember ? "member" : "left";
}

Json refusal(Error error, const std::string& what) {
  switch (error) {
    case Error::kNotFound:
      return problem(ProblemKind::kInput, "There is no contact of a name that was given.",
                     "`ginnel contacts` lists the names; a new device shows up there by itself.");
    case Error::kRefused:
      return problem(ProblemKind::kRefused, "Only its owner can change " + what + ".");
    case Error::kOutOfOrder:
      return problem(ProblemKind::kRefused, "Nobody but this device is in " + what + ".");
    case Error::kMalformed:
      return problem(ProblemKind::kInput, "This device is a member of its groups by itself.");
    case Error::kFull:
      return problem(ProblemKind::kStore, "There is no room: too many groups, members or messages.",
                     "See `ginnel group list` and `ginnel status`.");
    default:
      return problem(ProblemKind::kStore, "The store could not do that.", "Run `ginnel doctor`.");
  }
}

core::Result<std::vector<core::DeviceName>> names_in(const Json& list) {
  std::vector<core::DeviceName> names;
  for (const auto& name : list) {
    const auto parsed = core::DeviceName::parse(bytes_of(name.get_ref<const std::string&>()));
    if (!parsed) return Error::kNotFound;
    names.push_back(*parsed);
  }
  return names;
}

// The messages that the last call has put into the outbox.
Json put_since(messenger::Messenger& messenger, MessageId last) {
  Json ids = Json::array();
  while (const auto next = messenger.outbox_after(last)) {
    last = next->id;
    ids.push_back(last);
  }
  return ids;
}

MessageId last_in_outbox(messenger::Messenger& messenger) {
  MessageId last = 0;
  while (const auto next = messenger.outbox_after(last)) last = next->id;
  return last;
}

}  // namespace

Json Service::group_json(const messenger::Group& group) {
  GroupMessenger groups(device_.messenger());
  Json members = Json::array();
  if (group.state == messenger::GroupState::kMember) {
    members.push_back(text_of(device_.messenger().name()));
    for (std::size_t i = 0; const auto member = groups.member(group.id, i); ++i) {
      members.push_back(text_of(*member));
    }
  }
  return {{"id", hex(group.id)},        {"name", text_of(group.name.bytes())},
          {"state", word(group.state)}, {"owner", text_of(group.owner)},
          {"revision", group.revision}, {"members", members}};
}

Json Service::groups() {
  GroupMessenger groups(device_.messenger());
  Json list = Json::array();
  for (std::size_t i = 0; i < groups.count(); ++i) list.push_back(group_json(groups.at(i)));
  return {{"groups", list}};
}

// By its name or its id; a group that this device has left, by its id only.
std::vector<messenger::GroupId> Service::find_groups(const std::string& what) {
  GroupMessenger groups(device_.messenger());
  std::vector<messenger::GroupId> found;
  for (std::size_t i = 0; i < groups.count(); ++i) {
    const auto group = groups.at(i);
    if (hex(group.id) == what) return {group.id};
    if (group.state == messenger::GroupState::kMember && text_of(group.name.bytes()) == what) {
      found.push_back(group.id);
    }
  }
  return found;
}

Json Service::group(const std::string& operation, const Json& request) {
  auto& messenger = device_.messenger();
  GroupMessenger groups(messenger);
  const auto& what = request.at("group").get_ref<const std::string&>();
  const auto last = last_in_outbox(messenger);
  if (operation == "group_create") {
    const auto name = messenger::GroupName::parse(bytes_of(what));
    if (!name) {
      return problem(ProblemKind::kInput,
                     "A group's name is text of 1 to 64 bytes without control characters.");
    }
    if (!find_groups(what).empty()) {
      return problem(ProblemKind::kInput, "There is a group called " + what + " already.");
    }
    const auto members = names_in(request.at("members"));
    if (!members) return refusal(members.error(), what);
    const auto id = groups.create(*name, *members, monotonic_now(), wall_now());
    if (!id) return refusal(id.error(), what);
    return {{"group", group_json(*groups.find(*id))}, {"ids", put_since(messenger, last)}};
  }
  const auto found = find_groups(what);
  if (found.size() != 1) {
    return problem(
        ProblemKind::kInput,
        (found.empty() ? "There is no group called " : "There are several groups called ") +
            printable(what, "") + ".",
        "`ginnel group list` lists names and ids; both can be given.");
  }
  if (operation == "group_send") {
    const auto text = from_base64(request.at("data").get_ref<const std::string&>());
    if (!text || text->empty() || text->size() > messenger::kMaxPlaintext) {
      return problem(ProblemKind::kInput,
                     "A message has 1 to " + std::to_string(messenger::kMaxPlaintext) + " bytes.");
    }
    const auto id = groups.send(found[0], bytes_of(*text), monotonic_now(), wall_now());
    if (!id) return refusal(id.error(), what);
    return {{"id", *id}};
  }
  core::Status done;
  if (operation == "group_leave") {
    done = groups.leave(found[0], monotonic_now(), wall_now());
  } else {
    const auto add = names_in(request.at("add")), remove = names_in(request.at("remove"));
    if (!add || !remove) return refusal(Error::kNotFound, what);
    done = groups.change(found[0], *add, *remove, monotonic_now(), wall_now());
  }
  if (!done) return refusal(done.error(), what);
  return {{"group", group_json(*groups.find(found[0]))}, {"ids", put_since(messenger, last)}};
}

void Service::add_group(const messenger::InboxMessage& message, Json& event) {
  if (message.group == messenger::GroupId{}) return;
  const auto group = GroupMessenger(device_.messenger()).find(message.group);
  event["group"] = group ? text_of(group->name.bytes()) : "";
  event["group_id"] = hex(message.group);
  if (message.kind != messenger::InboxKind::kGroupChanged || !group) return;
  event["members"] = group_json(*group)["members"];
  event["owner"] = text_of(group->owner);
}

}  // namespace apps::ginnel
