// One device's messaging: end-to-end encrypted messages to and from other
// devices through the directory-and-mailbox server, with all state in a
// transactional Store. It knows no MQTT, no socket and no clock: poll() says
// what to publish, receive() takes what arrived. link.h joins it to MQTT.
//
// What a call has reported as done is on disk. Whatever happens in between, a
// power cut included, no message is lost, shown twice or put out of order.
//
// Not thread-safe. Errors of all calls that touch the store: kStore, and then
// the call has had no effect.
// Spec: docs/spec/device-store.md, [API].
#ifndef CORE_MESSENGER_MESSENGER_H_
#define CORE_MESSENGER_MESSENGER_H_

#include <optional>

#include "core/api/topic.h"
#include "core/base/rng.h"
#include "core/messenger/limits.h"
#include "core/messenger/store.h"
#include "core/messenger/types.h"

namespace core::messenger {

// Scratch memory of a messenger, so that the caller says where it lies: about
// 700 kB on Linux, 60 kB with GINNEL_SMALL_DEVICE. Holds secrets only during a
// call.
struct Workspace;

class Messenger {
 public:
  // All three outlive the messenger and are used by nobody else meanwhile.
  Messenger(Store& store, Rng& rng, Workspace& work);
  Messenger(const Messenger&) = delete;
  Messenger& operator=(const Messenger&) = delete;

  // Writes the state of a new device into an empty store.
  // Errors: kOutOfOrder if the store holds a device already; kMalformed.
  static Status create(Store& store, Workspace& work, const NewDevice& device);
  // Loads the state. To be called once, before anything else.
  // Errors: kNotFound (no device in the store), kBadVersion, kMalformed, kStore.
  Status open(Instant now);

  const DeviceName& name() const;
  View<33> identity_key() const;  // the public one, type byte first
  std::uint32_t registration_id() const;
  // The identity's private key, to sign with at enrolment and renewal.
  const Secret<32>& identity_private_key() const;

  // ---- contacts ----------------------------------------------------------
  // Takes a contact's key from a trusted list (enrolment). A contact that is
  // known by another key becomes kKeyChanged. Errors: kFull, kMalformed.
  Status add_contact(const DeviceName& name, View<33> identity_key, Instant now);
  std::size_t contact_count() const;
  // REQUIRES: index < contact_count(). In the order they were met.
  Result<Contact> contact_at(std::size_t index);
  // Errors: kNotFound.
  Result<Contact> contact(const DeviceName& name);
  // Of the contact's trusted key and ours. Slow: some 10 ms on a PC, seconds
  // on a microcontroller. Errors: kNotFound (no such contact, or no key yet).
  Result<SafetyNumber> safety_number(const DeviceName& name);
  // The user has compared the safety number. Errors: kNotFound; kUntrusted if
  // another key has turned up: accept_new_key() comes first.
  Status mark_verified(const DeviceName& name);
  // The user trusts the key that turned up: sessions under the old one are
  // dropped, what waits in the outbox is encrypted anew.
  // Errors: kNotFound; kOutOfOrder if no new key has turned up.
  Status accept_new_key(const DeviceName& name, Instant now);
  // Archives the session, so that the next message starts a new one.
  // Errors: kNotFound.
  Status reset_session(const DeviceName& name);

  // ---- messages to others --------------------------------------------------
  // Puts a message of at most kMaxPlaintext bytes into the outbox. `to` need
  // not be a contact yet. Messages to one device arrive in the order of the
  // calls. Errors: kMalformed (to ourselves, or empty name); kFull (the text is
  // too long, or no room in the outbox or among the contacts).
  Result<MessageId> send(const DeviceName& to, Bytes text, Instant now, WallTime wall);
  // The first message in the outbox with an id above `after`.
  // Errors: kNotFound (there is none).
  Result<OutboxMessage> outbox_after(MessageId after) const;
  // kSent for ids that are no longer there. Errors: kNotFound (never given out).
  Result<OutboxState> state_of(MessageId id) const;
  // Forgets a failed message. Errors: kNotFound; kOutOfOrder if it has not failed.
  Status discard(MessageId id);

  // ---- messages from others ------------------------------------------------
  // Reads the first unread message with an id above `after` (0: the oldest)
  // into `buffer`, of kMaxPlaintext bytes. It stays unread until mark_read().
  // Errors: kNotFound (there is none); kFull (`buffer`).
  Result<InboxMessage> next_unread(MessageId after, MutBytes buffer);
  // The message has been shown or handed on: forgets it. On disk when it
  // returns. Errors: kNotFound (never given out, or marked before).
  Status mark_read(MessageId id, Instant now);

  // ---- certificate ---------------------------------------------------------
  // Asks for a new certificate (CSR: DER, at most kMaxCsr bytes) until it is
  // answered by kCertificate or kRefused, over restarts too. Errors: kFull.
  Status renew(Bytes csr, Instant now);
  // The certificate that came (DER). Errors: kNotFound, kFull.
  Result<std::size_t> certificate(MutBytes out);
  // The certificate is in use: forgets it.
  Status certificate_taken();

  // ---- the link --------------------------------------------------------------
  // A connection is up and subscribed; or it is gone.
  void connected(Instant now);
  void disconnected();
  // A payload that arrived on one of our `down` topics. Errors: kStore, kRng,
  // and then it has had no effect and will come again; kMalformed.
  Status receive(api::Down topic, Bytes payload, Instant now, WallTime wall);
  // Does one bounded piece of work: encrypts what is queued, makes keys, or
  // yields one request to publish now. Call it until it yields nothing and
  // next_deadline() is later than `now`.
  // `wall`: 0 if not known; then no key is rotated by age.
  // Errors: kStore, kRng: tried again a second later.
  Result<std::optional<Outgoing>> poll(Instant now, WallTime wall);
  // When to call poll() next. Early calls do nothing.
  Instant next_deadline() const;

  // What has happened, oldest first.
  std::optional<Event> next_event();
  const Counters& counters() const;
  Info info() const;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_MESSENGER_H_
