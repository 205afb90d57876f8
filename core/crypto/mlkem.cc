#include "core/crypto/mlkem.h"

#include "core/crypto/ct.h"
#include "core/crypto/mlkem_code.h"
#include "core/crypto/mlkem_incremental.h"
#include "core/crypto/mlkem_sample.h"
#include "core/crypto/sha3.h"

namespace core::crypto {
namespace {

using namespace mlkem;

constexpr std::size_t u_bits(std::size_t k) { return k == 4 ? 11 : 10; }
constexpr std::size_t v_bits(std::size_t k) { return k == 4 ? 5 : 4; }

// Wipes the scratch memory when a call ends, however it ends.
class Wiper {
 public:
  explicit Wiper(MlKemWork& work) : work_(work) {}
  ~Wiper() { wipe({reinterpret_cast<std::uint8_t*>(&work_), sizeof(work_)}); }
  Wiper(const Wiper&) = delete;
  Wiper& operator=(const Wiper&) = delete;

 private:
  MlKemWork& work_;
};

// Two secrets of 32 bytes out of one hash. Spec: [FIPS203] 4.1 (G).
Secret<64> hash_to_two(Bytes a, Bytes b) {
  Secret<64> out;
  copy(a, out.mut());
  copy(b, out.mut().subspan(a.size()));
  ByteArray<64> digest = sha3_512(out.view().first(a.size() + b.size()));
  copy(digest, out.mut());
  wipe(digest);
  return out;
}

// Takes the ciphertext piece by piece: writes it, or compares it with the
// ciphertext that came.
class Pieces {
 public:
  static Pieces written_to(MutBytes out) { return {out, {}}; }
  static Pieces compared_with(Bytes expected) { return {{}, expected}; }

  void put(Bytes piece) {
    if (expected_.empty()) {
      copy(piece, out_);
      out_ = out_.subspan(piece.size());
      return;
    }
    for (std::size_t i = 0; i < piece.size(); ++i) {
      difference_ |= static_cast<std::uint32_t>(piece[i] ^ expected_[i]);
    }
    __asm__("" : "+r"(difference_));
    expected_ = expected_.subspan(piece.size());
  }
  // 0xff iff something differed, else 0.
  std::uint8_t difference_mask() const {
    return static_cast<std::uint8_t>((0u - difference_) >> 24);
  }

 private:
  Pieces(MutBytes out, Bytes expected) : out_(out), expected_(expected) {}

  MutBytes out_;
  Bytes expected_;
  std::uint32_t difference_ = 0;  // below 256
};

// The polynomials of `work`, k at a time, and the factors of the first k.
std::span<Poly> polys(std::size_t k, std::size_t which, MlKemWork& work) {
  return std::span(work.polys).subspan(which * k, k);
}
std::span<Factor> factors(std::size_t k, MlKemWork& work) {
  return std::span(work.factors).first(k);
}

// Writes the public key and leaves the secret vector, transformed and reduced,
// in the first k polynomials of `work`.
// Spec: [FIPS203] Algorithm 13 (K-PKE.KeyGen).
void make_keys(std::size_t k, View<32> d, MutBytes public_key, MlKemWork& work) {
  const std::array<std::uint8_t, 1> rank{static_cast<std::uint8_t>(k)};
  const Secret<64> halves = hash_to_two(d, rank);
  const View<32> rho = halves.view().first<32>();
  declassify(rho);  // part of the public key

  const auto s = polys(k, 0, work), e = polys(k, 1, work), row = polys(k, 2, work);
  sample_noise(halves.view().last<32>(), 0, s);
  sample_noise(halves.view().last<32>(), k, e);
  for (std::size_t i = 0; i < k; ++i) {
    transform(s[i]);
    prepare(s[i], work.factors[i]);
  }
  for (std::size_t i = 0; i < k; ++i) {
    sample_row(rho, Matrix::kStraight, i, row);
    dot(row, s, factors(k, work), row[0]);
    scale(row[0]);
    transform(e[i]);
    add(row[0], e[i]);
    make_canonical(row[0]);
    encode(row[0], public_key.subspan(kPolyBytes * i).first<kPolyBytes>());
  }
  copy(rho, public_key.subspan(kPolyBytes * k));
  declassify(public_key);
}

// Samples the ephemeral vector, transformed, into the first k polynomials and
// its errors, plain, into the next k.
void sample_ephemeral(std::size_t k, View<32> seed, MlKemWork& work) {
  const auto y = polys(k, 0, work);
  sample_noise(seed, 0, y);
  sample_noise(seed, k, polys(k, 1, work));
  for (std::size_t i = 0; i < k; ++i) {
    transform(y[i]);
    prepare(y[i], work.factors[i]);
  }
}

// The ciphertext's first part, u, in pieces to `out`. After sample_ephemeral().
// Spec: [FIPS203] Algorithm 14 (K-PKE.Encrypt), lines 18, 19, 22.
void encrypt_u(std::size_t k, View<32> rho, Pieces& out, MlKemWork& work) {
  const auto y = polys(k, 0, work), e = polys(k, 1, work), row = polys(k, 2, work);
  Secret<32 * u_bits(4)> room;
  const MutBytes piece = room.mut().first(32 * u_bits(k));
  for (std::size_t i = 0; i < k; ++i) {
    sample_row(rho, Matrix::kTransposed, i, row);
    dot(row, y, factors(k, work), row[0]);
    transform_back(row[0]);
    add(row[0], e[i]);
    compress(row[0], u_bits(k), piece);
    out.put(piece);
  }
}

// The second part, v. After sample_ephemeral(). `vector` is the public key, of which
// rho is not read. False if one of its coefficients is not reduced.
// Spec: [FIPS203] Algorithm 14 (K-PKE.Encrypt), lines 20, 21, 23.
bool encrypt_v(std::size_t k, Bytes vector, View<32> message, View<32> seed, Pieces& out,
               MlKemWork& work) {
  const auto y = polys(k, 0, work), e = polys(k, 1, work), row = polys(k, 2, work);
  bool reduced = true;
  for (std::size_t i = 0; i < k; ++i) {
    reduced = decode(vector.subspan(kPolyBytes * i).first<kPolyBytes>(), row[i]) && reduced;
  }
  dot(row, y, factors(k, work), row[0]);
  transform_back(row[0]);
  sample_noise(seed, 2 * k, e.first(1));
  add(row[0], e[0]);
  from_message(message, e[0]);
  add(row[0], e[0]);
  Secret<32 * v_bits(4)> room;
  const MutBytes piece = room.mut().first(32 * v_bits(k));
  compress(row[0], v_bits(k), piece);
  out.put(piece);
  return reduced;
}

// Encrypts `message` with the randomness `seed`, the ciphertext going to `out`
// in pieces. False if a coefficient of the key is not reduced.
// Spec: [FIPS203] Algorithm 14 (K-PKE.Encrypt).
bool encrypt(std::size_t k, Bytes public_key, View<32> message, View<32> seed, Pieces& out,
             MlKemWork& work) {
  sample_ephemeral(k, seed, work);
  encrypt_u(k, public_key.last<32>(), out, work);
  return encrypt_v(k, public_key, message, seed, out, work);
}

// Decrypts with the secret vector that is in the first k polynomials.
// Spec: [FIPS203] Algorithm 15 (K-PKE.Decrypt).
Secret<32> decrypt(std::size_t k, Bytes ciphertext, MlKemWork& work) {
  const std::size_t u_size = 32 * u_bits(k);
  const auto s = polys(k, 0, work), u = polys(k, 1, work);
  for (std::size_t i = 0; i < k; ++i) {
    decompress(ciphertext.subspan(u_size * i, u_size), u_bits(k), u[i]);
    transform(u[i]);
    prepare(u[i], work.factors[i]);
  }
  Poly& w = s[0];
  dot(s, u, factors(k, work), w);
  transform_back(w);
  decompress(ciphertext.subspan(u_size * k), v_bits(k), u[0]);
  subtract_from(w, u[0]);
  Secret<32> message;
  to_message(w, message.mut());
  return message;
}

// The rest of decapsulation, the secret vector being in the first k
// polynomials. Spec: [FIPS203] Algorithm 18.
Secret<32> decapsulate_with(std::size_t k, Bytes public_key, View<32> public_key_hash, View<32> z,
                            Bytes ciphertext, MlKemWork& work) {
  const Secret<32> message = decrypt(k, ciphertext, work);
  const Secret<64> halves = hash_to_two(message.view(), public_key_hash);
  auto pieces = Pieces::compared_with(ciphertext);
  static_cast<void>(encrypt(k, public_key, message.view(), halves.view().last<32>(), pieces, work));

  Secret<32> rejected;
  Shake shake(Shake::Strength::k256);
  shake.absorb(z);
  shake.absorb(ciphertext);
  shake.squeeze(rejected.mut());
  Secret<32> shared(halves.view().first<32>());
  ct_copy_if(pieces.difference_mask(), rejected.view(), shared.mut());
  return shared;
}

Secret<32> decapsulate_with_seed(std::size_t k, View<64> seed, Bytes ciphertext, MlKemWork& work) {
  const Wiper wiper(work);
  const auto ours = MutBytes(work.public_key).first(kPolyBytes * k + 32);
  make_keys(k, seed.first<32>(), ours, work);
  return decapsulate_with(k, ours, sha3_256(ours), seed.last<32>(), ciphertext, work);
}

}  // namespace

template <std::size_t K>
void MlKem<K>::public_key(View<64> seed, MutView<kPublicKeySize> public_key, MlKemWork& work) {
  const Wiper wiper(work);
  make_keys(K, seed.first<32>(), public_key, work);
}

template <std::size_t K>
void MlKem<K>::private_key(View<64> seed, MutView<kPrivateKeySize> private_key, MlKemWork& work) {
  const Wiper wiper(work);
  const auto ours = private_key.template subspan<kPolyBytes * K, kPublicKeySize>();
  make_keys(K, seed.first<32>(), ours, work);
  for (std::size_t i = 0; i < K; ++i) {
    make_canonical(work.polys[i]);
    encode(work.polys[i], private_key.subspan(kPolyBytes * i).template first<kPolyBytes>());
  }
  copy(sha3_256(ours), private_key.template subspan<kPrivateKeySize - 64, 32>());
  copy(seed.last<32>(), private_key.template last<32>());
}

template <std::size_t K>
Result<Secret<32>> MlKem<K>::encapsulate(View<kPublicKeySize> public_key, View<32> message,
                                         MutView<kCiphertextSize> ciphertext, MlKemWork& work) {
  const Wiper wiper(work);
  const Secret<64> halves = hash_to_two(message, sha3_256(public_key));
  auto pieces = Pieces::written_to(ciphertext);
  if (!encrypt(K, public_key, message, halves.view().last<32>(), pieces, work)) {
    wipe(ciphertext);
    return Error::kBadKey;
  }
  declassify(ciphertext);
  return Secret<32>(halves.view().first<32>());
}

template <std::size_t K>
Secret<32> MlKem<K>::decapsulate(View<64> seed, View<kCiphertextSize> ciphertext, MlKemWork& work) {
  return decapsulate_with_seed(K, seed, ciphertext, work);
}

template <std::size_t K>
Result<Secret<32>> MlKem<K>::decapsulate_expanded(View<kPrivateKeySize> private_key,
                                                  View<kCiphertextSize> ciphertext,
                                                  MlKemWork& work) {
  const Wiper wiper(work);
  const auto ours = private_key.template subspan<kPolyBytes * K, kPublicKeySize>();
  const auto hash = private_key.template subspan<kPrivateKeySize - 64, 32>();
  declassify(ours);  // the public key and its hash are public
  declassify(hash);
  if (!equal_var(sha3_256(ours), hash)) return Error::kBadKey;
  for (std::size_t i = 0; i < K; ++i) {
    const auto s = private_key.subspan(kPolyBytes * i).template first<kPolyBytes>();
    // The standard does not ask for reduced coefficients here, nor need we.
    static_cast<void>(decode(s, work.polys[i]));
  }
  return decapsulate_with(K, ours, hash, private_key.template last<32>(), ciphertext, work);
}

template struct MlKem<3>;
template struct MlKem<4>;

void kem_public_pieces(View<64> seed, MutView<kKemHeaderSize> header,
                       MutView<kKemVectorSize> vector, MlKemWork& work) {
  const Wiper wiper(work);
  const auto ours =
      MutView<MlKem768::kPublicKeySize>(work.public_key.data(), MlKem768::kPublicKeySize);
  make_keys(3, seed.first<32>(), ours, work);
  copy(ours.last<32>(), header);
  copy(sha3_256(ours), header.last<32>());
  copy(ours.first<kKemVectorSize>(), vector);
}

Secret<32> kem_encapsulate_1(View<kKemHeaderSize> header, View<32> message,
                             MutView<kKemCt1Size> ct1, MlKemWork& work) {
  const Wiper wiper(work);
  const Secret<64> halves = hash_to_two(message, header.last<32>());
  auto pieces = Pieces::written_to(ct1);
  sample_ephemeral(3, halves.view().last<32>(), work);
  encrypt_u(3, header.first<32>(), pieces, work);
  declassify(ct1);
  return Secret<32>(halves.view().first<32>());
}

Status kem_encapsulate_2(View<kKemHeaderSize> header, View<32> message, View<kKemVectorSize> vector,
                         MutView<kKemCt2Size> ct2, MlKemWork& work) {
  const Wiper wiper(work);
  const auto theirs = MutBytes(work.public_key).first<MlKem768::kPublicKeySize>();
  copy(vector, theirs);
  copy(header.first<32>(), theirs.last<32>());
  const bool known = equal_var(sha3_256(theirs), header.last<32>());
  const Secret<64> halves = hash_to_two(message, header.last<32>());
  auto pieces = Pieces::written_to(ct2);
  sample_ephemeral(3, halves.view().last<32>(), work);
  if (!encrypt_v(3, vector, message, halves.view().last<32>(), pieces, work) || !known) {
    wipe(ct2);
    return Error::kBadKey;
  }
  declassify(ct2);
  return {};
}

Secret<32> kem_decapsulate(View<64> seed, View<kKemCt1Size> ct1, View<kKemCt2Size> ct2,
                           MlKemWork& work) {
  ByteArray<MlKem768::kCiphertextSize> ciphertext;
  copy(ct1, ciphertext);
  copy(ct2, MutBytes(ciphertext).last<kKemCt2Size>());
  return MlKem768::decapsulate(seed, ciphertext, work);
}

}  // namespace core::crypto
