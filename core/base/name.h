// A device's name.
#ifndef CORE_BASE_NAME_H_
#define CORE_BASE_NAME_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core {

// 1 to 64 characters of `a-z 0-9 . _ -`, and not `.` or `..`, so that it can
// stand in a topic, a certificate and a path unescaped. Spec: [API] names.
class DeviceName {
 public:
  static constexpr std::size_t kMaxSize = 64;

  // An empty name, that of no device.
  DeviceName() = default;
  // Errors: kMalformed.
  static Result<DeviceName> parse(Bytes text);

  // Lives as long as this object.
  Bytes bytes() const { return Bytes(text_).first(size_); }
  bool empty() const { return size_ == 0; }
  friend bool operator==(const DeviceName& a, const DeviceName& b) {
    return equal_var(a.bytes(), b.bytes());
  }

 private:
  ByteArray<kMaxSize> text_{};
  std::uint8_t size_ = 0;
};

}  // namespace core
#endif  // CORE_BASE_NAME_H_
