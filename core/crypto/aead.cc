// Both AEADs by libsodium: in place, no heap.
#include "core/crypto/aead.h"

#include <sodium.h>

#include "core/crypto/ct.h"

namespace core::crypto {
namespace {

// Which text comes out is public: the sender knows whether the tag is right.
bool declassified_success(int code) {
  declassify({reinterpret_cast<const std::uint8_t*>(&code), sizeof(code)});
  return code == 0;
}

}  // namespace

void chacha20_poly1305_seal(View<32> key, View<12> nonce, Bytes ad, MutBytes text) {
  CHECK(text.size() >= kAeadTagSize);
  const std::size_t size = text.size() - kAeadTagSize;
  crypto_aead_chacha20poly1305_ietf_encrypt_detached(text.data(), text.data() + size, nullptr,
                                                     text.data(), size, ad.data(), ad.size(),
                                                     nullptr, nonce.data(), key.data());
}

void xchacha20_poly1305_seal(View<32> key, View<24> nonce, Bytes ad, MutBytes text) {
  CHECK(text.size() >= kAeadTagSize);
  const std::size_t size = text.size() - kAeadTagSize;
  crypto_aead_xchacha20poly1305_ietf_encrypt_detached(text.data(), text.data() + size, nullptr,
                                                      text.data(), size, ad.data(), ad.size(),
                                                      nullptr, nonce.data(), key.data());
}

Result<std::size_t> chacha20_poly1305_open(View<32> key, View<12> nonce, Bytes ad, MutBytes text) {
  if (text.size() < kAeadTagSize) {
    wipe(text);
    return Error::kMalformed;
  }
  const std::size_t size = text.size() - kAeadTagSize;
  if (!declassified_success(crypto_aead_chacha20poly1305_ietf_decrypt_detached(
          text.data(), nullptr, text.data(), size, text.data() + size, ad.data(), ad.size(),
          nonce.data(), key.data()))) {
    wipe(text);
    return Error::kBadTag;
  }
  return size;
}

Result<std::size_t> xchacha20_poly1305_open(View<32> key, View<24> nonce, Bytes ad, MutBytes text) {
  if (text.size() < kAeadTagSize) {
    wipe(text);
    return Error::kMalformed;
  }
  const std::size_t size = text.size() - kAeadTagSize;
  if (!declassified_success(crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
          text.data(), nullptr, text.data(), size, text.data() + size, ad.data(), ad.size(),
          nonce.data(), key.data()))) {
    wipe(text);
    return Error::kBadTag;
  }
  return size;
}

}  // namespace core::crypto
