// AES-256-CBC of core/crypto by mbedTLS, as chips with a peripheral have it: known
// answers, the portable code's for every size, and where the peripheral fails. The
// linker gives mbedTLS's names to the functions __wrap_... below.
// Known answers: [SP800-38A] F.2.5, F.2.6.
#include "core/crypto/aes_cbc.h"

#include <mbedtls/aes.h>

#include "core/crypto/aes256_cbc.h"
#include "test/firmware/console.h"

namespace {

using namespace core;
using namespace core::crypto;
using namespace test::firmware;

int g_calls_that_work = 0;  // before the next one fails
int g_keys_set = 0, g_contexts_freed = 0;
bool g_context_wiped = true;  // each that was freed

constexpr int kAlways = 1'000'000;
constexpr std::size_t kMost = 544;  // bytes of a text: more than four parts of 128

template <std::size_t N>
ByteArray<N> hex(std::string_view text) {
  ByteArray<N> out;
  must(bytes_of_hex(text, out).size() == N, "a constant");
  return out;
}

void check_known_answers() {
  const auto key = hex<32>("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
  const auto iv = hex<16>("000102030405060708090a0b0c0d0e0f");
  const auto plaintext = hex<64>(
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
      "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  const auto ciphertext = hex<64>(
      "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
      "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b");
  ByteArray<64> blocks = plaintext;
  aes256::cbc_encrypt(key, iv, blocks);
  must(blocks == ciphertext, "F.2.5");
  aes256::cbc_decrypt(key, iv, blocks);
  must(blocks == plaintext, "F.2.6");
}

// A text of any size, at any place in memory, padded, and back.
void check_messages(View<32> key, View<16> iv) {
  static ByteArray<kMost + 4> room;
  for (std::size_t size = 0; size <= 300; ++size) {
    const MutBytes out = MutBytes(room).subspan(size % 4);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 11 + size);
    const auto encrypted = aes256_cbc_encrypt(key, iv, out.first(size), out);
    must(encrypted.ok() && *encrypted == aes256_cbc_size(size), "it is encrypted");
    const auto decrypted = aes256_cbc_decrypt(key, iv, out.first(*encrypted), out);
    must(decrypted.ok() && *decrypted == size, "it is decrypted");
    for (std::size_t i = 0; i < size; ++i) {
      must(out[i] == static_cast<std::uint8_t>(i * 11 + size), "it is what it was");
    }
  }
}

// The portable code's blocks, of every size up to the most, of which `working` calls of
// mbedTLS do the first.
void check_blocks(int working) {
  static ByteArray<kMost> text, expected, blocks;
  for (std::size_t i = 0; i < kMost; ++i) text[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  for (std::size_t size = 0; size <= kMost; size += kAesBlockSize) {
    ByteArray<32> key;
    ByteArray<16> iv;
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i + 3 * size);
    for (std::size_t i = 0; i < iv.size(); ++i) iv[i] = static_cast<std::uint8_t>(i ^ size >> 4);
    expected = blocks = text;
    aes256::cbc_encrypt_portable(key, iv, MutBytes(expected).first(size));
    g_calls_that_work = working;
    aes256::cbc_encrypt(key, iv, MutBytes(blocks).first(size));
    must(blocks == expected, "the portable code's ciphertext, and nothing behind it");
    g_calls_that_work = working;
    aes256::cbc_decrypt(key, iv, MutBytes(blocks).first(size));
    must(blocks == text, "the plaintext");
  }
  g_calls_that_work = kAlways;
}

bool lies_on_the_stack(Bytes secret) {
  const auto words = ports::qemu_virt::stack();
  const Bytes all(reinterpret_cast<const std::uint8_t*>(words.data()), words.size_bytes());
  return std::search(all.begin(), all.end(), secret.begin(), secret.end()) != all.end();
}

// What a call leaves: neither the key, which begins a context's round keys, nor a text.
void check_wiped() {
  static ByteArray<32> key;
  static ByteArray<160> blocks;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(0xa5 ^ i * 37);
  for (std::size_t i = 0; i < blocks.size(); ++i) blocks[i] = static_cast<std::uint8_t>(i * 91);
  static const auto text = blocks;
  ports::qemu_virt::paint_stack();
  aes256::cbc_encrypt(key, ByteArray<16>{}, blocks);
  must(!lies_on_the_stack(key) && !lies_on_the_stack(Bytes(text).last(32)), "encrypting wipes");
  aes256::cbc_decrypt(key, ByteArray<16>{}, blocks);
  must(!lies_on_the_stack(key) && !lies_on_the_stack(Bytes(text).last(32)), "decrypting wipes");
  must(blocks == text, "the plaintext");
  const ByteArray<32> left = key;
  must(lies_on_the_stack(left), "what is left is found");
}

}  // namespace

extern "C" {

int __real_mbedtls_aes_crypt_cbc(mbedtls_aes_context* context, int mode, std::size_t size,
                                 unsigned char* iv, const unsigned char* in, unsigned char* out);
int __real_mbedtls_aes_setkey_enc(mbedtls_aes_context* context, const unsigned char* key,
                                  unsigned bits);
int __real_mbedtls_aes_setkey_dec(mbedtls_aes_context* context, const unsigned char* key,
                                  unsigned bits);
void __real_mbedtls_aes_free(mbedtls_aes_context* context);

// As ESP-IDF's where it fails: it has begun, and leaves zeros.
int __wrap_mbedtls_aes_crypt_cbc(mbedtls_aes_context* context, int mode, std::size_t size,
                                 unsigned char* iv, const unsigned char* in, unsigned char* out) {
  const auto words = reinterpret_cast<std::uintptr_t>(iv) | reinterpret_cast<std::uintptr_t>(in) |
                     reinterpret_cast<std::uintptr_t>(out);
  must(words % sizeof(std::uint32_t) == 0, "words for the peripheral");
  must(size > 0 && size <= 128 && size % kAesBlockSize == 0, "no more than goes without heap");
  const int done = __real_mbedtls_aes_crypt_cbc(context, mode, size, iv, in, out);
  if (g_calls_that_work-- > 0) return done;
  std::fill_n(out, size, std::uint8_t{0});
  return -1;
}

// A key is not set either once nothing works.
int __wrap_mbedtls_aes_setkey_enc(mbedtls_aes_context* context, const unsigned char* key,
                                  unsigned bits) {
  ++g_keys_set;
  return g_calls_that_work < 0 ? -1 : __real_mbedtls_aes_setkey_enc(context, key, bits);
}

int __wrap_mbedtls_aes_setkey_dec(mbedtls_aes_context* context, const unsigned char* key,
                                  unsigned bits) {
  ++g_keys_set;
  return g_calls_that_work < 0 ? -1 : __real_mbedtls_aes_setkey_dec(context, key, bits);
}

void __wrap_mbedtls_aes_free(mbedtls_aes_context* context) {
  __real_mbedtls_aes_free(context);
  ++g_contexts_freed;
  const auto bytes = reinterpret_cast<const std::uint8_t*>(context);
  g_context_wiped = g_context_wiped && std::all_of(bytes, bytes + sizeof(*context),
                                                   [](std::uint8_t byte) { return byte == 0; });
}

}  // extern "C"

int board_main() {
  g_calls_that_work = kAlways;
  check_known_answers();
  check_messages(hex<32>("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
                 hex<16>("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"));
  check_blocks(kAlways);
  for (int working = -1; working <= 4; ++working) check_blocks(working);
  check_wiped();
  must(g_keys_set > 0 && g_contexts_freed >= g_keys_set && g_context_wiped, "contexts are wiped");
  say("all checked\n");
  return 0;
}
