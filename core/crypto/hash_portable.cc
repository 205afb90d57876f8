// SHA-2 and HMAC without a library, for boards that have none.
#include <new>

#include "core/crypto/hmac.h"
#include "core/crypto/sha2.h"
#include "core/crypto/sha2_portable.h"

namespace core::crypto {
namespace {

template <class Hash>
ByteArray<Hash::kDigest> hash(std::span<const Bytes> parts) {
  Hash state;
  for (const Bytes part : parts) state.update(part);
  ByteArray<Hash::kDigest> digest;
  state.finish(digest);
  return digest;
}

struct Hashes {
  Sha256::State inner, outer;  // after the key's block
  Sha256 current;              // of the message so far
};

Hashes& hashes(std::uint8_t* state) { return *std::launder(reinterpret_cast<Hashes*>(state)); }

// What a hash is after a block of the key, every byte changed by `pad`.
Sha256::State after_key(View<Sha256::kBlock> key, std::uint8_t pad) {
  Secret<Sha256::kBlock> block;
  std::transform(key.begin(), key.end(), block.mut().begin(),
                 [pad](std::uint8_t byte) { return static_cast<std::uint8_t>(byte ^ pad); });
  Sha256 hash;
  hash.update(block.view());
  return hash.state();
}

}  // namespace

ByteArray<32> sha256(Bytes message) { return hash<Sha256>({&message, 1}); }

ByteArray<64> sha512(Bytes message) { return hash<Sha512>({&message, 1}); }

ByteArray<64> sha512(std::span<const Bytes> parts) { return hash<Sha512>(parts); }

HmacSha256::HmacSha256(Bytes key) {
  static_assert(sizeof(Hashes) <= sizeof(state_));
  Secret<Sha256::kBlock> padded;
  if (key.size() <= Sha256::kBlock) {
    copy(key, padded.mut());
  } else {
    Sha256 hash;
    hash.update(key);
    hash.finish(padded.mut().first<32>());
  }
  auto* const h = new (static_cast<void*>(state_.data()))
      Hashes{after_key(padded.view(), 0x36), after_key(padded.view(), 0x5c), {}};
  h->current.restart(h->inner, Sha256::kBlock);
}

void HmacSha256::update(Bytes message) { hashes(state_.data()).current.update(message); }

void HmacSha256::finish(MutView<32> out) {
  Hashes& h = hashes(state_.data());
  Secret<32> digest;
  h.current.finish(digest.mut());
  h.current.restart(h.outer, Sha256::kBlock);
  h.current.update(digest.view());
  h.current.finish(out);
  h.current.restart(h.inner, Sha256::kBlock);
}

}  // namespace core::crypto
