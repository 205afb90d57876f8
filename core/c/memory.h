// What lies behind the types of ginnel.h, and how its arguments become those of
// the core.
#ifndef CORE_C_MEMORY_H_
#define CORE_C_MEMORY_H_

#include <ginnel.h>

#include <initializer_list>

#include "core/base/rng.h"
#include "core/crypto/mlkem.h"
#include "core/e2e/record.h"

namespace core::c {

// The public name of an error. Traps on those that nothing under here returns.
ginnel_error error_of(Error error);
inline ginnel_error error_of(const Status& status) {
  return status ? GINNEL_OK : error_of(status.error());
}

// True iff no pointer is null.
inline bool all_given(std::initializer_list<const void*> pointers) {
  return std::find(pointers.begin(), pointers.end(), nullptr) == pointers.end();
}
// True iff these are bytes: a null pointer has no size.
inline bool is_buffer(const void* data, std::size_t size) { return data != nullptr || size == 0; }

// The N bytes that a pointer of the interface points to.
template <std::size_t N>
View<N> view(const std::uint8_t* bytes) {
  return View<N>(bytes, N);
}
// An object of the interface, to be overwritten.
template <class T>
MutBytes bytes_of(T* object) {
  return {reinterpret_cast<std::uint8_t*>(object), sizeof(T)};
}

// The caller's random source.
class CallerRng final : public Rng {
 public:
  CallerRng(ginnel_random random, void* argument) : random_(random), argument_(argument) {}
  Status fill(MutBytes out) override {
    wipe(out);
    if (random_(argument_, out.data(), out.size()) == 0) return {};
    wipe(out);
    return Error::kRng;
  }

 private:
  ginnel_random random_;
  void* argument_;
};

// Scratch memory as the core wants it.
struct Work {
  crypto::MlKemWork kem;
  ByteArray<crypto::kKyber1024PublicKeySize> kem_key;
};
// The Work in a caller's memory, which need not be aligned as it must be. It
// holds nothing between calls, so it may lie elsewhere each time.
Work& work_in(ginnel_work& memory);

// A device that may be used, or null: a pointer in it is missing.
class Device {
 public:
  static bool is_complete(const ginnel_device* device) {
    return device != nullptr && device->identity != nullptr && device->random != nullptr &&
           device->work != nullptr;
  }
  // REQUIRES: is_complete(&device).
  explicit Device(const ginnel_device& device)
      : identity(device.identity->private_key,
                 view<e2e::kPublicKeySize>(device.identity->public_key)),
        rng(device.random, device.random_argument),
        work(work_in(*device.work)) {}

  e2e::OurIdentity identity;
  CallerRng rng;
  Work& work;
};

// A session's memory: the mark tells it from memory that never was one.
struct HeldSession {
  static constexpr std::uint64_t kMark = 0x31534c4e47736573;
  std::uint64_t mark = kMark;
  e2e::SessionRecord record;
};
static_assert(sizeof(HeldSession) <= sizeof(ginnel_session));
static_assert(alignof(HeldSession) <= alignof(ginnel_session));

// The record in `session`, or null if it is null or was not initialized.
e2e::SessionRecord* record_in(ginnel_session* session);
const e2e::SessionRecord* record_in(const ginnel_session* session);

}  // namespace core::c
#endif  // CORE_C_MEMORY_H_
