// The keys of a store that lies where others can read and write it, and what is
// done with them. Spec: docs/spec/flash-store.md keys.
#ifndef PORTS_FLASH_SEALING_H_
#define PORTS_FLASH_SEALING_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace ports::flash {

class Sealing {
 public:
  static constexpr std::size_t kSaltSize = 16, kNonceSize = 12, kTagSize = 16;

  // The key is copied; `context`, one for each kind of store, outlives this.
  // Nothing else is called before use_salt().
  Sealing(const core::Secret<32>& device_key, core::Bytes context)
      : device_key_(device_key.clone()), context_(context) {}

  // Derives the keys of the store with this salt.
  void use_salt(core::View<kSaltSize> salt);
  core::View<kSaltSize> salt() const { return salt_; }

  // The id under which a key of the store is kept.
  std::uint64_t id_of(core::Bytes key) const;
  // Seals all of `text` but its last kTagSize bytes, which become the tag.
  // REQUIRES: a nonce never used before with this salt.
  void seal(core::View<kNonceSize> nonce, core::Bytes ad, core::MutBytes text) const;
  // Opens what seal() made; its last bytes are the tag. Errors: kBadTag, and the
  // text is all zeros.
  core::Status open(core::View<kNonceSize> nonce, core::Bytes ad, core::MutBytes text) const;
  // A tag of what stays in the clear.
  core::ByteArray<kTagSize> tag(core::Bytes text) const;

 private:
  core::Secret<32> device_key_, seal_key_, tag_key_, id_key_;
  core::Bytes context_;
  core::ByteArray<kSaltSize> salt_{};
};

}  // namespace ports::flash
#endif  // PORTS_FLASH_SEALING_H_
