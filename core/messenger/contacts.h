// The devices that this one knows, and how far their keys are trusted.
#ifndef CORE_MESSENGER_CONTACTS_H_
#define CORE_MESSENGER_CONTACTS_H_

#include <optional>

#include "core/messenger/records.h"
#include "core/messenger/retry.h"

namespace core::messenger {

// A copy in memory of what the store holds. The calls that write need an open
// transaction; if that fails, load() puts memory right again.
class Contacts {
 public:
  struct Entry {
    Contact contact;            // without a name: a free slot
    bool needs_bundle = false;  // there is no session to encrypt with
    Retry retry;                // nothing is asked or sent for this contact before it is due
  };

  explicit Contacts(Store& store) : store_(store) {}
  Status load();

  std::size_t count() const { return count_; }
  // The slot of the contact at a position. REQUIRES: index < count().
  std::size_t slot_at(std::size_t index) const;
  Entry& at(std::size_t slot) { return entries_[slot]; }
  const Entry& at(std::size_t slot) const { return entries_[slot]; }
  std::optional<std::size_t> find(const DeviceName& name) const;

  // A new contact without a key. Errors: kFull, kStore.
  Result<std::size_t> add(const DeviceName& name);
  // Writes the entry as it is in memory.
  Status save(std::size_t slot);
  Status remove(std::size_t slot);

  enum class Seen : std::uint8_t { kKnown, kPinned, kChanged, kChangedBefore };
  // What a key that is said to be the contact's means: pins it on first use,
  // marks the contact if it differs from the one known. Errors: kStore.
  Result<Seen> key_seen(std::size_t slot, View<33> identity_key);

 private:
  Store& store_;
  std::array<Entry, kMaxContacts> entries_{};
  std::size_t count_ = 0;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_CONTACTS_H_
