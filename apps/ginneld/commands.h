// The commands besides `run`, as seen from a terminal.
#ifndef APPS_GINNELD_COMMANDS_H_
#define APPS_GINNELD_COMMANDS_H_

#include <nlohmann/json.hpp>

#include "apps/ginneld/admin.h"

namespace ginneld {

enum class Format { kText, kJson };
enum class ShowQr { kIfTerminal, kYes, kNo };

// Each asks the server that runs on `folder` or, if none does, works on the
// database itself; prints the answer on standard output, errors on standard
// error; and returns the exit code.
Exit show_status(const DataFolder& folder, Format format);
Exit list_devices(const DataFolder& folder, Format format);
Exit invite(const DataFolder& folder, const std::string& name, std::int64_t ttl_s, Format format,
            ShowQr qr);
Exit revoke(const DataFolder& folder, const std::string& name, Format format);

// Says why on standard error, and returns the exit code for it.
Exit complain(const Failure& failure, Format format = Format::kText);

}  // namespace ginneld
#endif  // APPS_GINNELD_COMMANDS_H_
