#include "core/crypto/field25519_64.h"

#include "core/crypto/words.h"

namespace core::crypto::field64 {

Element from_bytes(View<32> in) {
  const auto word = [&](std::size_t at) { return load_u64_le(View<8>(in.data() + at, 8)); };
  return {{word(0) & kMask51, (word(6) >> 3) & kMask51, (word(12) >> 6) & kMask51,
           (word(19) >> 1) & kMask51, (word(24) >> 12) & kMask51}};
}

ByteArray<32> to_bytes(const Element& a) {
  const Element t = canonical(a);
  ByteArray<32> out;
  store_u64_le(t.limb[0] | t.limb[1] << 51, MutView<8>(out.data(), 8));
  store_u64_le(t.limb[1] >> 13 | t.limb[2] << 38, MutView<8>(out.data() + 8, 8));
  store_u64_le(t.limb[2] >> 26 | t.limb[3] << 25, MutView<8>(out.data() + 16, 8));
  store_u64_le(t.limb[3] >> 39 | t.limb[4] << 12, MutView<8>(out.data() + 24, 8));
  return out;
}

}  // namespace core::crypto::field64
