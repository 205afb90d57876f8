#include "core/messenger/checkpoint.h"

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/crypto/ct.h"
#include "core/crypto/hmac.h"

namespace core::messenger {
namespace {

constexpr auto kLabel = label("Ginnel checkpoint 1");
constexpr ByteArray<1> kTag = {1}, kMask = {2};
constexpr std::size_t kTagSize = 16, kTextSize = 32;
static_assert(kTagSize + kTextSize == api::Checkpoint::kSealSize);

// The tag is made of what is sealed and is the mask's input: two texts of one
// generation, after an undetected return, give nothing away but that they differ.
struct Sealer {
  Sealer(const Secret<32>& identity_key, std::uint64_t generation)
      : key(crypto::hmac_sha256(identity_key.view(), {kLabel})) {
    Writer(number).u64_be(generation);
  }
  ByteArray<kTagSize> tag(Bytes text) const {
    const auto full = crypto::hmac_sha256(key.view(), {kTag, number, text});
    return to_array(full.view().first<kTagSize>());
  }
  void mask(View<kTagSize> tag, MutView<kTextSize> text) const {
    const auto stream = crypto::hmac_sha256(key.view(), {kMask, tag});
    for (std::size_t i = 0; i < kTextSize; ++i) text[i] ^= stream.view()[i];
  }
  Secret<32> key;
  ByteArray<8> number{};
};

}  // namespace

api::Checkpoint seal_checkpoint(const Secret<32>& identity_key, std::uint64_t generation,
                                const Progress& progress) {
  ByteArray<kTextSize> text{};
  Writer out(text);
  out.u64_be(progress.through);
  out.u64_be(progress.unread_from);
  out.u64_be(progress.last_out);
  out.u64_be(progress.last_in);
  const Sealer sealer(identity_key, generation);
  const auto tag = sealer.tag(text);
  sealer.mask(tag, text);
  api::Checkpoint checkpoint{.generation = generation};
  copy(tag, MutBytes(checkpoint.seal).first(kTagSize));
  copy(text, MutBytes(checkpoint.seal).last(kTextSize));
  return checkpoint;
}

Result<Progress> open_checkpoint(const Secret<32>& identity_key,
                                 const api::Checkpoint& checkpoint) {
  const View<api::Checkpoint::kSealSize> seal(checkpoint.seal);
  const auto tag = seal.first<kTagSize>();
  auto text = to_array(seal.last<kTextSize>());
  const Sealer sealer(identity_key, checkpoint.generation);
  sealer.mask(tag, text);
  if (!crypto::ct_equal(sealer.tag(text), tag)) return Error::kBadTag;
  Reader in(text);
  Progress progress;
  progress.through = in.u64_be();
  progress.unread_from = in.u64_be();
  progress.last_out = in.u64_be();
  progress.last_in = in.u64_be();
  return progress;
}

}  // namespace core::messenger
