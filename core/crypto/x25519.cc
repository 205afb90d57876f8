// X25519: public keys by our multiples of the base point; agreement by our
// ladder in vectors where the processor has the instructions for it, by our plain
// one on a small device (GINNEL_X25519_LADDER), else by libsodium.
#include "core/crypto/x25519.h"

#include "core/crypto/cpu.h"
#include "core/crypto/ct.h"
#include "core/crypto/edwards.h"
#include "core/crypto/field25519.h"
#include "core/crypto/x25519_ifma.h"
#include "core/crypto/x25519_ladder.h"
#ifndef GINNEL_X25519_LADDER
#include <sodium.h>
#endif

namespace core::crypto {
namespace {

#if defined(GINNEL_X25519_IFMA) || defined(GINNEL_X25519_LADDER)
// As multiply(), by a ladder that leaves x / z. There is one inversion for all.
template <class Ladder>
void multiply_by(Ladder ladder, std::span<const X25519Pair> pairs, MutBytes out) {
  using namespace field25519;
  struct Product {
    Element x, z;
    Element before;  // the z of all before this one, multiplied
  };
  std::array<Product, kMaxX25519Pairs> products;
  Element all = kOne;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    Product& product = products[i];
    const Secret<32> clamped = x25519_private(pairs[i].private_key.view());
    ladder(clamped.view(), from_bytes(pairs[i].public_key), product.x, product.z);
    product.before = all;
    all = field25519::multiply(all, product.z);
  }
  Element inverse = invert(all);
  for (std::size_t i = pairs.size(); i-- > 0;) {
    const Product& product = products[i];
    const Element inverse_z = field25519::multiply(inverse, product.before);
    ByteArray<32> result = to_bytes(field25519::multiply(product.x, inverse_z));
    copy(result, out.subspan(32 * i));
    wipe(result);
    inverse = field25519::multiply(inverse, product.z);
  }
  wipe({reinterpret_cast<std::uint8_t*>(products.data()), sizeof(products)});
  wipe({reinterpret_cast<std::uint8_t*>(&all), sizeof(all)});
  wipe({reinterpret_cast<std::uint8_t*>(&inverse), sizeof(inverse)});
}
#endif

// Writes the products, one after the other: zeros for a public key of low order, and
// then perhaps for all. Constant time.
void multiply(std::span<const X25519Pair> pairs, MutBytes out) {
#ifdef GINNEL_X25519_IFMA
  if (cpu::has_avx512_ifma()) {
    const auto ladder = [](View<32> scalar, const field25519::Element& u, field25519::Element& x,
                           field25519::Element& z) {
      x25519_ladder_ifma(scalar.data(), u.limb.data(), x.limb.data(), z.limb.data());
    };
    return multiply_by(ladder, pairs, out);
  }
#endif
#ifdef GINNEL_X25519_LADDER
  multiply_by(x25519_ladder<field25519::Element>, pairs, out);
#else
  wipe(out.first(32 * pairs.size()));  // what stays where a public key is of low order
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    [[maybe_unused]] const int low_order = crypto_scalarmult_curve25519(
        out.data() + 32 * i, pairs[i].private_key.view().data(), pairs[i].public_key.data());
  }
#endif
}

}  // namespace

Secret<32> x25519_private(View<32> random) {
  Secret<32> key(random);
  const MutView<32> bytes = key.mut();
  bytes[0] &= 248;
  bytes[31] = static_cast<std::uint8_t>((bytes[31] & 127) | 64);
  return key;
}

Result<Secret<32>> x25519_private(Rng& rng) {
  const auto random = TRY(rng.draw<32>());
  return x25519_private(random.view());
}

ByteArray<32> x25519_public(const Secret<32>& private_key) {
  const Secret<32> clamped = x25519_private(private_key.view());
  edwards::Point point;
  edwards::multiply_base(clamped.view(), point);
  const ByteArray<32> out = edwards::to_u(point);
  edwards::wipe_point(point);
  declassify(out);  // a public key
  return out;
}

Status x25519(std::span<const X25519Pair> pairs, MutBytes secrets) {
  CHECK(pairs.size() <= kMaxX25519Pairs && secrets.size() >= 32 * pairs.size());
  multiply(pairs, secrets);
  bool zero = false;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    std::uint32_t any = 0;
    for (const std::uint8_t byte : secrets.subspan(32 * i, 32)) any |= byte;
    zero |= ((any - 1) >> 31) != 0;
  }
  // Whether a public key is of low order follows from it.
  declassify({reinterpret_cast<const std::uint8_t*>(&zero), sizeof(zero)});
  if (!zero) return {};
  wipe(secrets.first(32 * pairs.size()));
  return Error::kBadKey;
}

Result<Secret<32>> x25519(const Secret<32>& private_key, View<32> public_key) {
  const X25519Pair pair{private_key, public_key};
  Secret<32> out;
  TRY(x25519({&pair, 1}, out.mut()));
  return out;
}

}  // namespace core::crypto
