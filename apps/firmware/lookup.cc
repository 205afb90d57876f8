#include "apps/firmware/lookup.h"

#include "lwip/dns.h"

namespace apps::firmware {

core::Result<std::optional<ip_addr_t>> Lookup::address(const HostText& host) {
  if (waits_) return std::optional<ip_addr_t>();
  if (std::exchange(failed_, false)) return core::Error::kNotFound;
  ip_addr_t address;
  // What was found before is in lwIP's table.
  const err_t status = dns_gethostbyname(host.chars.data(), &address, on_found, this);
  if (status == ERR_OK) return std::optional(address);
  if (status != ERR_INPROGRESS) return core::Error::kNotFound;
  waits_ = true;
  return std::optional<ip_addr_t>();
}

void Lookup::on_found(const char*, const ip_addr_t* address, void* self) {
  auto& lookup = *static_cast<Lookup*>(self);
  lookup.waits_ = false;
  lookup.failed_ = address == nullptr;
}

}  // namespace apps::firmware
