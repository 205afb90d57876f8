#include "apps/ginnel/service.h"

#include <array>

#include "apps/ginnel/text.h"
#include "core/messenger/group_messenger.h"

namespace apps::ginnel {
namespace {

namespace messenger = core::messenger;
using core::Error;
using messenger::ContactState;
using messenger::MessageId;
using messenger::OutboxState;
using ports::linux_os::bytes_of;
using ports::linux_os::error_word;
using ports::linux_os::monotonic_now;
using ports::linux_os::text_of;
using ports::linux_os::wall_now;

Json problem(ProblemKind kind, std::string text, std::string advice = {}) {
  return to_json(Problem{kind, std::move(text), std::move(advice)});
}

Json store_problem(Error error) {
  return problem(ProblemKind::kStore,
                 std::string("The store could not do that: ") + error_word(error) + ".",
                 "Run `ginnel doctor`.");
}

Json unknown_contact(const std::string& name) {
  return problem(ProblemKind::kInput, "There is no contact called " + printable(name, "") + ".",
                 "`ginnel contacts` lists the names.");
}

const char* word(ContactState state) {
  switch (state) {
    case ContactState::kUnverified: return "unverified";
    case ContactState::kVerified: return "verified";
    case ContactState::kKeyChanged: return "key_changed";
  }
  return "unknown";
}

const char* word(ports::linux_os::Device::Link link) {
  switch (link) {
    case ports::linux_os::Device::Link::kOffline: return "offline";
    case ports::linux_os::Device::Link::kConnecting: return "connecting";
    case ports::linux_os::Device::Link::kOnline: return "online";
  }
  return "unknown";
}

const char* sentence(core::api::Code code) {
  using core::api::Code;
  switch (code) {
    case Code::kUnknownDevice: return "there is no such device";
    case Code::kRevoked: return "the device is revoked";
    case Code::kNoKeys: return "the device has not published its keys yet";
    case Code::kFull: return "the mailbox is full";
    case Code::kTooLarge: return "the message is too long for the server";
    case Code::kBusy: return "the server is busy";
    case Code::kKeyConflict: return "the keys are in conflict";
    case Code::kBadSignature: return "a signature does not verify";
    default: return "the server refused it";
  }
}

core::Result<core::DeviceName> name_in(const Json& request, const char* field) {
  return core::DeviceName::parse(bytes_of(request.at(field).get_ref<const std::string&>()));
}

Json done() { return Json::object(); }

}  // namespace

Json to_json(const Problem& problem) {
  return {
      {"problem",
       {{"kind", to_string(problem.kind)}, {"text", problem.text}, {"advice", problem.advice}}}};
}

Outcome<Json> problem_or(Json reply) {
  const auto found = reply.find("problem");
  if (found == reply.end()) return reply;
  Problem problem;
  try {
    const auto kind = ports::linux_os::problem_kind(found->at("kind").get<std::string>());
    if (kind) problem.kind = *kind;
    problem.text = found->at("text").get<std::string>();
    problem.advice = found->at("advice").get<std::string>();
  } catch (const Json::exception&) {
    problem = {ProblemKind::kInternal, "The other ginnel process said something unexpected.", {}};
  }
  return problem;
}

Json Service::handle(ClientId client, const Json& request) {
  try {
    return dispatch(client, request);
  } catch (const Json::exception&) {
    return problem(ProblemKind::kInput, "The request lacks something or is of a wrong type.");
  }
}

Json Service::dispatch(ClientId client, const Json& request) {
  const auto& operation = request.at("op").get_ref<const std::string&>();
  if (operation == "send") return send(request);
  if (operation == "contacts") return contacts();
  if (operation == "verify") return verify(request);
  if (operation == "compare") return compare(request);
  if (operation == "mark" || operation == "accept" || operation == "reset_session") {
    return change(operation, request);
  }
  if (operation == "groups") return groups();
  if (operation == "group_create" || operation == "group_change" || operation == "group_leave" ||
      operation == "group_send") {
    return group(operation, request);
  }
  if (operation == "listen") return listen(client, request);
  if (operation == "read") return read(client, request);
  if (operation == "status") return status();
  if (operation == "discard") return discard(request);
  if (operation == "check_store") {
    const auto checked = device_.check_store();
    return checked ? done() : to_json(checked.error());
  }
  if (operation == "watch") {
    clients_[client].watched.insert(request.at("id").get<MessageId>());
    report_outbox(clients_[client]);
    return done();
  }
  if (operation == "follow_link") {
    clients_[client].follows_link = true;
    report_link(clients_[client]);
    return done();
  }
  return problem(ProblemKind::kInput, "The request is not known.",
                 "Both ginnel processes must be of the same version: restart the older one.");
}

Json Service::send(const Json& request) {
  const auto& to_text = request.at("to").get_ref<const std::string&>();
  const auto to = name_in(request, "to");
  const auto text = from_base64(request.at("data").get_ref<const std::string&>());
  if (!to) return unknown_contact(to_text);
  if (!text) return problem(ProblemKind::kInput, "The message is not base64.");
  if (text->empty()) return problem(ProblemKind::kInput, "There is nothing to send.");
  if (text->size() > messenger::kMaxPlaintext) {
    return problem(ProblemKind::kInput,
                   "The message has " + std::to_string(text->size()) + " bytes; at most " +
                       std::to_string(messenger::kMaxPlaintext) + " fit into one.",
                   "Send it in parts.");
  }
  const auto contact = device_.messenger().contact(*to);
  if (contact && contact->state == ContactState::kKeyChanged) {
    return problem(ProblemKind::kRefused,
                   to_text + " has another identity key than before; nothing was sent.",
                   "Compare the numbers of `ginnel verify " + to_text + "` with " + to_text +
                       ", then run `ginnel verify " + to_text + " --accept-new-key`.");
  }
  const auto id = device_.messenger().send(*to, bytes_of(*text), monotonic_now(), wall_now());
  if (id) return {{"id", *id}};
  if (id.error() == Error::kMalformed) {
    return problem(ProblemKind::kInput, "A device cannot write to itself.");
  }
  if (id.error() == Error::kFull) {
    return problem(ProblemKind::kStore, "Too many messages wait to be sent.",
                   "Get the server reachable again, or see `ginnel status`.");
  }
  return store_problem(id.error());
}

Json Service::contacts() {
  Json list = Json::array();
  auto& messenger = device_.messenger();
  for (std::size_t i = 0; i < messenger.contact_count(); ++i) {
    const auto contact = messenger.contact_at(i);
    if (!contact) return store_problem(contact.error());
    list.push_back({{"name", text_of(contact->name)},
                    {"state", word(contact->state)},
                    {"has_key", contact->has_key}});
  }
  return {{"contacts", list}};
}

Json Service::verify(const Json& request) {
  const auto& text = request.at("name").get_ref<const std::string&>();
  const auto name = name_in(request, "name");
  if (!name) return unknown_contact(text);
  const auto contact = device_.messenger().contact(*name);
  if (!contact) return unknown_contact(text);
  const auto number = device_.messenger().safety_number(*name);
  if (!number) {
    return problem(ProblemKind::kInput, "The key of " + text + " is not known yet.",
                   "Send a message first, or try again when " + text + " has been enrolled.");
  }
  return {{"name", text},
          {"state", word(contact->state)},
          {"digits", text_of(number->digits)},
          {"scannable", to_base64(number->scannable)}};
}

Json Service::compare(const Json& request) {
  const auto& text = request.at("name").get_ref<const std::string&>();
  const auto name = name_in(request, "name");
  const auto scanned = from_base64(request.at("scanned").get_ref<const std::string&>());
  if (!name) return unknown_contact(text);
  if (!scanned) return problem(ProblemKind::kInput, "The scanned code is not base64.");
  const auto compared = device_.messenger().compare_safety_number(*name, bytes_of(*scanned));
  if (compared) return {{"same", true}};
  switch (compared.error()) {
    case Error::kUntrusted: return {{"same", false}};
    case Error::kMalformed: return problem(ProblemKind::kInput, "This is not a safety number.");
    case Error::kBadVersion:
      return problem(ProblemKind::kInput, "This safety number is of another version.");
    case Error::kNotFound: return unknown_contact(text);
    default: return store_problem(compared.error());
  }
}

Json Service::change(const std::string& operation, const Json& request) {
  const auto& text = request.at("name").get_ref<const std::string&>();
  const auto name = name_in(request, "name");
  if (!name) return unknown_contact(text);
  core::Status status;
  if (operation == "mark") {
    status = device_.messenger().mark_verified(*name);
  } else if (operation == "accept") {
    status = device_.messenger().accept_new_key(*name, monotonic_now());
  } else {
    status = device_.messenger().reset_session(*name);
  }
  if (status) return done();
  switch (status.error()) {
    case Error::kNotFound: return unknown_contact(text);
    case Error::kUntrusted:
      return problem(ProblemKind::kRefused, text + " has another identity key than before.",
                     "Run `ginnel verify " + text + " --accept-new-key` once you know why.");
    case Error::kOutOfOrder:
      return problem(ProblemKind::kInput, "There is no new key of " + text + " to accept.");
    default: return store_problem(status.error());
  }
}

bool Service::claimed(const core::DeviceName& from, const Client& by) const {
  for (const auto& [id, other] : clients_) {
    if (&other != &by && other.listening && other.only == from) return true;
  }
  return false;
}

Json Service::listen(ClientId client_id, const Json& request) {
  core::DeviceName only;
  if (const auto& text = request.at("from").get_ref<const std::string&>(); !text.empty()) {
    const auto name = name_in(request, "from");
    if (!name) return unknown_contact(text);
    only = *name;
  }
  for (const auto& [id, other] : clients_) {
    if (id != client_id && other.listening && other.only == only) {
      return problem(ProblemKind::kBusy, "Another command listens to the same messages already.",
                     "Stop it first.");
    }
  }
  // What the caller has had before is not shown again.
  const auto had = request.at("after").get<MessageId>();
  for (MessageId after = 0; had != 0;) {
    const auto message = device_.messenger().next_unread(after, buffer_);
    if (!message || message->id > had) break;
    after = message->id;
    if (!only.empty() && !(message->from == only)) continue;
    const auto marked = device_.messenger().mark_read(message->id, monotonic_now());
    if (!marked) return store_problem(marked.error());
  }
  Client& client = clients_[client_id];
  client.listening = true;
  client.only = only;
  client.after = 0;
  show_next(client);
  return done();
}

void Service::show_next(Client& client) {
  while (client.listening && client.shown == 0) {
    const auto message = device_.messenger().next_unread(client.after, buffer_);
    if (!message) return;
    client.after = message->id;
    const bool ours =
        client.only.empty() ? !claimed(message->from, client) : message->from == client.only;
    if (!ours) continue;
    static constexpr std::array<const char*, 7> kEvents = {
        "message",       "unreadable", "key_changed", "unsupported",
        "group_changed", "not_read",   "put_back"};
    client.shown = message->id;
    Json event{{"event", kEvents[static_cast<std::size_t>(message->kind)]},
               {"id", message->id},
               {"from", text_of(message->from)},
               {"data", to_base64(message->text)},
               {"stored_at_ms", message->stored_at.ms},
               {"received_at_ms", message->received_at.ms}};
    add_group(*message, event);
    client.events.push_back(std::move(event));
  }
}

Json Service::read(ClientId client_id, const Json& request) {
  Client& client = clients_[client_id];
  const auto id = request.at("id").get<MessageId>();
  if (client.shown != id || id == 0) return problem(ProblemKind::kInput, "Not shown to you.");
  client.shown = 0;
  const auto marked = device_.messenger().mark_read(id, monotonic_now());
  if (!marked && marked.error() != Error::kNotFound) return store_problem(marked.error());
  show_next(client);
  return done();
}

std::optional<Json> Service::outbox_state(MessageId id) {
  const auto state = device_.messenger().state_of(id);
  if (!state) return Json{{"event", "failed"}, {"id", id}, {"reason", "there is no such message"}};
  if (*state == OutboxState::kSent) return Json{{"event", "sent"}, {"id", id}};
  if (*state != OutboxState::kFailed) return std::nullopt;
  const auto message = device_.messenger().outbox_after(id - 1);
  const char* reason = message ? sentence(message->reason) : "the server refused it";
  return Json{{"event", "failed"}, {"id", id}, {"reason", reason}};
}

void Service::report_outbox(Client& client) {
  for (auto id = client.watched.begin(); id != client.watched.end();) {
    auto state = outbox_state(*id);
    if (!state) {
      ++id;
      continue;
    }
    // The one who waits for it is told: it need not wait to be discarded.
    if ((*state)["event"] == "failed") (void)device_.messenger().discard(*id);
    client.events.push_back(std::move(*state));
    id = client.watched.erase(id);
  }
}

void Service::report_link(Client& client) {
  if (!client.follows_link) return;
  const auto& why = device_.link_problem();
  const std::string text = std::string(word(device_.link())) + (why ? why->text : "");
  if (text == client.link_text) return;
  client.link_text = text;
  Json event{{"event", "connection"}, {"state", word(device_.link())}};
  if (why) event.update(to_json(*why));
  client.events.push_back(std::move(event));
}

Json Service::status() {
  auto& messenger = device_.messenger();
  const auto info = messenger.info();
  Json waiting = Json::array();
  for (MessageId after = 0;;) {
    const auto message = messenger.outbox_after(after);
    if (!message) break;
    after = message->id;
    Json entry{{"id", message->id},
               {"to", text_of(message->to)},
               {"state", message->state == OutboxState::kFailed ? "failed" : "queued"}};
    if (message->kind == messenger::OutboxKind::kGroup) {
      const auto group = messenger::GroupMessenger(device_.messenger()).find(message->group);
      entry["group"] = group ? text_of(group->name.bytes()) : "";
      entry["members_left"] = message->pending;
    }
    if (message->reason != core::api::Code::kOk) entry["reason"] = sentence(message->reason);
    waiting.push_back(std::move(entry));
  }
  Json status{{"name", text_of(messenger.name())},
              {"link", word(device_.link())},
              {"revoked", info.revoked},
              {"contacts", info.contacts},
              {"queued", info.queued},
              {"failed", info.failed},
              {"unread", info.unread},
              {"outbox", waiting},
              {"broker", device_.settings().broker_host + ":" +
                             std::to_string(device_.settings().broker_port)},
              {"put_backs", info.put_backs},
              {"put_back_at_ms", info.put_back_at.ms},
              {"lost_mails", info.lost_mails},
              {"healing", info.healing},
              {"signed_pre_key_made_ms", info.signed_pre_key_made.ms},
              {"server_known", info.server_known}};
  if (info.server_known) {
    const bool keys_match = info.signed_pre_key_id != 0 &&
                            info.server_signed_pre_key_id == info.signed_pre_key_id &&
                            info.server_last_resort_id == info.last_resort_id;
    status["server"] = {{"one_time_keys", info.server_one_time},
                        {"one_time_kem_keys", info.server_one_time_kem},
                        {"keys_match", keys_match},
                        {"mailbox", info.mailbox_count},
                        {"clock_ahead_ms", info.server_time_local.ms - info.server_time.ms}};
  }
  if (const auto& why = device_.link_problem()) status["link_problem"] = to_json(*why)["problem"];
  if (device_.link() == ports::linux_os::Device::Link::kOnline) status["cipher"] = device_.cipher();
  return status;
}

Json Service::discard(const Json& request) {
  const auto discarded = device_.messenger().discard(request.at("id").get<MessageId>());
  if (discarded) return done();
  return problem(ProblemKind::kInput, "There is no failed message of that number.");
}

void Service::step() {
  for (auto& [id, client] : clients_) {
    show_next(client);
    report_outbox(client);
    report_link(client);
  }
}

std::optional<Json> Service::next_event(ClientId client_id) {
  const auto found = clients_.find(client_id);
  if (found == clients_.end() || found->second.events.empty()) return std::nullopt;
  Json event = std::move(found->second.events.front());
  found->second.events.pop_front();
  return event;
}

void Service::forget(ClientId client_id) {
  clients_.erase(client_id);
  // What it had claimed is free for those who remain.
  for (auto& [id, client] : clients_) client.after = client.shown;
}

}  // namespace apps::ginnel
