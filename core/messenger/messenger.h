// One device's messaging: end-to-end encrypted messages to and from other
// devices through the directory-and-mailbox server, with all state in a
// transactional Store. It knows no MQTT, no socket and no clock: poll() says
// what to publish, receive() takes what arrived.
//
// What a call has reported as done is on disk. Whatever happens in between, a
// power cut included, no message is lost, shown twice or put out of order.
//
// Not thread-safe. Errors of all calls that touch the store: kStore; no effect then.
// Spec: docs/spec/device-store.md, [API].
#ifndef CORE_MESSENGER_MESSENGER_H_
#define CORE_MESSENGER_MESSENGER_H_

#include <optional>

#include "core/api/topic.h"
#include "core/e2e/fingerprint.h"
#include "core/messenger/contacts.h"
#include "core/messenger/events.h"
#include "core/messenger/groups.h"
#include "core/messenger/healing.h"
#include "core/messenger/inbox.h"
#include "core/messenger/outbox.h"
#include "core/messenger/prekeys.h"
#include "core/messenger/requests.h"
#include "core/messenger/sessions.h"

namespace core::messenger {

// 250 kB on Linux and a Workspace of 840 kB; less in other profiles:
// docs/profiles.md. For groups see core/messenger/group_messenger.h.
class Messenger {
 public:
  // All three outlive the messenger and are used by nobody else meanwhile.
  Messenger(Store& store, Rng& rng, Workspace& work);
  Messenger(const Messenger&) = delete;
  Messenger& operator=(const Messenger&) = delete;

  // Writes the state of a new device into an empty store.
  // Errors: kOutOfOrder if the store holds a device already; kMalformed.
  static Status create(Store& store, const NewDevice& device);
  // Loads the state. To be called once, before anything else. Errors: kNotFound
  // (no device in the store), kBadVersion, kMalformed, kStore.
  Status open(Instant now);

  const DeviceName& name() const { return name_; }
  View<33> identity_key() const { return identity_.public_key(); }
  std::uint32_t registration_id() const { return registration_id_; }
  const Secret<32>& identity_private_key() const { return identity_.private_key(); }

  // ---- contacts ----------------------------------------------------------
  // Takes a contact's key from a trusted list (enrolment); if another is known
  // the contact becomes kKeyChanged. Errors: kFull, kMalformed.
  Status add_contact(const DeviceName& name, View<33> identity_key, Instant now);
  std::size_t contact_count() const { return contacts_.count(); }
  // REQUIRES: index < contact_count().
  Result<Contact> contact_at(std::size_t index) const;
  // Errors: kNotFound.
  Result<Contact> contact(const DeviceName& name) const;
  // Slow: some 10 ms on a PC, seconds on a microcontroller. Errors: kNotFound (or no key yet).
  Result<SafetyNumber> safety_number(const DeviceName& name) const;
  // Compares it with the bytes of the QR code on the contact's device. As slow.
  // Errors: kNotFound; kMalformed, kBadVersion: no such code; kUntrusted: they differ.
  Status compare_safety_number(const DeviceName& name, Bytes scanned) const;
  // The user has compared it. Errors: kNotFound; kUntrusted: accept_new_key() comes first.
  Status mark_verified(const DeviceName& name);
  // Trusts the key that turned up: sessions under the old one go, what waits is
  // encrypted anew. Errors: kNotFound; kOutOfOrder (no new key); kRng.
  Status accept_new_key(const DeviceName& name, Instant now);
  // The next message starts a new session. Errors: kNotFound.
  Status reset_session(const DeviceName& name);

  // ---- messages to others --------------------------------------------------
  // Puts a message of at most kMaxPlaintext bytes into the outbox. `to` need not be a contact yet.
  // Messages to one device arrive in the order of the calls. Errors: kMalformed (to ourselves, or
  // empty name); kFull (the text is too long, or no room in the outbox or for contacts); kRng.
  Result<MessageId> send(const DeviceName& to, Bytes text, Instant now, WallTime wall);
  // The first message in the outbox with an id above `after`. Errors: kNotFound.
  Result<OutboxMessage> outbox_after(MessageId after) const;
  // Errors: kNotFound (never given out).
  Result<OutboxState> state_of(MessageId id) const;
  // Forgets a failed message. Errors: kNotFound; kOutOfOrder if it has not failed.
  Status discard(MessageId id);

  // ---- messages from others ------------------------------------------------
  // Reads the first unread message with an id above `after` (0: the oldest) into `buffer`, of
  // kMaxPlaintext bytes. Unread until mark_read(). Errors: kNotFound (there is none); kFull.
  Result<InboxMessage> next_unread(MessageId after, MutBytes buffer);
  // It has been shown or handed on: forgets it, on disk. Errors: kNotFound (none, or marked
  // before).
  Status mark_read(MessageId id, Instant now);

  // ---- certificate ---------------------------------------------------------
  // Asks for a new certificate (CSR: DER, at most kMaxCsr bytes) until it is answered by
  // kCertificate or kRefused, over restarts too. Errors: kFull.
  Status renew(Bytes csr, Instant now);
  // The certificate that came (DER). Errors: kNotFound, kFull.
  Result<std::size_t> certificate(MutBytes out);
  Status certificate_taken();  // it is in use: forgets it

  // ---- the link --------------------------------------------------------------
  // A connection is up and subscribed, or is gone.
  void connected(Instant now);
  void disconnected();
  // A payload on one of our `down` topics. Errors: kMalformed; kStore, kRng: it comes again.
  Status receive(api::Down topic, Bytes payload, Instant now, WallTime wall);
  // Does one bounded piece of work, or yields one request to publish now. Call
  // it until it yields nothing and next_deadline() is later than `now`. `wall`: 0
  // if not known; then no key is rotated by age. Errors: kStore, kRng: again in a second.
  Result<std::optional<Outgoing>> poll(Instant now, WallTime wall);
  // When to call poll() next. Early calls do nothing.
  Instant next_deadline() const;
  bool awaits_answer() const { return requests_.next(Requests::Which::kAll) != kNever; }
  std::optional<Event> next_event() { return events_.next(); }
  const Counters& counters() const { return counters_; }
  Info info();

 private:
  friend class GroupMessenger;
  class Transaction;
  class Healer;
  // messenger.cc: state and contacts
  Status load();
  Result<e2e::Fingerprint> fingerprint(const DeviceName& name) const;
  Status ready() { return stale_ ? load() : Status(); }
  template <class T>
  T noted(T result);
  Status save_state() { return put_record(store_, RecordKey(Kind::kState), state_); }
  Result<std::size_t> find_or_add(const DeviceName& name);
  Status note_key_change(std::size_t contact, WallTime wall);
  void wake(Instant now) { work_at_ = std::min(work_at_, now); }
  // messenger_send.cc: the way out
  Result<MessageId> try_send(const DeviceName& to, Bytes text, Instant now, WallTime wall);
  bool may_send_to(std::size_t contact) const;
  bool may_encrypt(std::size_t index) const;
  Result<bool> encrypt_some(WallTime wall);
  Result<bool> encrypt_one(std::size_t index, WallTime wall);
  Status fail_queued(std::size_t contact, api::Code reason);
  bool plan_send(Instant now);
  Result<std::size_t> write_send();
  Status add_to_request(api::MailsWriter& out, std::size_t index, std::uint64_t positions);
  Status on_send(api::Code code, Bytes body, Instant now);
  Status on_taken(std::size_t index, std::uint64_t position, api::Code code, Instant now);
  std::optional<std::size_t> wants_bundle(Instant now) const;
  Status on_bundle(api::Code code, Bytes body, Instant now, WallTime wall);
  Status start_session(std::size_t slot, const api::BundleResponseView& view, WallTime wall);
  // messenger_receive.cc: the way in
  Status on_mail(Bytes payload, Instant now, WallTime wall);
  Result<bool> take_mails(Bytes payload, WallTime wall);
  Status take_mail(const api::MailView& mail, WallTime wall);
  Result<std::size_t> decrypt(const api::MailView& mail, std::optional<std::size_t> slot);
  Result<std::size_t> decrypt_first(const api::MailView& mail, std::size_t slot);
  Status put_in_inbox(InboxKind kind, const api::MailView& mail, Bytes text, WallTime wall,
                      const GroupId& group = {});
  std::uint32_t window() const;
  // messenger_requests.cc: requests and answers
  Result<std::optional<Outgoing>> step(Instant now, WallTime wall);
  Status start_requests(Instant now);
  Result<bool> upkeep(Instant now, WallTime wall);
  Result<Outgoing> emit(api::Method method, Instant now);
  Result<std::size_t> write_body(api::Method method);
  Instant idle_until(Instant now);
  Status on_reply(Bytes payload, Instant now, WallTime wall);
  Status on_answer(api::Method method, const api::ResponseView& answer, Instant now, WallTime wall);
  Status on_publish(api::Code code, Bytes body, Instant now);
  Status on_status(api::Code code, Bytes body, Instant now, WallTime wall);
  Status on_contacts(api::Code code, Bytes body, Instant now, WallTime wall);
  Status on_renew(api::Code code, Bytes body, Instant now);
  Status on_notice(Bytes payload, Instant now);
  void refused(api::Method method, api::Code code, Instant now);
  Status set_revoked(bool revoked);
  Store& store_;
  Rng& rng_;
  Workspace& work_;
  DeviceName name_, contacts_after_;
  e2e::OurIdentity identity_;
  std::uint32_t registration_id_ = 0;
  StateRecord state_;
  Contacts contacts_;
  Outbox outbox_;
  Inbox inbox_;
  Sessions sessions_;
  Groups groups_;
  PreKeys prekeys_;
  Healing healing_;
  bool csr_waits_ = false, connected_ = false, stale_ = false;  // stale: to be loaded again
  Requests requests_;
  std::array<Outbox::InRequest, std::min(api::kMaxMailsPerRequest, kMaxOutbox)> in_request_{};
  std::size_t send_count_ = 0;
  std::size_t bundle_contact_ = 0;  // slot
  api::AckRequest ack_;
  Instant work_at_{INT64_MIN}, failed_until_{INT64_MIN};  // poll() may have something to do
  Instant ack_at_ = kNever, status_at_ = kNever, contacts_at_ = kNever;
  Events events_;
  Counters counters_;
  Info server_;  // what the server has answered
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_MESSENGER_H_
