#include "ports/mbedtls/platform.h"

#include <mbedtls/memory_buffer_alloc.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_time.h>
#include <mbedtls/platform_util.h>
#include <psa/crypto.h>

namespace ports::mbedtls {
namespace {

core::Rng* g_rng = nullptr;
Clock g_clock;

mbedtls_time_t seconds(mbedtls_time_t* out) {
  const auto now = static_cast<mbedtls_time_t>(g_clock.wall_time().ms / 1000);
  if (out != nullptr) *out = now;
  return now;
}

}  // namespace

core::Status start(core::MutBytes arena, core::Rng& rng, const Clock& clock) {
  g_rng = &rng;
  g_clock = clock;
  mbedtls_memory_buffer_alloc_init(arena.data(), arena.size());
  mbedtls_platform_set_time(seconds);
  const psa_status_t status = psa_crypto_init();
  if (status == PSA_SUCCESS) return {};
  return status == PSA_ERROR_INSUFFICIENT_MEMORY ? core::Error::kFull : core::Error::kRng;
}

std::size_t arena_peak() {
  std::size_t bytes = 0, blocks = 0;
  mbedtls_memory_buffer_alloc_max_get(&bytes, &blocks);
  return bytes;
}

}  // namespace ports::mbedtls

using ports::mbedtls::g_clock;
using ports::mbedtls::g_rng;

void* ginnel_mbedtls_no_calloc(std::size_t, std::size_t) { return nullptr; }
void ginnel_mbedtls_no_free(void*) {}
long long ginnel_mbedtls_no_time(long long*) { return 0; }

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t*,
                                             std::uint8_t* out, std::size_t size,
                                             std::size_t* written) {
  if (g_rng == nullptr || !g_rng->fill({out, size})) return PSA_ERROR_INSUFFICIENT_ENTROPY;
  *written = size;
  return PSA_SUCCESS;
}

mbedtls_ms_time_t mbedtls_ms_time() { return g_clock.now().ms; }

// Days since 1970 to a date: years begin in March, so that a leap day ends one,
// and 400 of them always have 146,097 days.
tm* mbedtls_platform_gmtime_r(const mbedtls_time_t* at, tm* out) {
  constexpr std::int64_t kDay = 86'400, kEra = 146'097, kDaysToMarchOfYear0 = 719'468;
  const std::int64_t days = *at / kDay + kDaysToMarchOfYear0;
  const auto second = static_cast<int>(*at % kDay);
  const std::int64_t era = days / kEra, day_of_era = days % kEra;
  const std::int64_t year =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const auto day_of_year = static_cast<int>(day_of_era - (365 * year + year / 4 - year / 100));
  const int month = (5 * day_of_year + 2) / 153;  // from March
  *out = {};
  out->tm_hour = second / 3600;
  out->tm_min = second / 60 % 60;
  out->tm_sec = second % 60;
  out->tm_mday = day_of_year - (153 * month + 2) / 5 + 1;
  out->tm_mon = month < 10 ? month + 2 : month - 10;
  out->tm_year = static_cast<int>(era * 400 + year) + (out->tm_mon <= 1 ? 1 : 0) - 1900;
  return out;
}
