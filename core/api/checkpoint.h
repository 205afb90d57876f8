// The part of several messages by which a device that has been put back to an
// older state finds that out. The rules of parse() and encode() are those of
// core/api/message.h.
#ifndef CORE_API_CHECKPOINT_H_
#define CORE_API_CHECKPOINT_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::api {

// How far a device's store has come. Spec: [HEAL] checkpoint.
struct Checkpoint {
  static constexpr std::uint64_t kMaxGeneration = std::uint64_t{1} << 53;
  static constexpr std::size_t kSealSize = 48;
  static constexpr std::size_t kMaxFieldSize = 2 + 1 + 8 + 2 + kSealSize;  // in a message
  std::uint64_t generation = 0;                                            // 1 to kMaxGeneration
  ByteArray<kSealSize> seal{};
  static Result<Checkpoint> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

}  // namespace core::api
#endif  // CORE_API_CHECKPOINT_H_
