#include "core/crypto/edwards.h"

#include "core/crypto/field25519.h"

namespace core::crypto {

Result<ByteArray<32>> edwards_from_u(View<32> u, std::uint8_t sign) {
  using namespace field25519;
  const Element x = from_bytes(u);
  const Element denominator = add(x, kOne);
  if (to_bytes(denominator) == ByteArray<32>{}) return Error::kBadKey;
  ByteArray<32> point = to_bytes(multiply(subtract(x, kOne), invert(denominator)));
  point[31] = static_cast<std::uint8_t>(point[31] | (sign << 7));
  return point;
}

}  // namespace core::crypto
