// Where a device keeps its state. Implemented by ports: SQLite on Linux, NOR
// flash, NVS.
#ifndef CORE_MESSENGER_STORE_H_
#define CORE_MESSENGER_STORE_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/messenger/limits.h"

namespace core::messenger {

// A small transactional key-value store, used by one caller at a time.
// Keys are 1 to 80 bytes, values 0 to kMaxValueSize. Power may fail at any
// moment: after it either all of a transaction is there or nothing.
class Store {
 public:
  static constexpr std::size_t kMaxKeySize = 80;

  // Starts a transaction. REQUIRES: none is open.
  virtual Status begin() = 0;
  // Reads into the front of `value` and returns the size; inside a transaction
  // it sees that transaction's writes. Works without a transaction too.
  // Errors: kNotFound; kFull if `value` is too small; kStore.
  virtual Result<std::size_t> get(Bytes key, MutBytes value) = 0;
  // REQUIRES: a transaction is open. Errors: kFull (no room left), kStore.
  virtual Status put(Bytes key, Bytes value) = 0;
  // Removes the key if it is there. REQUIRES: a transaction is open.
  virtual Status erase(Bytes key) = 0;
  // Makes the transaction durable and ends it. On an error nothing of it is
  // there and it has ended. Errors: kFull, kStore.
  virtual Status commit() = 0;
  // Ends the transaction without a trace.
  virtual void rollback() = 0;

 protected:
  ~Store() = default;  // not owned through this interface: no heap delete
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_STORE_H_
