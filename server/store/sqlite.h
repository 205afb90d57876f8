// The store on SQLite: one file in WAL mode, synchronous=FULL, so that what
// was committed survives a power cut. Several processes may open one file;
// each transaction takes the write lock at its begin.
// Spec: docs/spec/server-store.md.
#ifndef SERVER_STORE_SQLITE_H_
#define SERVER_STORE_SQLITE_H_

#include <memory>

#include "server/store/store.h"

namespace server::store {

// Opens or creates the database file, readable by its owner only, and brings
// its schema up to date. `why` receives a sentence for the operator if it
// fails. Errors: kStore; kMalformed if the file is something else; kBadVersion
// if it is of a later version of the program.
Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, std::string& why);

}  // namespace server::store
#endif  // SERVER_STORE_SQLITE_H_
