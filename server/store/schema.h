// The SQL files of schema/, as the build embeds them.
#ifndef SERVER_STORE_SCHEMA_H_
#define SERVER_STORE_SCHEMA_H_

#include <span>

namespace server::store {

// Element n brings a database from version n to version n + 1.
std::span<const char* const> schema_steps();

}  // namespace server::store
#endif  // SERVER_STORE_SCHEMA_H_
