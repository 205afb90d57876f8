// The primitives in one thread: items per second are per second of CPU time.
#include <benchmark/benchmark.h>
#include <sodium.h>

#include <vector>

#include "core/crypto/aead.h"
#include "core/crypto/aes256_cbc.h"
#include "core/crypto/aes_cbc.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/hkdf.h"
#include "core/crypto/hmac.h"
#include "core/crypto/keccak.h"
#include "core/crypto/kyber.h"
#include "core/crypto/sha2.h"
#include "core/crypto/sha3.h"
#include "core/crypto/x25519.h"
#include "core/crypto/xeddsa.h"

namespace core::crypto {
namespace {

using benchmark::DoNotOptimize;
using benchmark::State;

// Runs `call` for as long as the framework asks, one item each.
template <class Call>
void run(State& state, Call call) {
  for (auto _ : state) {
    call();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

// The same for calls that work through range(0) bytes.
template <class Call>
void run_bytes(State& state, Call call) {
  std::vector<std::uint8_t> text(static_cast<std::size_t>(state.range(0)));
  run(state, [&] { call(MutBytes(text)); });
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

const ByteArray<32> kKey{1, 2, 3};
const ByteArray<24> kNonce{4, 5, 6};

void sha_256(State& state) {
  run_bytes(state, [](MutBytes text) { DoNotOptimize(sha256(text)); });
}
BENCHMARK(sha_256)->Arg(32)->Arg(1024);

void sha_512(State& state) {
  run_bytes(state, [](MutBytes text) { DoNotOptimize(sha512(text)); });
}
BENCHMARK(sha_512)->Arg(97)->Arg(1024);

void hmac_sha_256(State& state) {
  run_bytes(state, [](MutBytes text) { DoNotOptimize(hmac_sha256(kKey, {text})); });
}
BENCHMARK(hmac_sha_256)->Arg(1)->Arg(200);

void hkdf_sha_256(State& state) {  // range(0) bytes out of 32
  run_bytes(state, [](MutBytes out) { hkdf_sha256(kKey, kKey, kKey, out); });
}
BENCHMARK(hkdf_sha_256)->Arg(64)->Arg(80)->Arg(96);

void aes_256_cbc_encrypt(State& state) {  // text of range(0) - 1 bytes
  run_bytes(state, [](MutBytes text) {
    DoNotOptimize(
        aes256_cbc_encrypt(kKey, View<24>(kNonce).first<16>(), text.first(text.size() - 1), text));
  });
}
BENCHMARK(aes_256_cbc_encrypt)->Arg(112)->Arg(1024);

void aes_256_cbc_decrypt(State& state) {
  run_bytes(state, [](MutBytes text) {
    DoNotOptimize(aes256_cbc_decrypt(kKey, View<24>(kNonce).first<16>(), text, text));
  });
}
BENCHMARK(aes_256_cbc_decrypt)->Arg(112)->Arg(1024);

void aes_256_cbc_encrypt_portable(State& state) {
  run_bytes(state, [](MutBytes text) {
    aes256::cbc_encrypt_portable(kKey, View<24>(kNonce).first<16>(), text);
  });
}
BENCHMARK(aes_256_cbc_encrypt_portable)->Arg(112);

void aes_256_cbc_decrypt_portable(State& state) {
  run_bytes(state, [](MutBytes text) {
    aes256::cbc_decrypt_portable(kKey, View<24>(kNonce).first<16>(), text);
  });
}
BENCHMARK(aes_256_cbc_decrypt_portable)->Arg(112);

void chacha20_poly1305_seal(State& state) {
  run_bytes(state, [](MutBytes text) {
    crypto::chacha20_poly1305_seal(kKey, View<24>(kNonce).first<12>(), {}, text);
  });
}
BENCHMARK(chacha20_poly1305_seal)->Arg(64)->Arg(1436);

void xchacha20_poly1305_seal(State& state) {
  run_bytes(state, [](MutBytes text) { crypto::xchacha20_poly1305_seal(kKey, kNonce, {}, text); });
}
BENCHMARK(xchacha20_poly1305_seal)->Arg(64)->Arg(1436);

void blake2s_256(State& state) {
  ByteArray<32> out;
  run_bytes(state, [&](MutBytes text) { blake2s(kKey, text, out); });
}
BENCHMARK(blake2s_256)->Arg(32)->Arg(1024);

void sha3_256(State& state) {
  run_bytes(state, [](MutBytes text) { DoNotOptimize(crypto::sha3_256(text)); });
}
BENCHMARK(sha3_256)->Arg(32)->Arg(1568);

void keccak_four_at_once(State& state) {
  keccak::FourStates states{};
  run(state, [&] { keccak::permute4(states, 4); });
}
BENCHMARK(keccak_four_at_once);

void keccak_four_at_once_portable(State& state) {
  keccak::FourStates states{};
  run(state, [&] { keccak::permute4_portable(states, 4); });
}
BENCHMARK(keccak_four_at_once_portable);

void x25519_public(State& state) {
  const auto key = x25519_private(View<32>(kKey));
  run(state, [&] { DoNotOptimize(crypto::x25519_public(key)); });
}
BENCHMARK(x25519_public);

void x25519_agree(State& state) {
  const auto key = x25519_private(View<32>(kKey));
  const auto theirs = crypto::x25519_public(key);
  run(state, [&] { DoNotOptimize(x25519(key, theirs)); });
}
BENCHMARK(x25519_agree);

void x25519_is_prime_order(State& state) {
  const auto key = crypto::x25519_public(x25519_private(View<32>(kKey)));
  run(state, [&] { DoNotOptimize(x25519_is_prime_order_var(key)); });
}
BENCHMARK(x25519_is_prime_order);

void xeddsa_sign(State& state) {
  const auto key = x25519_private(View<32>(kKey));
  run(state, [&] { DoNotOptimize(crypto::xeddsa_sign(key, kKey, ByteArray<64>{})); });
}
BENCHMARK(xeddsa_sign);

void xeddsa_verify(State& state) {
  const auto key = x25519_private(View<32>(kKey));
  const auto ours = crypto::x25519_public(key);
  const auto signature = crypto::xeddsa_sign(key, kKey, ByteArray<64>{});
  run(state, [&] { DoNotOptimize(crypto::xeddsa_verify(ours, kKey, signature)); });
}
BENCHMARK(xeddsa_verify);

// Keys and buffers of one KEM.
template <class Kem>
struct KemSetting {
  KemSetting() {
    Kem::public_key(seed, public_key, work);
    Kem::private_key(seed, private_key, work);
    CHECK(Kem::encapsulate(public_key, kKey, ciphertext, work).ok());
  }

  MlKemWork work;
  ByteArray<64> seed{7, 8, 9};
  ByteArray<Kem::kPublicKeySize> public_key;
  ByteArray<Kem::kPrivateKeySize> private_key;
  ByteArray<Kem::kCiphertextSize> ciphertext;
};

template <class Kem>
void mlkem_public_key(State& state) {
  KemSetting<Kem> s;
  run(state, [&] { Kem::public_key(s.seed, s.public_key, s.work); });
}
BENCHMARK(mlkem_public_key<MlKem768>);
BENCHMARK(mlkem_public_key<MlKem1024>);

template <class Kem>
void mlkem_key_pair(State& state) {
  KemSetting<Kem> s;
  run(state, [&] { Kem::private_key(s.seed, s.private_key, s.work); });
}
BENCHMARK(mlkem_key_pair<MlKem768>);
BENCHMARK(mlkem_key_pair<MlKem1024>);

template <class Kem>
void mlkem_encapsulate(State& state) {
  KemSetting<Kem> s;
  run(state, [&] { DoNotOptimize(Kem::encapsulate(s.public_key, kKey, s.ciphertext, s.work)); });
}
BENCHMARK(mlkem_encapsulate<MlKem768>);
BENCHMARK(mlkem_encapsulate<MlKem1024>);

template <class Kem>
void mlkem_decapsulate(State& state) {
  KemSetting<Kem> s;
  run(state,
      [&] { DoNotOptimize(Kem::decapsulate_expanded(s.private_key, s.ciphertext, s.work)); });
}
BENCHMARK(mlkem_decapsulate<MlKem768>);
BENCHMARK(mlkem_decapsulate<MlKem1024>);

template <class Kem>
void mlkem_decapsulate_from_seed(State& state) {
  KemSetting<Kem> s;
  run(state, [&] { DoNotOptimize(Kem::decapsulate(s.seed, s.ciphertext, s.work)); });
}
BENCHMARK(mlkem_decapsulate_from_seed<MlKem768>);
BENCHMARK(mlkem_decapsulate_from_seed<MlKem1024>);

}  // namespace
}  // namespace core::crypto

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;  // libsodium's best code for this processor
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
