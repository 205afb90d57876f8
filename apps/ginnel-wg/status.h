// `ginnel-wg status`: what a running daemon does, for people.
#ifndef APPS_GINNEL_WG_STATUS_H_
#define APPS_GINNEL_WG_STATUS_H_

#include <string>

namespace ginnel_wg {

// Prints it and returns the process's exit code.
int show_status(const std::string& interface_name);

}  // namespace ginnel_wg
#endif  // APPS_GINNEL_WG_STATUS_H_
