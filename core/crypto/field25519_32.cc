#include "core/crypto/field25519_32.h"

#include "core/crypto/words.h"

namespace core::crypto::field32 {

Element from_bytes(View<32> in) {
  Element out;
  for (std::size_t i = 0; i < 8; ++i) out.limb[i] = load_u32_le(View<4>(in.data() + 4 * i, 4));
  out.limb[7] &= 0x7fffffff;
  return out;
}

ByteArray<32> to_bytes(const Element& a) {
  const Element t = canonical(a);
  ByteArray<32> out;
  for (std::size_t i = 0; i < 8; ++i) store_u32_le(t.limb[i], MutView<4>(out.data() + 4 * i, 4));
  return out;
}

}  // namespace core::crypto::field32
