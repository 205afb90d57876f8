// Requests, signed where they change state, so that a broker that lets one
// device write as another cannot turn that into anything. Spec: [API] signature.
#ifndef CORE_API_REQUEST_H_
#define CORE_API_REQUEST_H_

#include "core/api/topic.h"
#include "core/crypto/xeddsa.h"

namespace core::api {

// True for the methods that the identity key must sign: publish, bundle,
// send, ack, renew.
bool must_be_signed(Method method);

// The first byte of a public identity key: an X25519 key follows.
inline constexpr std::uint8_t kKeyType = 0x05;

// Encodes a Request, signed if the method must be: the signature covers
// "Ginnel request 1", the device's name, the method's name, the request id
// and the SHA-256 of the body, each behind its size in one byte.
// Errors: kFull, kRng.
Result<std::size_t> encode_request(const DeviceName& device, Method method,
                                   View<kRequestIdSize> request_id, Bytes body,
                                   const Secret<32>& identity_key, Rng& rng, MutBytes out);

// Checks that a request is signed as its method demands.
// `identity_key`: 33 bytes. Errors: kBadTag, kBadKey.
Status verify_request(const DeviceName& device, Method method, const RequestView& request,
                      View<33> identity_key);

// The digest of a device's repeated-use keys, by which drift is noticed:
// SHA-256(identity key || signed prekey id, BE32 || key || last-resort id,
// BE32 || key).
ByteArray<32> repeated_use_digest(View<33> identity_key, const SignedPreKeyView& signed_pre_key,
                                  const KemPreKeyView& last_resort);

}  // namespace core::api
#endif  // CORE_API_REQUEST_H_
