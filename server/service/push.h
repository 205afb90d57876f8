// What one push of mail carries. Spec: docs/spec/api.md pushing.
#ifndef SERVER_SERVICE_PUSH_H_
#define SERVER_SERVICE_PUSH_H_

#include <span>
#include <vector>

#include "server/service/limits.h"
#include "server/service/pusher.h"

namespace server::service {

// How many bytes of mail are read together for a task.
std::size_t push_size(const PushTask& task, const Limits& limits);

struct Push {
  store::Blob payload;                   // an encoded Mails
  std::vector<std::uint64_t> sequences;  // of the mails in it
};

// The first of `mails` as far as they fit, at least one. A device that has said
// how much it takes is told of a mail larger than that without the ciphertext.
// REQUIRES: there is one; they were read for this task, in order.
Push push_of(const PushTask& task, std::span<const store::StoredMail> mails, const Limits& limits);

}  // namespace server::service
#endif  // SERVER_SERVICE_PUSH_H_
