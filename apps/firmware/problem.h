// Why something did not work, as the console says it.
#ifndef APPS_FIRMWARE_PROBLEM_H_
#define APPS_FIRMWARE_PROBLEM_H_

#include <string_view>

#include "core/base/result.h"

namespace apps::firmware {

enum class [[nodiscard]] Problem : std::uint8_t{
    kNone,
    kStore,          // the device's own store
    kDamaged,        // what stands there is not a device's
    kNoRandomness,   //
    kNoMemory,       // lwIP's or mbedTLS's
    kEnrolled,       // already
    kEnrolling,      // just now
    kNotEnrolled,    //
    kNoToken,        // not an invitation, or mistyped
    kLaterToken,     // made by a later version
    kNoName,         // the server's name cannot be resolved
    kNoConnection,   // nobody there, or the connection was cut
    kNoAnswer,       // in time
    kUntrusted,      // it is not the server it should be
    kDates,          // its certificate is not valid now, by our clock
    kNoTls13,        //
    kUnknownInvite,  // the server does not know it
    kUsedInvite,     // by another device
    kExpired,        // the invitation
    kBusy,           // the server; later it may do
    kRefused,        // the server said no
    kNotUnderstood,  // what the server said
    kForged,         // an answer that is not the inviting server's, or a certificate not ours
    kNoMail,         // the server does not let us read our mail
};

// A sentence.
std::string_view sentence(Problem problem);

// What went wrong with a stream, by ports::mbedtls::TlsStream.
Problem problem_of_stream(core::Error error);
// What went wrong with the store or randomness.
Problem problem_of_store(core::Error error);

}  // namespace apps::firmware
#endif  // APPS_FIRMWARE_PROBLEM_H_
