// HMAC-SHA-256. Spec: [RFC2104] 2.
#ifndef CORE_CRYPTO_HMAC_H_
#define CORE_CRYPTO_HMAC_H_

#include <initializer_list>

#include "core/base/bytes.h"

namespace core::crypto {

// One key, many messages: the key is hashed once. Wipes itself at the end.
class HmacSha256 {
 public:
  explicit HmacSha256(Bytes key);
  ~HmacSha256() { wipe(state_); }
  HmacSha256(const HmacSha256&) = delete;
  HmacSha256& operator=(const HmacSha256&) = delete;

  void update(Bytes message);
  // Writes the HMAC of all bytes since the last finish(); ready for the next.
  void finish(MutView<32> out);

 private:
  alignas(16) ByteArray<384> state_;  // of the backend
};

// HMAC of the parts, one after the other, under a key of any size. Secret,
// because chain keys and message keys are made with it.
inline Secret<32> hmac_sha256(Bytes key, std::initializer_list<Bytes> parts) {
  HmacSha256 hmac(key);
  for (const Bytes part : parts) hmac.update(part);
  Secret<32> out;
  hmac.finish(out.mut());
  return out;
}

}  // namespace core::crypto
#endif  // CORE_CRYPTO_HMAC_H_
