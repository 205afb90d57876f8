// Any bytes as the keys and signatures of a bundle: checked, and refused
// unless they are those of the corpus' one good bundle.
#include "core/base/reader.h"
#include "core/prekey/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  core::Reader in({data, size});
  const auto identity = in.take<33>(), one_time = in.take<33>(), signed_key = in.take<33>();
  const auto signed_signature = in.take<64>(), kem_signature = in.take<64>();
  const auto kem = in.take(core::prekey::kKemKeySize);
  if (!in.finished()) return 0;
  const core::prekey::Bundle bundle{
      .identity_key = identity,
      .one_time = core::prekey::OneTimePreKey{1, one_time},
      .signed_pre_key = {2, signed_key, signed_signature},
      .kem = core::prekey::KemPreKey{3, kem.first<core::prekey::kKemKeySize>(), kem_signature}};
  if (core::prekey::verify(bundle)) {
    CHECK(identity[0] == 5 && one_time[0] == 5 && signed_key[0] == 5 && kem[0] == 8);
  }
  return 0;
}
