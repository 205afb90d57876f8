// Ginnel's end-to-end part for C99 and C++: identities, prekeys, sessions and
// safety numbers, with the messages of Signal's clients. Manual: docs/c-api.md.
//
// All memory is the caller's; there is no heap, I/O, clock, thread or global.
// A session or work area serves one call at a time; the buffers of a call do
// not overlap. Numbers in brackets are the bytes that a pointer must have. A
// null pointer with the size 0 is an empty buffer; any other null pointer where
// none is allowed gives GINNEL_USAGE, and so does a session that was not
// initialized. No call traps on what it is given. After any error the session
// is unchanged and the outputs are all zeros.
#ifndef GINNEL_H_
#define GINNEL_H_

#include <ginnel_types.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GINNEL_CHECKED __attribute__((warn_unused_result)) ginnel_error
#else
#define GINNEL_CHECKED ginnel_error
#endif

// A short English text for a ginnel_error, or for none of them; never null.
const char* ginnel_error_text(int error);
// Overwrites memory with zeros in a way that compilers keep.
void ginnel_wipe(void* memory, size_t size);

// ---- Identity: the key pair by which others know this device.

GINNEL_CHECKED ginnel_identity_generate(ginnel_random random, void* random_argument,
                                        ginnel_identity* out);
// From the stored private key [GINNEL_PRIVATE_KEY_SIZE].
GINNEL_CHECKED ginnel_identity_restore(const uint8_t* private_key, ginnel_identity* out);

// ---- Prekeys: what others need to write to this device while it is away.
// Errors: GINNEL_RANDOM.

GINNEL_CHECKED ginnel_one_time_prekey_generate(const ginnel_device* device, uint32_t id,
                                               ginnel_one_time_prekey* out);
GINNEL_CHECKED ginnel_signed_prekey_generate(const ginnel_device* device, uint32_t id,
                                             ginnel_signed_prekey* out);
GINNEL_CHECKED ginnel_kem_prekey_generate(const ginnel_device* device, uint32_t id,
                                          ginnel_kem_prekey* out);
// Writes the public half to `out` [GINNEL_KEM_KEY_SIZE].
GINNEL_CHECKED ginnel_kem_prekey_public(const ginnel_kem_prekey* prekey, ginnel_work* work,
                                        uint8_t* out);

// ---- Bundle: one device's public prekeys, for one other device.

// Checks every type byte and both signatures; whether the identity is the right
// one is the caller's question. ginnel_session_initiate() does this too.
// Errors: GINNEL_BAD_KEY, GINNEL_BAD_TAG.
GINNEL_CHECKED ginnel_bundle_verify(const ginnel_bundle* bundle);
// Reads and writes a BundleResponse of docs/spec/api.md, which has a KEM prekey
// and ids from 1 to 0x7fffffff: others are GINNEL_MALFORMED, or GINNEL_USAGE
// when written. What is read points into `in`, and is not verified.
// Errors: GINNEL_MALFORMED; GINNEL_FULL (write: GINNEL_BUNDLE_MAX_SIZE will do).
GINNEL_CHECKED ginnel_bundle_parse(const uint8_t* in, size_t in_size, ginnel_bundle* out);
GINNEL_CHECKED ginnel_bundle_write(const ginnel_bundle* bundle, uint8_t* out, size_t out_size,
                                   size_t* written);

// ---- Session

// Makes `session` an empty one, whatever was there. `session_size` is
// `sizeof *session`: GINNEL_USAGE if it is not what the library was built with.
GINNEL_CHECKED ginnel_session_init(ginnel_session* session, size_t session_size);
// Forgets everything.
GINNEL_CHECKED ginnel_session_clear(ginnel_session* session);

// Starts a session from the peer's bundle; the one before is archived. `now_ms`
// is the time since 1970, for the 30 days of GINNEL_EXPIRED; `spqr` a ginnel_spqr.
// Errors: GINNEL_UNTRUSTED (not peer->identity_key's bundle); GINNEL_BAD_TAG (a
// signature); GINNEL_BAD_KEY; GINNEL_RANDOM.
GINNEL_CHECKED ginnel_session_initiate(ginnel_session* session, const ginnel_device* device,
                                       const ginnel_peer* peer, const ginnel_bundle* bundle,
                                       int spqr, int64_t now_ms);

// Encrypts `text` into `out`, which must hold GINNEL_MESSAGE_SIZE(text_size)
// bytes. Store the session before the message is sent.
// Errors: GINNEL_NOT_FOUND and GINNEL_EXPIRED (initiate first);
// GINNEL_UNTRUSTED; GINNEL_FULL; GINNEL_RANDOM.
GINNEL_CHECKED ginnel_session_encrypt(ginnel_session* session, const ginnel_device* device,
                                      const ginnel_peer* peer, const uint8_t* text,
                                      size_t text_size, int64_t now_ms, uint8_t* out,
                                      size_t out_size, size_t* written, ginnel_message_type* type);

// Decrypts a GINNEL_WHISPER message into `out`, which must hold `message_size`
// bytes. Store the session before the message is acknowledged.
// Errors: GINNEL_MALFORMED; GINNEL_BAD_VERSION; GINNEL_NOT_FOUND (no session);
// GINNEL_BAD_TAG; GINNEL_REPLAY; GINNEL_FULL; GINNEL_BAD_KEY; GINNEL_RANDOM.
GINNEL_CHECKED ginnel_session_decrypt(ginnel_session* session, const ginnel_device* device,
                                      const ginnel_peer* peer, const uint8_t* message,
                                      size_t message_size, uint8_t* out, size_t out_size,
                                      size_t* written);

// What a GINNEL_PREKEY message asks for. `session` is that of its sender.
// Errors: GINNEL_MALFORMED; GINNEL_BAD_VERSION; GINNEL_BAD_KEY.
GINNEL_CHECKED ginnel_session_inspect(const ginnel_session* session, const uint8_t* message,
                                      size_t message_size, ginnel_prekey_message* out);

// Decrypts a GINNEL_PREKEY message and starts the session that it asks for, if
// it is not known yet. `prekeys` may be null if it is. When GINNEL_OK comes back
// for an unknown one, erase the one-time prekeys used, together with storing
// the session. Errors: as ginnel_session_decrypt(); GINNEL_UNTRUSTED (its
// sender's identity is not peer->identity_key); GINNEL_NOT_FOUND (a prekey).
GINNEL_CHECKED ginnel_session_accept(ginnel_session* session, const ginnel_device* device,
                                     const ginnel_peer* peer, const uint8_t* message,
                                     size_t message_size, const ginnel_own_prekeys* prekeys,
                                     int spqr, uint8_t* out, size_t out_size, size_t* written);

// Makes the next encryption ask for a new session; old messages stay readable.
GINNEL_CHECKED ginnel_session_archive(ginnel_session* session);

// Writes the session to `out`: GINNEL_STORED_MAX_SIZE bytes at most, some
// kilobytes as a rule. They are secret. Errors: GINNEL_FULL.
GINNEL_CHECKED ginnel_session_serialize(const ginnel_session* session, uint8_t* out,
                                        size_t out_size, size_t* written);
// Replaces the session by a stored one; on an error it is empty.
// Errors: GINNEL_MALFORMED (any damage); GINNEL_BAD_VERSION.
GINNEL_CHECKED ginnel_session_restore(ginnel_session* session, const uint8_t* in, size_t in_size);

// ---- Safety number: what two people compare.

// An id is a lasting name of a device, the same on both sides; identity keys
// have [GINNEL_PUBLIC_KEY_SIZE]. Costs 10,400 SHA-512 hashes.
GINNEL_CHECKED ginnel_safety_number_make(const uint8_t* our_identity_key, const uint8_t* our_id,
                                         size_t our_id_size, const uint8_t* their_identity_key,
                                         const uint8_t* their_id, size_t their_id_size,
                                         ginnel_safety_number* out);
// 60 digits and a zero to `out` [GINNEL_DIGITS_SIZE]: show groups of five.
GINNEL_CHECKED ginnel_safety_number_digits(const ginnel_safety_number* number, char* out);
// What to show as a QR code to `out` [GINNEL_SCANNABLE_SIZE].
GINNEL_CHECKED ginnel_safety_number_scannable(const ginnel_safety_number* number, uint8_t* out);
// GINNEL_OK if the code scanned off the other device is of the same two keys.
// Errors: GINNEL_UNTRUSTED if not; GINNEL_MALFORMED; GINNEL_BAD_VERSION.
GINNEL_CHECKED ginnel_safety_number_compare(const ginnel_safety_number* number,
                                            const uint8_t* scanned, size_t scanned_size);

#ifdef __cplusplus
}
#endif
#endif  // GINNEL_H_
