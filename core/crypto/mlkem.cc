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

// Two secrets out of one hash of 64 bytes.
struct Halves {
  Secret<32> first, second;
};

// Spec: [FIPS203] 4.1 (G).
Halves hash_to_halves(Bytes a, Bytes b) {
  Secret<64> message;
  copy(a, message.mut());
  copy(b, message.mut().subspan(a.size()));
  ByteArray<64> digest = sha3_512(message.view().first(a.size() + b.size()));
  Halves out{Secret<32>(View<64>(digest).first<32>()), Secret<32>(View<64>(digest).last<32>())};
  wipe(digest);
  return out;
}

// Takes the ciphertext piece by piece: writes it, or compares it with the
// ciphertext that came.
class PieceWriter {
 public:
  explicit PieceWriter(MutBytes out) : out_(out) {}
  void put(Bytes piece) {
    copy(piece, out_);
    out_ = out_.subspan(piece.size());
  }

 private:
  MutBytes out_;
};

class PieceComparer {
 public:
  explicit PieceComparer(Bytes expected) : expected_(expected) {}
  void put(Bytes piece) {
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
  Bytes expected_;
  std::uint32_t difference_ = 0;  // below 256
};

// Writes the public key and leaves the secret vector, transformed and reduced,
// in the first K polynomials of `work`.
// Spec: [FIPS203] Algorithm 13 (K-PKE.KeyGen).
template <std::size_t K>
void make_keys(View<32> d, MutView<MlKem<K>::kPublicKeySize> public_key, MlKemWork& work) {
  const std::array<std::uint8_t, 1> rank{K};
  const Halves halves = hash_to_halves(d, rank);
  const View<32> rho = halves.first.view();
  declassify(rho);  // part of the public key

  const std::span<Poly> s = std::span(work.polys).template subspan<0, K>();
  const std::span<Poly> e = std::span(work.polys).template subspan<K, K>();
  const std::span<Poly> row = std::span(work.polys).template subspan<2 * K, K>();
  const std::span<Factor> factors = std::span(work.factors).template first<K>();
  sample_noise(halves.second.view(), 0, s);
  sample_noise(halves.second.view(), K, e);
  for (std::size_t i = 0; i < K; ++i) {
    transform(s[i]);
    prepare(s[i], factors[i]);
  }
  for (std::size_t i = 0; i < K; ++i) {
    sample_row(rho, Matrix::kStraight, i, row);
    dot(row, s, factors, row[0]);
    scale(row[0]);
    transform(e[i]);
    add(row[0], e[i]);
    make_canonical(row[0]);
    encode(row[0], public_key.subspan(kPolyBytes * i).template first<kPolyBytes>());
  }
  copy(rho, public_key.template last<32>());
  declassify(public_key);
}

// Samples the ephemeral vector, transformed, into the first K polynomials and
// its errors, plain, into the next K.
template <std::size_t K>
void sample_ephemeral(View<32> seed, MlKemWork& work) {
  const std::span<Poly> y = std::span(work.polys).template subspan<0, K>();
  sample_noise(seed, 0, y);
  sample_noise(seed, K, std::span(work.polys).template subspan<K, K>());
  for (std::size_t i = 0; i < K; ++i) {
    transform(y[i]);
    prepare(y[i], work.factors[i]);
  }
}

// The ciphertext's first part, u, in pieces to `out`. After sample_ephemeral().
// Spec: [FIPS203] Algorithm 14 (K-PKE.Encrypt), lines 18, 19, 22.
template <std::size_t K, class Out>
void encrypt_u(View<32> rho, Out& out, MlKemWork& work) {
  const std::span<Poly> y = std::span(work.polys).template subspan<0, K>();
  const std::span<Poly> e = std::span(work.polys).template subspan<K, K>();
  const std::span<Poly> row = std::span(work.polys).template subspan<2 * K, K>();
  const std::span<Factor> factors = std::span(work.factors).template first<K>();
  Secret<32 * u_bits(K)> piece;
  for (std::size_t i = 0; i < K; ++i) {
    sample_row(rho, Matrix::kTransposed, i, row);
    dot(row, y, factors, row[0]);
    transform_back(row[0]);
    add(row[0], e[i]);
    compress(row[0], u_bits(K), piece.mut());
    out.put(piece.view());
  }
}

// The second part, v. After sample_ephemeral(). `vector` is the public key
// without rho. False if one of its coefficients is not reduced.
// Spec: [FIPS203] Algorithm 14 (K-PKE.Encrypt), lines 20, 21, 23.
template <std::size_t K, class Out>
bool encrypt_v(View<kPolyBytes * K> vector, View<32> message, View<32> seed, Out& out,
               MlKemWork& work) {
  const std::span<Poly> y = std::span(work.polys).template subspan<0, K>();
  const std::span<Poly> e = std::span(work.polys).template subspan<K, K>();
  const std::span<Poly> row = std::span(work.polys).template subspan<2 * K, K>();
  const std::span<Factor> factors = std::span(work.factors).template first<K>();
  bool reduced = true;
  for (std::size_t i = 0; i < K; ++i) {
    const auto t = vector.subspan(kPolyBytes * i).template first<kPolyBytes>();
    reduced = decode(t, row[i]) && reduced;
  }
  dot(row, y, factors, row[0]);
  transform_back(row[0]);
  sample_noise(seed, 2 * K, e.first(1));
  add(row[0], e[0]);
  from_message(message, e[0]);
  add(row[0], e[0]);
  Secret<32 * v_bits(K)> piece;
  compress(row[0], v_bits(K), piece.mut());
  out.put(piece.view());
  return reduced;
}

// Encrypts `message` with the randomness `seed`, the ciphertext going to `out`
// in pieces. False if a coefficient of the key is not reduced.
// Spec: [FIPS203] Algorithm 14 (K-PKE.Encrypt).
template <std::size_t K, class Out>
bool encrypt(View<MlKem<K>::kPublicKeySize> public_key, View<32> message, View<32> seed, Out& out,
             MlKemWork& work) {
  sample_ephemeral<K>(seed, work);
  encrypt_u<K>(public_key.template last<32>(), out, work);
  return encrypt_v<K>(public_key.template first<kPolyBytes * K>(), message, seed, out, work);
}

// Decrypts with the secret vector that is in the first K polynomials.
// Spec: [FIPS203] Algorithm 15 (K-PKE.Decrypt).
template <std::size_t K>
Secret<32> decrypt(View<MlKem<K>::kCiphertextSize> ciphertext, MlKemWork& work) {
  constexpr std::size_t kUSize = 32 * u_bits(K);
  const std::span<Poly> s = std::span(work.polys).template subspan<0, K>();
  const std::span<Poly> u = std::span(work.polys).template subspan<K, K>();
  const std::span<Factor> factors = std::span(work.factors).template first<K>();
  for (std::size_t i = 0; i < K; ++i) {
    decompress(ciphertext.subspan(kUSize * i, kUSize), u_bits(K), u[i]);
    transform(u[i]);
    prepare(u[i], factors[i]);
  }
  Poly& w = s[0];
  dot(s, u, factors, w);
  transform_back(w);
  decompress(ciphertext.subspan(kUSize * K), v_bits(K), u[0]);
  subtract_from(w, u[0]);
  Secret<32> message;
  to_message(w, message.mut());
  return message;
}

// The rest of decapsulation, the secret vector being in the first K
// polynomials. Spec: [FIPS203] Algorithm 18.
template <std::size_t K>
Secret<32> decapsulate_with(View<MlKem<K>::kPublicKeySize> public_key, View<32> public_key_hash,
                            View<32> z, View<MlKem<K>::kCiphertextSize> ciphertext,
                            MlKemWork& work) {
  const Secret<32> message = decrypt<K>(ciphertext, work);
  Halves halves = hash_to_halves(message.view(), public_key_hash);
  PieceComparer comparer(ciphertext);
  static_cast<void>(encrypt<K>(public_key, message.view(), halves.second.view(), comparer, work));

  Secret<32> rejected;
  Shake shake(Shake::Strength::k256);
  shake.absorb(z);
  shake.absorb(ciphertext);
  shake.squeeze(rejected.mut());
  ct_copy_if(comparer.difference_mask(), rejected.view(), halves.first.mut());
  return std::move(halves.first);
}

}  // namespace

template <std::size_t K>
void MlKem<K>::public_key(View<64> seed, MutView<kPublicKeySize> public_key, MlKemWork& work) {
  const Wiper wiper(work);
  make_keys<K>(seed.first<32>(), public_key, work);
}

template <std::size_t K>
void MlKem<K>::private_key(View<64> seed, MutView<kPrivateKeySize> private_key, MlKemWork& work) {
  const Wiper wiper(work);
  const auto ours = private_key.template subspan<kPolyBytes * K, kPublicKeySize>();
  make_keys<K>(seed.first<32>(), ours, work);
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
  Halves halves = hash_to_halves(message, sha3_256(public_key));
  PieceWriter writer(ciphertext);
  if (!encrypt<K>(public_key, message, halves.second.view(), writer, work)) {
    wipe(ciphertext);
    return Error::kBadKey;
  }
  declassify(ciphertext);
  return std::move(halves.first);
}

template <std::size_t K>
Secret<32> MlKem<K>::decapsulate(View<64> seed, View<kCiphertextSize> ciphertext, MlKemWork& work) {
  const Wiper wiper(work);
  const auto ours = MutView<kPublicKeySize>(work.public_key.data(), kPublicKeySize);
  make_keys<K>(seed.first<32>(), ours, work);
  return decapsulate_with<K>(ours, sha3_256(ours), seed.last<32>(), ciphertext, work);
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
  return decapsulate_with<K>(ours, hash, private_key.template last<32>(), ciphertext, work);
}

template struct MlKem<3>;
template struct MlKem<4>;

void kem_public_pieces(View<64> seed, MutView<kKemHeaderSize> header,
                       MutView<kKemVectorSize> vector, MlKemWork& work) {
  const Wiper wiper(work);
  const auto ours =
      MutView<MlKem768::kPublicKeySize>(work.public_key.data(), MlKem768::kPublicKeySize);
  make_keys<3>(seed.first<32>(), ours, work);
  copy(ours.last<32>(), header);
  copy(sha3_256(ours), header.last<32>());
  copy(ours.first<kKemVectorSize>(), vector);
}

Secret<32> kem_encapsulate_1(View<kKemHeaderSize> header, View<32> message,
                             MutView<kKemCt1Size> ct1, MlKemWork& work) {
  const Wiper wiper(work);
  Halves halves = hash_to_halves(message, header.last<32>());
  PieceWriter writer(ct1);
  sample_ephemeral<3>(halves.second.view(), work);
  encrypt_u<3>(header.first<32>(), writer, work);
  declassify(ct1);
  return std::move(halves.first);
}

Status kem_encapsulate_2(View<kKemHeaderSize> header, View<32> message, View<kKemVectorSize> vector,
                         MutView<kKemCt2Size> ct2, MlKemWork& work) {
  const Wiper wiper(work);
  const auto theirs = MutBytes(work.public_key).first<MlKem768::kPublicKeySize>();
  copy(vector, theirs);
  copy(header.first<32>(), theirs.last<32>());
  const bool known = equal_var(sha3_256(theirs), header.last<32>());
  const Halves halves = hash_to_halves(message, header.last<32>());
  PieceWriter writer(ct2);
  sample_ephemeral<3>(halves.second.view(), work);
  if (!encrypt_v<3>(vector, message, halves.second.view(), writer, work) || !known) {
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
