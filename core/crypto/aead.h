// ChaCha20-Poly1305 and XChaCha20-Poly1305. Constant time but for the sizes.
// On x86-64 our code for AVX-512VL or AVX2, the better that the processor has; on
// a board ours in 32-bit words; else libsodium's. All give the same results.
// Spec: [RFC8439] 2.8, [XChaCha] 2.
#ifndef CORE_CRYPTO_AEAD_H_
#define CORE_CRYPTO_AEAD_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::crypto {

inline constexpr std::size_t kAeadTagSize = 16;

// Encrypts `text` in place: `text` is the plaintext followed by kAeadTagSize
// bytes of room for the tag. REQUIRES: text.size() >= kAeadTagSize.
// Never use a nonce twice with one key.
void chacha20_poly1305_seal(View<32> key, View<12> nonce, Bytes ad, MutBytes text);
void xchacha20_poly1305_seal(View<32> key, View<24> nonce, Bytes ad, MutBytes text);
// With a nonce that counts: four zero bytes, and `counter` as little-endian.
void chacha20_poly1305_seal(View<32> key, std::uint64_t counter, Bytes ad, MutBytes text);

// Decrypts `text`, ciphertext and tag, in place and returns the plaintext's
// size, text.size() - kAeadTagSize. Errors: kMalformed if there is no room for
// a tag; kBadTag, and then `text` is all zeros.
Result<std::size_t> chacha20_poly1305_open(View<32> key, View<12> nonce, Bytes ad, MutBytes text);
Result<std::size_t> xchacha20_poly1305_open(View<32> key, View<24> nonce, Bytes ad, MutBytes text);
Result<std::size_t> chacha20_poly1305_open(View<32> key, std::uint64_t counter, Bytes ad,
                                           MutBytes text);

// A text of a batch: without associated data, and with a nonce that counts.
struct CountedText {
  std::uint64_t counter = 0;
  MutBytes text{};  // as above
  bool authentic = false;
};

// Texts that are worked on together: in vector code a batch takes less time than
// its texts one by one, as the end of one is worked on beside the beginning of
// the next. More of them in one call are as many batches.
#ifdef __x86_64__
inline constexpr std::size_t kAeadBatch = 8;
#else
inline constexpr std::size_t kAeadBatch = 1;
#endif

// As chacha20_poly1305_seal() of each text, and as chacha20_poly1305_open(),
// which sets `authentic`; a text that is not is all zeros then, also one that is
// too short. REQUIRES to seal: room for each tag.
void chacha20_poly1305_seal_many(View<32> key, std::span<const CountedText> texts);
void chacha20_poly1305_open_many(View<32> key, std::span<CountedText> texts);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_AEAD_H_
