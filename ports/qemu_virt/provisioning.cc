#include "ports/qemu_virt/provisioning.h"

namespace ports::qemu_virt {

core::Status Provisioning::read(flash::Nor& nor) {
  size_ = 0;
  TRY(nor.read(0, room_));
  const auto end = std::find(room_.begin(), room_.end(), 0xff);
  if (end == room_.end()) return core::Error::kFull;
  size_ = static_cast<std::size_t>(end - room_.begin());
  return {};
}

std::string_view Provisioning::value(std::string_view name) const {
  std::string_view rest(reinterpret_cast<const char*>(room_.data()), size_);
  while (!rest.empty()) {
    // Not substr(), which throws.
    std::string_view line(rest.data(), std::min(rest.find('\n'), rest.size()));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    if (!line.starts_with('=')) continue;
    line.remove_prefix(1);
    return line;
  }
  return {};
}

}  // namespace ports::qemu_virt
