#include "ports/esp_idf/entropy.h"

#include <bootloader_random.h>
#include <esp_random.h>

#include "core/crypto/ct.h"

namespace ports::esp_idf {
namespace {

// Two runs of 16 bytes that are alike come by chance once in 2^128.
constexpr std::size_t kRun = 16;

}  // namespace

void Entropy::switch_noise_on() {
  if (!noise_.exchange(true)) bootloader_random_enable();
}

void Entropy::switch_noise_off() {
  if (noise_.exchange(false)) bootloader_random_disable();
}

core::Status Entropy::fill(core::MutBytes out) {
  core::ByteArray<kRun> before{}, run{};
  esp_fill_random(before.data(), before.size());
  for (auto rest = out; !rest.empty();) {
    esp_fill_random(run.data(), run.size());
    if (core::crypto::ct_equal(run, before)) failed_ = true;
    const std::size_t size = std::min(rest.size(), kRun);
    core::copy(core::Bytes(run).first(size), rest);
    rest = rest.subspan(size);
    before = run;
  }
  core::wipe(before);
  core::wipe(run);
  // Asked last: the source was there all the while, or this fails.
  if (!failed_ && (radio_ || noise_)) return {};
  core::wipe(out);
  return core::Error::kRng;
}

}  // namespace ports::esp_idf
