// What a user has of the other device's safety number: its text or a picture.
#ifndef APPS_GINNEL_SCANNED_CODE_H_
#define APPS_GINNEL_SCANNED_CODE_H_

#include <string>
#include <variant>

#include "ports/linux/problem.h"

namespace apps::ginnel {

struct ScannedDigits {
  std::string digits;  // 60 of them
};
struct ScannedBytes {
  std::string bytes;  // of the QR code
};

// `given` is the 60 digits with any spacing, the base64 of the QR code's bytes,
// or the name of a picture of the QR code, which the program zbarimg reads.
// Problems: kInput.
ports::linux_os::Outcome<std::variant<ScannedDigits, ScannedBytes>> read_scanned(
    const std::string& given);

}  // namespace apps::ginnel
#endif  // APPS_GINNEL_SCANNED_CODE_H_
