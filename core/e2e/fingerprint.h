// Safety numbers: what two people compare to know that no one sits between
// their devices. Spec: docs/spec/end-to-end.md safety number.
#ifndef CORE_E2E_FINGERPRINT_H_
#define CORE_E2E_FINGERPRINT_H_

#include "core/e2e/identity.h"

namespace core::e2e {

class Fingerprint {
 public:
  static constexpr std::uint32_t kIterations = 5200;
  static constexpr std::size_t kDigits = 60;
  // Written into the scannable form; both sides must use the same.
  static constexpr std::uint32_t kVersion = 1;
  static constexpr std::size_t kScannableSize = 74;

  struct Side {
    View<kPublicKeySize> identity_key;
    Bytes id;  // a lasting name of the device
  };

  // Costs 2 * `iterations` SHA-512 hashes: some milliseconds, far more on a
  // small device. REQUIRES: iterations >= 2.
  Fingerprint(const Side& ours, const Side& theirs, std::uint32_t iterations = kIterations);

  // 60 ASCII digits, the same on both sides. Show them in groups of five.
  ByteArray<kDigits> digits() const;
  // The bytes to show as a QR code. REQUIRES: version < 128.
  ByteArray<kScannableSize> scannable(std::uint32_t version = kVersion) const;
  // Compares with what was scanned off the other device.
  // Errors: kMalformed; kBadVersion; kUntrusted if the numbers differ.
  Status compare(Bytes scanned, std::uint32_t version = kVersion) const;

 private:
  ByteArray<32> ours_, theirs_;
};

}  // namespace core::e2e
#endif  // CORE_E2E_FINGERPRINT_H_
