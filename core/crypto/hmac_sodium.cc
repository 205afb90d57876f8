// HMAC over libsodium's SHA-256, as sha2_sodium.cc. Its own HMAC would hash the
// key again for every message.
#include <sodium.h>

#include <new>

#include "core/crypto/hmac.h"

namespace core::crypto {
namespace {

constexpr std::size_t kBlockSize = 64;

struct Hashes {
  crypto_hash_sha256_state inner;    // after the key's first block
  crypto_hash_sha256_state outer;    // the same of the outer hash
  crypto_hash_sha256_state current;  // of the message so far
};

Hashes& hashes(std::uint8_t* state) { return *std::launder(reinterpret_cast<Hashes*>(state)); }

// Starts a hash with the key, every byte changed by `pad`.
void start(crypto_hash_sha256_state& state, View<kBlockSize> key, std::uint8_t pad) {
  Secret<kBlockSize> block;
  std::transform(key.begin(), key.end(), block.mut().begin(),
                 [pad](std::uint8_t byte) { return static_cast<std::uint8_t>(byte ^ pad); });
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, block.view().data(), kBlockSize);
}

}  // namespace

HmacSha256::HmacSha256(Bytes key) {
  static_assert(sizeof(Hashes) <= sizeof(state_));
  Secret<kBlockSize> padded;
  if (key.size() <= kBlockSize) {
    copy(key, padded.mut());
  } else {
    crypto_hash_sha256(padded.mut().data(), key.data(), key.size());
  }
  Hashes& h = hashes(state_.data());
  start(h.inner, padded.view(), 0x36);
  start(h.outer, padded.view(), 0x5c);
  h.current = h.inner;
}

void HmacSha256::update(Bytes message) {
  crypto_hash_sha256_update(&hashes(state_.data()).current, message.data(), message.size());
}

void HmacSha256::finish(MutView<32> out) {
  Hashes& h = hashes(state_.data());
  Secret<32> digest;
  crypto_hash_sha256_final(&h.current, digest.mut().data());
  h.current = h.outer;
  crypto_hash_sha256_update(&h.current, digest.view().data(), digest.view().size());
  crypto_hash_sha256_final(&h.current, out.data());
  h.current = h.inner;
}

Secret<32> hmac_sha256(Bytes key, std::initializer_list<Bytes> parts) {
  HmacSha256 hmac(key);
  for (const Bytes part : parts) hmac.update(part);
  Secret<32> out;
  hmac.finish(out.mut());
  return out;
}

}  // namespace core::crypto
