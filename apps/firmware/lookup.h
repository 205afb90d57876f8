// A host's address, by lwIP's DNS if it is a name.
#ifndef APPS_FIRMWARE_LOOKUP_H_
#define APPS_FIRMWARE_LOOKUP_H_

#include <optional>

#include "apps/firmware/settings.h"
#include "lwip/ip_addr.h"

namespace apps::firmware {

// It stays where it is.
class Lookup {
 public:
  // To be called again while it gives nothing and lwIP works. Errors: kNotFound.
  core::Result<std::optional<ip_addr_t>> address(const HostText& host);

 private:
  static void on_found(const char* name, const ip_addr_t* address, void* self);

  bool waits_ = false, failed_ = false;
};

}  // namespace apps::firmware
#endif  // APPS_FIRMWARE_LOOKUP_H_
