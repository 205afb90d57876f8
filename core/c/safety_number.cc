// Safety numbers of ginnel.h.
#include <bit>

#include "core/c/memory.h"
#include "core/e2e/fingerprint.h"

namespace core::c {
namespace {

static_assert(GINNEL_DIGITS_SIZE == e2e::Fingerprint::kDigits + 1);
static_assert(GINNEL_SCANNABLE_SIZE == e2e::Fingerprint::kScannableSize);

e2e::Fingerprint fingerprint_of(const ginnel_safety_number& number) {
  return std::bit_cast<e2e::Fingerprint>(number);
}

}  // namespace
}  // namespace core::c

using namespace core;
using namespace core::c;

extern "C" {

ginnel_error ginnel_safety_number_make(const uint8_t* our_identity_key, const uint8_t* our_id,
                                       size_t our_id_size, const uint8_t* their_identity_key,
                                       const uint8_t* their_id, size_t their_id_size,
                                       ginnel_safety_number* out) {
  if (out == nullptr) return GINNEL_USAGE;
  *out = {};
  if (!all_given({our_identity_key, their_identity_key}) || !is_buffer(our_id, our_id_size) ||
      !is_buffer(their_id, their_id_size)) {
    return GINNEL_USAGE;
  }
  const e2e::Fingerprint::Side ours{view<GINNEL_PUBLIC_KEY_SIZE>(our_identity_key),
                                    {our_id, our_id_size}};
  const e2e::Fingerprint::Side theirs{view<GINNEL_PUBLIC_KEY_SIZE>(their_identity_key),
                                      {their_id, their_id_size}};
  *out = std::bit_cast<ginnel_safety_number>(e2e::Fingerprint(ours, theirs));
  return GINNEL_OK;
}

ginnel_error ginnel_safety_number_digits(const ginnel_safety_number* number, char* out) {
  if (out == nullptr) return GINNEL_USAGE;
  std::fill_n(out, GINNEL_DIGITS_SIZE, '\0');
  if (number == nullptr) return GINNEL_USAGE;
  const auto digits = fingerprint_of(*number).digits();
  std::copy(digits.begin(), digits.end(), out);
  return GINNEL_OK;
}

ginnel_error ginnel_safety_number_scannable(const ginnel_safety_number* number, uint8_t* out) {
  if (out == nullptr) return GINNEL_USAGE;
  std::fill_n(out, GINNEL_SCANNABLE_SIZE, std::uint8_t{0});
  if (number == nullptr) return GINNEL_USAGE;
  const auto scannable = fingerprint_of(*number).scannable();
  std::copy(scannable.begin(), scannable.end(), out);
  return GINNEL_OK;
}

ginnel_error ginnel_safety_number_compare(const ginnel_safety_number* number,
                                          const uint8_t* scanned, size_t scanned_size) {
  if (number == nullptr || !is_buffer(scanned, scanned_size)) return GINNEL_USAGE;
  return error_of(fingerprint_of(*number).compare({scanned, scanned_size}));
}

}  // extern "C"
