#include "ports/linux/wg/log.h"

#include <syslog.h>

#include <cstdio>

namespace ports::linux_os::wg {

void Log::write_to(To to, const std::string& name) {
  to_ = to;
  name_ = "ginnel-wg(" + name + ")";
  if (to == To::kSyslog) ::openlog("ginnel-wg", LOG_PID, LOG_DAEMON);
}

void Log::error(const Problem& problem) const {
  if (level_ == Level::kSilent) return;
  write(LOG_ERR, problem.text + (problem.advice.empty() ? "" : " " + problem.advice));
}

void Log::note(const std::string& text) const {
  if (level_ == Level::kVerbose) write(LOG_INFO, text);
}

void Log::write(int priority, const std::string& text) const {
  if (to_ == To::kSyslog) {
    ::syslog(priority, "%s: %s", name_.c_str(), text.c_str());
  } else {
    std::fprintf(stderr, "%s: %s\n", name_.c_str(), text.c_str());
  }
}

}  // namespace ports::linux_os::wg
