// The directory of public prekeys. Spec: docs/spec/api.md publish, status,
// bundle.
#ifndef SERVER_SERVICE_PREKEYS_H_
#define SERVER_SERVICE_PREKEYS_H_

#include "server/service/answer.h"
#include "server/service/bundle_quota.h"

namespace server::service {

// A device whose stock of one-time keys has fallen below the limit.
struct LowStock {
  store::AccountId account = 0;
  core::DeviceName name;
  std::uint32_t one_time_count = 0, one_time_kem_count = 0;
};

struct BundleAnswer {
  Answer answer;
  std::optional<LowStock> low{};
  bool limited = false;  // one-time keys withheld by the quota
};

class PreKeys {
 public:
  PreKeys(store::Store& store, const Limits& limits)
      : store_(store), limits_(limits), quota_(limits) {}

  // What is wrong with an upload itself: parts that do not parse, keys of
  // another type, ids that do not ascend, signatures not by `identity_key`.
  // Reads no state: may run on any thread.
  static std::optional<Answer> fault_of_upload(core::View<33> identity_key, Bytes body);

  // Stores all of an upload that fault_of_upload() has passed, or nothing.
  // Errors of all: kStore.
  Result<Answer> publish(const store::Account& owner, Bytes body);
  Result<Answer> status(const store::Account& owner, Bytes body, core::WallTime wall);
  Result<BundleAnswer> bundle(const store::Account& asker, Bytes body, core::Instant now);

 private:
  Result<std::optional<Answer>> conflict_of_upload(const store::Account& owner, Bytes body,
                                                   const store::PreKeyState& state);

  store::Store& store_;
  const Limits& limits_;
  BundleQuota quota_;
};

}  // namespace server::service
#endif  // SERVER_SERVICE_PREKEYS_H_
