// Plain structs that hold secrets.
#ifndef CORE_BASE_WIPED_H_
#define CORE_BASE_WIPED_H_

#include <type_traits>
#include <utility>

#include "core/base/bytes.h"

namespace core {

// Overwrites a plain object with zeros in a way the optimizer keeps.
template <class T>
void wipe_object(T& object) {
  static_assert(std::is_trivially_copyable_v<T>);
  wipe(MutBytes(reinterpret_cast<std::uint8_t*>(&object), sizeof(T)));
}

// A plain struct with secrets in it, as Secret is for bytes: move-only, wiped
// on destruction and when moved from, copied where that is said.
template <class T>
class Wiped : public T {
 public:
  Wiped() = default;
  explicit Wiped(const T& from) : T(from) {}
  Wiped(Wiped&& other) noexcept : T(other) { wipe_object<T>(other); }
  Wiped& operator=(Wiped&& other) noexcept {
    if (this != &other) {
      copy_from(other);
      wipe_object<T>(other);
    }
    return *this;
  }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { wipe_object<T>(*this); }

  Wiped clone() const { return Wiped(static_cast<const T&>(*this)); }
  void copy_from(const T& other) { static_cast<T&>(*this) = other; }
};

}  // namespace core
#endif  // CORE_BASE_WIPED_H_
