// Calls every primitive that handles a secret, and the tunnel's handshake, with
// the secrets marked for valgrind (core/crypto/ct.h). usage: ctime all | leak-branch | leak-index
#include <sodium.h>

#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/crypto/aead.h"
#include "core/crypto/aes256_cbc.h"
#include "core/crypto/aes_cbc.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/blake2s_code.h"
#include "core/crypto/chacha_poly.h"
#include "core/crypto/ct.h"
#include "core/crypto/field25519_32.h"
#include "core/crypto/field25519_64.h"
#include "core/crypto/hkdf.h"
#include "core/crypto/hmac.h"
#include "core/crypto/keccak.h"
#include "core/crypto/kyber.h"
#include "core/crypto/mlkem_portable.h"
#include "core/crypto/sha2.h"
#include "core/crypto/sha2_portable.h"
#include "core/crypto/sha3.h"
#include "core/crypto/x25519.h"
#include "core/crypto/x25519_ladder.h"
#include "core/crypto/xeddsa.h"
#include "core/wg/noise.h"

namespace core::crypto {
namespace {

// N bytes that are `first` and zeros, marked secret.
template <std::size_t N>
ByteArray<N> secret(std::uint8_t first) {
  ByteArray<N> out{first};
  classify(out);
  return out;
}

void comparison() {
  const auto a = secret<33>(1), b = secret<33>(1), c = secret<33>(2);
  auto to = secret<33>(3);
  if (!ct_equal(a, b) || ct_equal(a, c)) std::puts("ct_equal is wrong");
  std::uint8_t mask = 0xff;
  classify({&mask, 1});
  ct_copy_if(mask, a, to);
}

void hashes() {
  const auto text = secret<200>(1);
  const auto key = secret<32>(2);
  ByteArray<100> out;
  (void)sha256(text);
  (void)sha512(text);
  ByteArray<64> digest;
  Sha256 portable_256;
  portable_256.update(text);
  portable_256.finish(MutView<64>(digest).first<32>());
  Sha512 portable_512;
  portable_512.update(text);
  portable_512.finish(digest);
  (void)sha3_256(text);
  (void)sha3_512(text);
  shake256(text, out);
  blake2s(key, text, MutBytes(out).first(32));
  std::array<std::uint32_t, 8> h{};
  blake2s_code::compress_portable(h.data(), {text.data(), 64, 0});
  (void)hmac_sha256(key, {text, text});
  (void)hmac_sha256(text, {text});  // a key that is hashed first
  hkdf_sha256(key, text, text, out);
}

void ciphers() {
  const auto key = secret<32>(1);
  const ByteArray<24> nonce{};
  const View<24> long_nonce(nonce);
  auto text = secret<116>(2);
  (void)aes256_cbc_encrypt(key, long_nonce.first<16>(), Bytes(text).first(100), text);
  const auto ciphertext = Bytes(text).first(112);
  (void)aes256_cbc_decrypt(key, long_nonce.first<16>(), ciphertext, text);
  auto garbage = secret<112>(3);  // wrong padding, most likely
  (void)aes256_cbc_decrypt(key, long_nonce.first<16>(), garbage, garbage);
  auto blocks = secret<96>(4);
  aes256::cbc_encrypt_portable(key, long_nonce.first<16>(), blocks);
  aes256::cbc_decrypt_portable(key, long_nonce.first<16>(), blocks);

  for (int tampered = 0; tampered < 2; ++tampered) {
    chacha20_poly1305_seal(key, long_nonce.first<12>(), nonce, text);
    text[0] = static_cast<std::uint8_t>(text[0] ^ tampered);
    (void)chacha20_poly1305_open(key, long_nonce.first<12>(), nonce, text);
    xchacha20_poly1305_seal(key, long_nonce, nonce, text);
    text[0] = static_cast<std::uint8_t>(text[0] ^ tampered);
    (void)xchacha20_poly1305_open(key, long_nonce, nonce, text);
  }
  auto packet = secret<1500>(5);  // long enough for every way to make keystream
  chacha20_poly1305_seal(key, std::uint64_t{6}, {}, packet);
  (void)chacha20_poly1305_open(key, std::uint64_t{6}, {}, packet);
  auto other = secret<100>(6);
  std::array<CountedText, 2> both{CountedText{7, packet}, CountedText{8, other}};
  chacha20_poly1305_seal_many(key, both);
  chacha20_poly1305_open_many(key, both);
  for (const auto direction : {chacha_poly::Direction::kSeal, chacha_poly::Direction::kOpen}) {
    chacha_poly::Job job{direction, key.data(),    nonce.data(),  nullptr,
                         0,         packet.data(), packet.size(), {}};
    run_portable(&job, 1);
    run_words(&job, 1);
  }
}

void curves() {
  const auto ours = x25519_private(View<32>(secret<32>(1)));
  const auto theirs = x25519_public(x25519_private(View<32>(secret<32>(2))));
  (void)x25519(ours, theirs);
  (void)x25519(ours, ByteArray<32>{1});  // of low order
  (void)x25519_public(ours);
  // What small devices do, in both representations of the field.
  const auto ladder = [&](const auto& u) {
    auto x = u, z = u;
    x25519_ladder(ours.view(), u, x, z);
    (void)to_bytes(multiply(x, invert(z)));
  };
  ladder(field32::from_bytes(theirs));
  ladder(field64::from_bytes(theirs));
  const auto signature = xeddsa_sign(ours, theirs, secret<64>(3));
  if (!xeddsa_verify(x25519_public(ours), theirs, signature).ok()) std::puts("xeddsa is wrong");
}

template <class Kem>
void kem() {
  static MlKemWork work;
  const auto seed = secret<64>(1);
  const auto message = secret<32>(2);
  ByteArray<Kem::kPublicKeySize> public_key;
  ByteArray<Kem::kPrivateKeySize> private_key;
  ByteArray<Kem::kCiphertextSize> ciphertext;
  Kem::public_key(seed, public_key, work);
  Kem::private_key(seed, private_key, work);
  (void)Kem::encapsulate(public_key, message, ciphertext, work);
  for (int tampered = 0; tampered < 2; ++tampered) {
    ciphertext[0] = static_cast<std::uint8_t>(ciphertext[0] ^ tampered);
    (void)Kem::decapsulate(seed, ciphertext, work);
    (void)Kem::decapsulate_expanded(private_key, ciphertext, work);
  }
}

// What mlkem.cc calls only where the processor has no AVX2.
void portable_kem() {
  using namespace mlkem;
  const auto bits = secret<kBinomialBits>(1);
  const auto message = secret<32>(2);
  Poly a, b;
  Factor factor;
  ByteArray<kPolyBytes> out;
  portable::take_binomial(bits, a);
  portable::from_message(message, b);
  portable::add(b, a);
  portable::transform(a);
  portable::prepare(a, factor);
  portable::dot({&a, 1}, {&a, 1}, {&factor, 1}, b);
  portable::scale(b);
  portable::make_canonical(b);
  portable::encode(b, out);
  (void)portable::decode(out, a);
  portable::transform_back(b);
  portable::subtract_from(a, b);
  for (const std::size_t size : {4, 5, 10, 11}) {
    portable::compress(a, size, MutBytes(out).first(32 * size));
    portable::decompress(Bytes(out).first(32 * size), size, b);
  }
  portable::to_message(a, MutView<kPolyBytes>(out).first<32>());
  keccak::State state{};
  classify({reinterpret_cast<const std::uint8_t*>(state.data()), sizeof(state)});
  keccak::permute_portable(state);
}

void kyber() {
  static MlKemWork work;
  const auto seed = secret<64>(1);
  ByteArray<kKyber1024PublicKeySize> public_key;
  ByteArray<kKyber1024CiphertextSize> ciphertext;
  kyber1024_public_key(seed, public_key, work);
  (void)kyber1024_encapsulate(public_key, secret<32>(2), ciphertext, work);
  (void)kyber1024_decapsulate(seed, ciphertext, work);
}

// The tunnel's handshake, both sides. What they send each other is public.
void handshake() {
  using namespace wg;
  const auto ours = x25519_private(View<32>(secret<32>(1)));
  const auto theirs = x25519_private(View<32>(secret<32>(2)));
  const auto ephemeral = x25519_private(View<32>(secret<32>(3)));
  const auto preshared_key = secret<32>(4);
  const auto our_public = x25519_public(ours), their_public = x25519_public(theirs);
  Secret<32> static_static;
  (void)agree(ours, their_public, static_static);
  ByteArray<Initiation::kSize> first{};
  ByteArray<Response::kSize> second{};
  auto& initiation = message_at<Initiation>(first);
  auto& response = message_at<Response>(second);
  Handshake kept;
  SymmetricState state;
  TransportKeys keys;
  (void)create_initiation({our_public, their_public, static_static}, ephemeral,
                          ByteArray<kTimestampSize>{}, kept, initiation);
  declassify(first);
  if (!consume_static(theirs, their_public, initiation, state) ||
      !consume_timestamp(static_static, initiation, state)) {
    return std::puts("the initiation is wrong"), void();
  }
  if (!create_response(state, {initiation.static_key(), initiation.ephemeral}, ephemeral,
                       preshared_key, response)) {
    return std::puts("there is no response"), void();
  }
  state.split(keys.receive, keys.send);
  declassify(second);
  for (int tampered = 0; tampered < 2; ++tampered) {
    auto copy = response;
    copy.encrypted_nothing[0] = static_cast<std::uint8_t>(copy.encrypted_nothing[0] ^ tampered);
    if (consume_response(kept, ours, preshared_key, copy, state).ok() != (tampered == 0)) {
      std::puts("the response is wrong");
    }
  }
}

void leak_branch() {
  const auto s = secret<1>(1);
  if (s[0] == 1) std::puts("leaked by a branch");
}

void leak_index() {
  static const std::vector<std::uint8_t> table(256, 7);
  const auto s = secret<1>(1);
  volatile std::uint8_t out = table[s[0]];
  (void)out;
}

}  // namespace
}  // namespace core::crypto

int main(int argc, char** argv) {
  using namespace core::crypto;
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what == "leak-branch") return leak_branch(), 0;
  if (what == "leak-index") return leak_index(), 0;
  if (what != "all") return 2;
  // Once with the libraries' plain code, and once with their best.
  for (int round = 0; round < 2; ++round) {
    comparison();
    hashes();
    ciphers();
    curves();
    kem<MlKem768>();
    kem<MlKem1024>();
    portable_kem();
    kyber();
    handshake();
    if (sodium_init() < 0) return 2;
  }
  return 0;
}
