// What messages share: answer codes and repeated fields. Spec: [API] codes.
#ifndef CORE_API_REPEATED_H_
#define CORE_API_REPEATED_H_

#include <optional>

#include "core/base/name.h"
#include "core/base/protobuf.h"

namespace core::api {

// Longest `text` that goes with a code.
inline constexpr std::size_t kMaxTextSize = 256;

// An answer's meaning; the numbers of proto Code. A code of a later version
// reads as kInternal: whoever asked tries again later.
enum class Code : std::uint8_t {
  kOk = 0,
  kMalformed = 1,
  kBadSignature = 2,
  kUnknownDevice = 3,
  kRevoked = 4,
  kKeyConflict = 5,
  kNoKeys = 6,
  kFull = 7,
  kTooLarge = 8,
  kUnknownMethod = 9,
  kBusy = 10,
  kInternal = 11,
};

// Iterates the messages of a repeated field of a message that has parsed.
//   Repeated<PreKeyView> keys = ...;
//   while (auto key = keys.next()) { ... }
template <class T>
class Repeated {
 public:
  Repeated() : reader_(Bytes{}) {}
  Repeated(Bytes message, std::uint32_t number, std::size_t count)
      : reader_(message), number_(number), count_(count) {}
  // The next element, or nothing at the end.
  std::optional<T> next() {
    while (const auto* f = reader_.next()) {
      if (f->number != number_ || f->type != WireType::kBytes) continue;
      auto element = T::parse(f->bytes);
      if (!element) return std::nullopt;  // cannot be: checked when parsed
      return *std::move(element);
    }
    return std::nullopt;
  }
  std::size_t count() const { return count_; }

 private:
  ProtobufReader reader_;
  std::uint32_t number_ = 0;
  std::size_t count_ = 0;
};

}  // namespace core::api
#endif  // CORE_API_REPEATED_H_
