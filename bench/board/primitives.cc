// Known answers of the primitives, and what each costs.
#include "bench/board/report.h"
#include "core/crypto/aead.h"
#include "core/crypto/aes_cbc.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/hkdf.h"
#include "core/crypto/hmac.h"
#include "core/crypto/kyber.h"
#include "core/crypto/mlkem.h"
#include "core/crypto/sha2.h"
#include "core/crypto/sha3.h"
#include "core/crypto/x25519.h"
#include "core/crypto/xeddsa.h"

namespace bench::board {
namespace {

using namespace core;
using namespace core::crypto;

constexpr std::uint8_t value_of(char digit) {
  return static_cast<std::uint8_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

template <std::size_t N>
constexpr ByteArray<N> hex(const char (&text)[2 * N + 1]) {
  ByteArray<N> out{};
  for (std::size_t i = 0; i < N; ++i) {
    out[i] = static_cast<std::uint8_t>(value_of(text[2 * i]) << 4 | value_of(text[2 * i + 1]));
  }
  return out;
}

// [RFC7748] 5.2.
constexpr auto kScalar =
    hex<32>("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
constexpr auto kU = hex<32>("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
constexpr auto kProduct =
    hex<32>("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
// [RFC7748] 6.1.
constexpr auto kAlice = hex<32>("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
constexpr auto kAlicePublic =
    hex<32>("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
// [FIPS180]: SHA-256 of "abc".
constexpr auto kAbc = hex<32>("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
// [RFC4231] 4.3, test case 2.
constexpr auto kHmac = hex<32>("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");

MlKemWork g_work;
ByteArray<1024 + kAeadTagSize> g_text;
ByteArray<MlKem1024::kPublicKeySize> g_public_key;
ByteArray<MlKem1024::kCiphertextSize> g_ciphertext;
ByteArray<MlKem1024::kPrivateKeySize> g_private_key;

template <std::size_t N>
ByteArray<N> pattern(std::uint8_t seed) {
  ByteArray<N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = static_cast<std::uint8_t>(seed + 7 * i);
  return out;
}

void run_curve(Report& report, Transcript& transcript) {
  const auto agree_with = [&](const Secret<32>& key, View<32> u) {
    Secret<32> out;
    report.measure("X25519 agreement", [&] { out = *x25519(key, u); });
    transcript.add(out.view());
    return out;
  };
  const auto product = agree_with(Secret<32>(kScalar), kU);
  must(equal_var(product.view(), kProduct), "X25519");
  ByteArray<32> u{};
  report.measure("X25519 public key", [&] { u = x25519_public(Secret<32>(kAlice)); });
  must(u == kAlicePublic, "X25519 public key");

  const Secret<32> key = x25519_private(View<32>(kAlice));
  const auto random = pattern<64>(1);
  ByteArray<64> signature{};
  report.measure("XEdDSA sign, 33 bytes",
                 [&] { signature = xeddsa_sign(key, pattern<33>(2), random); });
  transcript.add(signature);
  bool holds = false;
  report.measure("XEdDSA verify, 33 bytes",
                 [&] { holds = xeddsa_verify(u, pattern<33>(2), signature).ok(); });
  must(holds && !xeddsa_verify(u, pattern<33>(3), signature), "XEdDSA");
  report.measure("X25519 public key: of prime order?",
                 [&] { holds = x25519_is_prime_order_var(u); });
  must(holds, "prime order");
}

template <class Kem>
void run_kem(Report& report, Transcript& transcript, const std::array<const char*, 5>& names) {
  const auto seed = pattern<64>(4);
  const MutView<Kem::kPublicKeySize> public_key(g_public_key.data(), Kem::kPublicKeySize);
  const MutView<Kem::kCiphertextSize> ciphertext(g_ciphertext.data(), Kem::kCiphertextSize);
  const MutView<Kem::kPrivateKeySize> private_key(g_private_key.data(), Kem::kPrivateKeySize);
  report.measure(names[0], [&] { Kem::public_key(seed, public_key, g_work); });
  transcript.add(public_key);
  Kem::private_key(seed, private_key, g_work);
  transcript.add(private_key);
  Secret<32> theirs, ours;
  report.measure(names[1], [&] {
    theirs = *Kem::encapsulate(public_key, pattern<32>(5), ciphertext, g_work);
  });
  transcript.add(ciphertext);
  transcript.add(theirs.view());
  report.measure(names[2],
                 [&] { ours = *Kem::decapsulate_expanded(private_key, ciphertext, g_work); });
  must(equal_var(ours.view(), theirs.view()), "ML-KEM, expanded key");
  report.measure(names[3], [&] { ours = Kem::decapsulate(seed, ciphertext, g_work); });
  must(equal_var(ours.view(), theirs.view()), "ML-KEM, seed");
  ciphertext[0] ^= 1;
  report.measure(names[4], [&] { ours = Kem::decapsulate(seed, ciphertext, g_work); });
  must(!equal_var(ours.view(), theirs.view()), "ML-KEM, another ciphertext");
  transcript.add(ours.view());
}

void run_symmetric(Report& report, Transcript& transcript) {
  const auto key = pattern<32>(6);
  g_text = pattern<sizeof(g_text)>(7);
  const MutBytes kilobyte = MutBytes(g_text).first<1024>();
  report.measure("ChaCha20-Poly1305 seal, 1024 bytes",
                 [&] { chacha20_poly1305_seal(key, pattern<12>(8), {}, g_text); });
  transcript.add(g_text);
  bool opens = false;
  report.measure("ChaCha20-Poly1305 open, 1024 bytes",
                 [&] { opens = chacha20_poly1305_open(key, pattern<12>(8), {}, g_text).ok(); });
  must(opens, "ChaCha20-Poly1305");
  transcript.add(g_text);

  ByteArray<112> sealed{}, opened{};
  report.measure("AES-256-CBC encrypt, 100 bytes", [&] {
    must(aes256_cbc_encrypt(key, pattern<16>(9), kilobyte.first(100), sealed).ok(), "AES");
  });
  transcript.add(sealed);
  report.measure("AES-256-CBC decrypt, 100 bytes", [&] {
    must(aes256_cbc_decrypt(key, pattern<16>(9), sealed, opened).ok(), "AES");
  });
  must(equal_var(Bytes(opened).first(100), kilobyte.first(100)), "AES-256-CBC");

  ByteArray<32> hash{};
  report.measure("SHA-256, 3 bytes", [&] { hash = sha256(label("abc")); });
  must(hash == kAbc, "SHA-256");
  report.measure("SHA-256, 1024 bytes", [&] { hash = sha256(kilobyte); });
  ByteArray<64> long_hash{};
  report.measure("SHA-512, 97 bytes", [&] { long_hash = sha512(kilobyte.first(97)); });
  transcript.add(long_hash);
  report.measure("HMAC-SHA-256, 28 bytes", [&] {
    const auto mac = hmac_sha256(label("Jefe"), {label("what do ya want for nothing?")});
    hash = to_array(mac.view());
  });
  must(hash == kHmac, "HMAC-SHA-256");
  report.measure("HKDF, 80 bytes", [&] {
    const auto out = hkdf_sha256<80>(key, key, label("x"));
    transcript.add(out.view());
  });
  report.measure("SHA3-256, 1024 bytes", [&] { hash = sha3_256(kilobyte); });
  transcript.add(hash);
}

}  // namespace

void run_primitives(Report& report, Transcript& transcript) {
  run_curve(report, transcript);
  run_kem<MlKem1024>(
      report, transcript,
      {"ML-KEM-1024 key pair", "ML-KEM-1024 encapsulate", "ML-KEM-1024 decapsulate, expanded key",
       "ML-KEM-1024 decapsulate, seed", "ML-KEM-1024 decapsulate, a wrong ciphertext"});
  run_kem<MlKem768>(
      report, transcript,
      {"ML-KEM-768 key pair", "ML-KEM-768 encapsulate", "ML-KEM-768 decapsulate, expanded key",
       "ML-KEM-768 decapsulate, seed", "ML-KEM-768 decapsulate, a wrong ciphertext"});
  run_symmetric(report, transcript);
}

}  // namespace bench::board
