// The service's limits: what docs/spec/api.md promises, in one place.
#ifndef SERVER_SERVICE_LIMITS_H_
#define SERVER_SERVICE_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace server::service {

struct Limits {
  // Requests.
  std::size_t max_request_size = 256 * 1024;
  std::int64_t request_burst = 5000;  // of one device
  std::int64_t requests_per_second = 500;
  std::int64_t answers_kept_ms = std::int64_t{7} * 24 * 3600 * 1000;
  std::size_t answers_kept = 50'000;                     // of one device; beyond, the oldest go
  std::int64_t recent_answers_kept_ms = 10 * 60 * 1000;  // of ack, status, contacts
  std::size_t recent_answers_bytes = 16 * 1024 * 1024;

  // Prekeys.
  std::uint32_t max_one_time = 200;
  std::uint32_t max_one_time_kem = 32;
  std::uint32_t low_one_time = 10;     // below: a notice goes out
  std::uint32_t low_one_time_kem = 2;  // below: a notice goes out
  std::int64_t notice_interval_ms = 30 * 1000;
  std::uint32_t bundle_burst = 10;  // with one-time keys, of one device for another
  std::int64_t bundle_refill_ms = 10 * 60 * 1000;
  std::size_t max_bundle_pairs = 100 * 1000;  // remembered

  // Mail.
  std::size_t max_ciphertext_size = 64512;  // a request with one mail fits 65,536 bytes
  std::uint64_t max_mailbox_count = 10000;
  std::uint64_t max_mailbox_bytes = 64 * 1024 * 1024;
  std::uint64_t max_sender_count = 2500;  // one sender's share of a mailbox
  std::uint64_t max_sender_bytes = 16 * 1024 * 1024;
  std::int64_t mail_kept_ms = std::int64_t{30} * 24 * 3600 * 1000;

  // Pushing.
  std::uint32_t max_window = 256;
  std::size_t max_push_bytes = 32 * 1024;  // unless one mail is larger
  std::size_t min_push_bytes = 512;        // what each device takes
  std::int64_t push_repeat_ms = 20 * 1000;
  std::int64_t push_repeat_soonest_ms = 1000;
  std::int64_t presence_ms = 90 * 1000;
  std::uint32_t push_expiry_s = 20;
  std::uint32_t reply_expiry_s = 60;
  std::uint32_t notice_expiry_s = 3600;

  // Invites.
  std::int64_t used_invites_kept_ms = std::int64_t{30} * 24 * 3600 * 1000;

  // Upkeep.
  std::int64_t upkeep_interval_ms = 60 * 1000;
  std::size_t upkeep_rows = 1000;

  // Threads that check signatures; 1 checks on the caller's.
  unsigned verify_threads = 2;
};

}  // namespace server::service
#endif  // SERVER_SERVICE_LIMITS_H_
