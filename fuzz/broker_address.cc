// The URL of an external broker: what is accepted has a host and a port.
#include <cstdint>
#include <string_view>

#include "server/broker/link.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view url(reinterpret_cast<const char*>(data), size);
  const auto address = server::broker::BrokerAddress::parse(url);
  if (address && (address->host.empty() || address->port == 0)) __builtin_trap();
  return 0;
}
