// Constant-time comparison and choice, and the marks that the valgrind runs
// check. Every use of declassify() says why.
#ifndef CORE_CRYPTO_CT_H_
#define CORE_CRYPTO_CT_H_

#include "core/base/bytes.h"

namespace core::crypto {

// True iff equal. Constant time in the contents; the sizes are public.
bool ct_equal(Bytes a, Bytes b);

// Copies `from` over `to` iff `mask` is 0xff, leaves it iff `mask` is 0.
// Constant time. REQUIRES: equal sizes.
void ct_copy_if(std::uint8_t mask, Bytes from, MutBytes to);

// Tells the constant-time runs that these bytes are public from here on. Does
// nothing otherwise.
void declassify(Bytes bytes);
// Marks bytes as secret for the constant-time runs.
void classify(Bytes bytes);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_CT_H_
