#include "core/e2e/checksum.h"

#include "core/crypto/sha2.h"

namespace core::e2e {

Result<std::size_t> finish_with_checksum(Writer& out, MutBytes memory) {
  const auto digest = crypto::sha256(out.written());
  out.bytes(View<32>(digest).first<kChecksumSize>());
  if (!out.ok()) wipe(memory);
  return out.finish();
}

Result<Bytes> before_checksum(Bytes in) {
  if (in.size() < kChecksumSize) return Error::kMalformed;
  const auto body = in.first(in.size() - kChecksumSize);
  const auto digest = crypto::sha256(body);
  if (!equal_var(View<32>(digest).first<kChecksumSize>(), in.last(kChecksumSize))) {
    return Error::kMalformed;
  }
  return body;
}

}  // namespace core::e2e
