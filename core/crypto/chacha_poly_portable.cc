// By libsodium, which picks its best code for the processor itself.
#include <sodium.h>

#include "core/base/bytes.h"
#include "core/crypto/chacha_poly.h"
#include "core/crypto/words.h"

namespace core::crypto::chacha_poly {
namespace {

class Mac {
 public:
  explicit Mac(View<32> one_time_key) {
    crypto_onetimeauth_poly1305_init(&state_, one_time_key.data());
  }
  ~Mac() { wipe({reinterpret_cast<std::uint8_t*>(&state_), sizeof(state_)}); }
  Mac(const Mac&) = delete;
  Mac& operator=(const Mac&) = delete;

  // Absorbs `text`, filled up with zeros to whole blocks.
  void absorb(Bytes text) {
    constexpr ByteArray<15> kZeros{};
    crypto_onetimeauth_poly1305_update(&state_, text.data(), text.size());
    crypto_onetimeauth_poly1305_update(&state_, kZeros.data(), (16 - text.size() % 16) % 16);
  }
  void finish(MutView<16> tag) { crypto_onetimeauth_poly1305_final(&state_, tag.data()); }

 private:
  crypto_onetimeauth_poly1305_state state_;
};

void crypt(const Job& job) {
  if (job.size == 0) return;  // the text may be a null pointer
  crypto_stream_chacha20_ietf_xor_ic(job.text, job.text, job.size, job.nonce, 1, job.key);
}

void run_one(Job& job) {
  Secret<32> one_time_key;
  crypto_stream_chacha20_ietf(one_time_key.mut().data(), 32, job.nonce, job.key);
  if (job.direction == Direction::kSeal) crypt(job);
  Mac mac(one_time_key.view());
  mac.absorb({job.ad, job.ad_size});
  mac.absorb({job.text, job.size});
  ByteArray<16> sizes;
  store_u64_le(job.ad_size, MutView<16>(sizes).first<8>());
  store_u64_le(job.size, MutView<16>(sizes).last<8>());
  mac.absorb(sizes);
  mac.finish(job.tag);
  if (job.direction == Direction::kOpen) crypt(job);
}

}  // namespace

void run_portable(Job* jobs, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) run_one(jobs[i]);
}

}  // namespace core::crypto::chacha_poly
