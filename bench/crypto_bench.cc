// The primitives in one thread: items per second are per second of CPU time.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <sodium.h>

#include <vector>

#include "core/crypto/aead.h"
#include "core/crypto/aes256_cbc.h"
#include "core/crypto/aes_cbc.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/chacha_poly.h"
#include "core/crypto/cpu.h"
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

// ChaCha20-Poly1305 of texts of range(0) bytes: ours, and libsodium's and
// OpenSSL's in the same run.
template <class Call>
void run_packets(State& state, Call call) {
  std::vector<std::uint8_t> text(static_cast<std::size_t>(state.range(0)) + kAeadTagSize);
  run(state, [&] { call(MutBytes(text)); });
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void packet_sizes(benchmark::internal::Benchmark* benchmark) {
  for (const int size : {64, 256, 1000, 1420}) benchmark->Arg(size);
}

void chacha20_poly1305_seal(State& state) {
  std::uint64_t counter = 0;
  run_packets(state,
              [&](MutBytes text) { crypto::chacha20_poly1305_seal(kKey, ++counter, {}, text); });
}
BENCHMARK(chacha20_poly1305_seal)->Apply(packet_sizes);

#ifdef __x86_64__
// What processors with AVX2 and no AVX-512 run.
void chacha20_poly1305_avx2(State& state, chacha_poly::Direction direction, std::size_t count) {
  if (!cpu::has_avx2()) return state.SkipWithError("this processor has no AVX2");
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::uint8_t> memory(count * size);
  std::vector<chacha_poly::Job> jobs;
  for (std::size_t i = 0; i < count; ++i) {
    jobs.push_back(
        {direction, kKey.data(), kNonce.data(), nullptr, 0, memory.data() + i * size, size, {}});
  }
  for (auto _ : state) {
    chacha_poly::run_avx2(jobs.data(), count);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}
BENCHMARK_CAPTURE(chacha20_poly1305_avx2, seal, chacha_poly::Direction::kSeal, 1)
    ->Apply(packet_sizes);
BENCHMARK_CAPTURE(chacha20_poly1305_avx2, open, chacha_poly::Direction::kOpen, 1)
    ->Apply(packet_sizes);
BENCHMARK_CAPTURE(chacha20_poly1305_avx2, seal_many, chacha_poly::Direction::kSeal, 8)
    ->Apply(packet_sizes);
#endif

void chacha20_poly1305_open(State& state) {
  std::vector<std::uint8_t> sealed(static_cast<std::size_t>(state.range(0)) + kAeadTagSize);
  crypto::chacha20_poly1305_seal(kKey, std::uint64_t{1}, {}, sealed);
  auto text = sealed;
  run(state, [&] {
    std::copy(sealed.begin(), sealed.end(), text.begin());
    CHECK(crypto::chacha20_poly1305_open(kKey, std::uint64_t{1}, {}, text).ok());
  });
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(chacha20_poly1305_open)->Apply(packet_sizes);

// Batches of 16; an item is a text.
void chacha20_poly1305_seal_many(State& state) {
  constexpr std::size_t kCount = 16;
  const auto size = static_cast<std::size_t>(state.range(0)) + kAeadTagSize;
  std::vector<std::uint8_t> memory(kCount * size);
  std::vector<CountedText> texts;
  for (std::size_t i = 0; i < kCount; ++i) {
    texts.push_back({i, MutBytes(memory).subspan(i * size, size)});
  }
  for (auto _ : state) {
    crypto::chacha20_poly1305_seal_many(kKey, texts);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kCount);
}
BENCHMARK(chacha20_poly1305_seal_many)->Apply(packet_sizes);

void chacha20_poly1305_seal_libsodium(State& state) {
  ByteArray<12> nonce{};
  run_packets(state, [&](MutBytes text) {
    ++nonce[4];
    const auto size = text.size() - kAeadTagSize;
    crypto_aead_chacha20poly1305_ietf_encrypt_detached(text.data(), text.data() + size, nullptr,
                                                       text.data(), size, nullptr, 0, nullptr,
                                                       nonce.data(), kKey.data());
  });
}
BENCHMARK(chacha20_poly1305_seal_libsodium)->Apply(packet_sizes);

// The context and the key are kept: only the nonce is new.
void chacha20_poly1305_seal_openssl(State& state) {
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  CHECK(EVP_EncryptInit_ex(context, EVP_chacha20_poly1305(), nullptr, kKey.data(), nullptr) == 1);
  ByteArray<12> nonce{};
  run_packets(state, [&](MutBytes text) {
    ++nonce[4];
    const auto size = static_cast<int>(text.size() - kAeadTagSize);
    int written = 0;
    CHECK(EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1);
    CHECK(EVP_EncryptUpdate(context, text.data(), &written, text.data(), size) == 1);
    CHECK(EVP_EncryptFinal_ex(context, text.data() + size, &written) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagSize, text.data() + size) ==
          1);
  });
  EVP_CIPHER_CTX_free(context);
}
BENCHMARK(chacha20_poly1305_seal_openssl)->Apply(packet_sizes);

void xchacha20_poly1305_seal(State& state) {
  run_bytes(state, [](MutBytes text) { crypto::xchacha20_poly1305_seal(kKey, kNonce, {}, text); });
}
BENCHMARK(xchacha20_poly1305_seal)->Arg(64)->Arg(1436);

void blake2s_256(State& state) {
  ByteArray<32> out;
  run_bytes(state, [&](MutBytes text) { blake2s(kKey, text, out); });
}
BENCHMARK(blake2s_256)->Arg(32)->Arg(1024)->Arg(1420);

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
