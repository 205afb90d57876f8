// The public prekeys of ginnel.h as the core's.
#ifndef CORE_C_BUNDLE_H_
#define CORE_C_BUNDLE_H_

#include <ginnel.h>

#include "core/prekey/bundle.h"

namespace core::c {

// False if a pointer that no bundle may lack is null.
bool is_complete(const ginnel_bundle* bundle);

// Views of what `bundle` points to. REQUIRES: is_complete(&bundle).
prekey::Bundle bundle_of(const ginnel_bundle& bundle);

}  // namespace core::c
#endif  // CORE_C_BUNDLE_H_
