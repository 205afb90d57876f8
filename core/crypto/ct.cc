#include "core/crypto/ct.h"

#include "core/base/result.h"

#ifdef GINNEL_CTIME
#include <valgrind/memcheck.h>
#endif

namespace core::crypto {

bool ct_equal(Bytes a, Bytes b) {
  if (a.size() != b.size()) return false;
  std::uint32_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<std::uint32_t>(a[i] ^ b[i]);
    __asm__("" : "+r"(difference));  // keeps the loop from ending early
  }
  std::uint8_t equal = static_cast<std::uint8_t>((difference - 1) >> 31);
  declassify({&equal, 1});  // the answer is what the caller asked for
  return equal != 0;
}

void ct_copy_if(std::uint8_t mask, Bytes from, MutBytes to) {
  CHECK(from.size() == to.size());
  __asm__("" : "+r"(mask));  // the compiler must not know that it is 0 or 0xff
  for (std::size_t i = 0; i < from.size(); ++i) {
    to[i] = static_cast<std::uint8_t>(to[i] ^ (mask & (to[i] ^ from[i])));
  }
}

#ifdef GINNEL_CTIME
void declassify(Bytes bytes) {
  if (!bytes.empty()) (void)VALGRIND_MAKE_MEM_DEFINED(bytes.data(), bytes.size());
}

void classify(Bytes bytes) {
  if (!bytes.empty()) (void)VALGRIND_MAKE_MEM_UNDEFINED(bytes.data(), bytes.size());
}
#else
void declassify(Bytes) {}

void classify(Bytes) {}
#endif

}  // namespace core::crypto
