// SHA-2 by nettle: contexts are ours, no heap, and it uses the processor's SHA
// instructions where there are any. docs/decisions/001-crypto-libraries.md.
#include "core/crypto/sha2.h"

#include <nettle/sha2.h>

namespace core::crypto {
namespace {

MutBytes bytes_of(sha256_ctx& context) {
  return {reinterpret_cast<std::uint8_t*>(&context), sizeof(context)};
}

MutBytes bytes_of(sha512_ctx& context) {
  return {reinterpret_cast<std::uint8_t*>(&context), sizeof(context)};
}

}  // namespace

ByteArray<32> sha256(Bytes message) {
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, message.size(), message.data());
  ByteArray<32> digest;
  sha256_digest(&context, digest.size(), digest.data());
  wipe(bytes_of(context));
  return digest;
}

ByteArray<64> sha512(Bytes message) { return sha512({&message, 1}); }

ByteArray<64> sha512(std::span<const Bytes> parts) {
  sha512_ctx context;
  sha512_init(&context);
  for (const Bytes part : parts) sha512_update(&context, part.size(), part.data());
  ByteArray<64> digest;
  sha512_digest(&context, digest.size(), digest.data());
  wipe(bytes_of(context));
  return digest;
}

}  // namespace core::crypto
