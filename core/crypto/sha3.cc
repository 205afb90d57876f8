#include "core/crypto/sha3.h"

#include "core/base/result.h"
#include "core/crypto/keccak.h"
#include "core/crypto/words.h"

namespace core::crypto {
namespace {

// Bits that follow the message and start the padding. Spec: [FIPS202] 6.1, 6.2.
constexpr std::uint8_t kSha3Suffix = 0x06;
constexpr std::uint8_t kShakeSuffix = 0x1f;

void xor_byte(keccak::State& state, std::size_t at, std::uint8_t byte) {
  state[at / 8] ^= std::uint64_t{byte} << (8 * (at % 8));
}

// Adds the message to the block that is filled up to `at`; returns where the
// block ends now, below `rate`.
std::size_t absorb(keccak::State& state, std::size_t rate, std::size_t at, Bytes message) {
  while (!message.empty()) {
    if (at % 8 == 0 && message.size() >= 8) {
      state[at / 8] ^= load_u64_le(message.first<8>());
      message = message.subspan(8);
      at += 8;
    } else {
      xor_byte(state, at, message[0]);
      message = message.subspan(1);
      at += 1;
    }
    if (at == rate) {
      keccak::permute(state);
      at = 0;
    }
  }
  return at;
}

void pad(keccak::State& state, std::size_t rate, std::size_t at, std::uint8_t suffix) {
  xor_byte(state, at, suffix);
  xor_byte(state, rate - 1, 0x80);
  keccak::permute(state);
}

void wipe_state(keccak::State& state) {
  wipe({reinterpret_cast<std::uint8_t*>(state.data()), sizeof(state)});
}

void sha3(Bytes message, MutBytes digest) {
  const std::size_t rate = 200 - 2 * digest.size();
  keccak::State state{};
  pad(state, rate, absorb(state, rate, 0, message), kSha3Suffix);
  for (std::size_t i = 0; i < digest.size(); i += 8) {
    store_u64_le(state[i / 8], MutView<8>(digest.data() + i, 8));
  }
  wipe_state(state);
}

}  // namespace

ByteArray<32> sha3_256(Bytes message) {
  ByteArray<32> digest;
  sha3(message, digest);
  return digest;
}

ByteArray<64> sha3_512(Bytes message) {
  ByteArray<64> digest;
  sha3(message, digest);
  return digest;
}

Shake::Shake(Strength strength) : rate_(strength == Strength::k128 ? 168 : 136) {}

Shake::~Shake() { wipe_state(state_); }

void Shake::absorb(Bytes message) {
  CHECK(!squeezing_);
  at_ = crypto::absorb(state_, rate_, at_, message);
}

void Shake::squeeze(MutBytes out) {
  if (!squeezing_) {
    pad(state_, rate_, at_, kShakeSuffix);
    squeezing_ = true;
    at_ = 0;
  }
  while (!out.empty()) {
    if (at_ == rate_) {
      keccak::permute(state_);
      at_ = 0;
    }
    if (at_ % 8 == 0 && out.size() >= 8) {
      store_u64_le(state_[at_ / 8], out.first<8>());
      out = out.subspan(8);
      at_ += 8;
    } else {
      out[0] = static_cast<std::uint8_t>(state_[at_ / 8] >> (8 * (at_ % 8)));
      out = out.subspan(1);
      at_ += 1;
    }
  }
}

void shake128(Bytes message, MutBytes out) {
  Shake shake(Shake::Strength::k128);
  shake.absorb(message);
  shake.squeeze(out);
}

void shake256(Bytes message, MutBytes out) {
  Shake shake(Shake::Strength::k256);
  shake.absorb(message);
  shake.squeeze(out);
}

}  // namespace core::crypto
