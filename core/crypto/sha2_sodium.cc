// SHA-2 by libsodium, for devices without nettle.
#include <sodium.h>

#include "core/crypto/sha2.h"

namespace core::crypto {

ByteArray<32> sha256(Bytes message) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, message.data(), message.size());
  ByteArray<32> digest;
  crypto_hash_sha256_final(&state, digest.data());  // wipes the state
  return digest;
}

ByteArray<64> sha512(Bytes message) { return sha512({&message, 1}); }

ByteArray<64> sha512(std::span<const Bytes> parts) {
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  for (const Bytes part : parts) crypto_hash_sha512_update(&state, part.data(), part.size());
  ByteArray<64> digest;
  crypto_hash_sha512_final(&state, digest.data());
  return digest;
}

}  // namespace core::crypto
