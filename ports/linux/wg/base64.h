// Keys as people see them.
#ifndef PORTS_LINUX_WG_BASE64_H_
#define PORTS_LINUX_WG_BASE64_H_

#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace ports::linux_os::wg {

// 44 characters of a public key; time depends on it.
std::string key_to_base64_var(core::View<32> public_key);
// Errors: kMalformed.
core::Result<core::ByteArray<32>> key_from_base64_var(std::string_view text);

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_BASE64_H_
