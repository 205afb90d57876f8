// A few lines for the operator: to stderr, or to syslog once that is let go.
#ifndef PORTS_LINUX_WG_LOG_H_
#define PORTS_LINUX_WG_LOG_H_

#include <string>

#include "ports/linux/problem.h"

namespace ports::linux_os::wg {

// Never given a key, nor anything that a datagram from the network says.
class Log {
 public:
  enum class Level : std::uint8_t { kSilent, kError, kVerbose };
  enum class To : std::uint8_t { kStderr, kSyslog };

  explicit Log(Level level) : level_(level) {}
  void write_to(To to, const std::string& name);
  void error(const Problem& problem) const;
  void note(const std::string& text) const;

 private:
  void write(int priority, const std::string& text) const;

  Level level_;
  To to_ = To::kStderr;
  std::string name_ = "ginnel-wg";
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_LOG_H_
