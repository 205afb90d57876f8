// Where devices were when the gateway last heard them, kept over its end: a
// new gateway calls them at once instead of waiting until they miss it.
#ifndef APPS_GINNELD_ENDPOINTS_H_
#define APPS_GINNELD_ENDPOINTS_H_

#include <filesystem>
#include <map>

#include "core/base/bytes.h"
#include "ports/linux/wg_interface.h"
#include "server/broker/outcome.h"

namespace ginneld {

// Endpoints as docs/spec/wg-uapi.md writes them, by public key.
using Endpoints = std::map<core::ByteArray<32>, std::string>;

// The endpoints of an interface's peers that have shaken hands.
Endpoints endpoints_in(const ports::linux_os::WgAnswer& answer);

// What save() wrote; a file that is absent or damaged holds none: they are but
// a help.
Endpoints load_endpoints(const std::filesystem::path& path);
server::broker::Outcome<void> save_endpoints(const Endpoints& endpoints,
                                             const std::filesystem::path& path);

}  // namespace ginneld
#endif  // APPS_GINNELD_ENDPOINTS_H_
