// How a home becomes that of an enrolled device. Spec: docs/spec/enrolment.md.
#ifndef PORTS_LINUX_ENROLMENT_H_
#define PORTS_LINUX_ENROLMENT_H_

#include "ports/linux/home.h"

namespace ports::linux_os {

struct Enrolled {
  core::DeviceName name;
  std::size_t contacts = 0;
  bool before = false;  // this very invitation had been used for this home already
  bool tunnel = false;  // the broker is inside the site's tunnel
};

// Makes the device's keys, trades the invitation for a certificate and
// contacts, and writes the home. Whatever happens in between, a power cut
// included, the home holds no device or a complete one; the same call again
// goes on where it stopped, with the same keys. REQUIRES: the lock is held.
// Errors, each with its own text: kInput (mistyped; of a later version; the
// home holds another device), kRefused (wrong, used or expired invitation; the
// server is not the one that invited; a key that is not accepted), kNetwork,
// kTimeout, kStore.
Outcome<Enrolled> enrol(const Home& home, std::string_view token, core::Rng& rng,
                        std::int64_t timeout_ms);

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_ENROLMENT_H_
