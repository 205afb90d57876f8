// The types and sizes of <ginnel.h>.
#ifndef GINNEL_TYPES_H_
#define GINNEL_TYPES_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The library's limits, as it was built, by its profile (docs/profiles.md) or one
// by one: missing messages whose keys are kept, each session; older handshakes
// with the same device. pkg-config passes what the library was built with.
#if defined(GINNEL_TINY_DEVICE)
#define GINNEL_PROFILE_LIMIT(on_linux, small, tiny) tiny
#elif defined(GINNEL_SMALL_DEVICE)
#define GINNEL_PROFILE_LIMIT(on_linux, small, tiny) small
#else
#define GINNEL_PROFILE_LIMIT(on_linux, small, tiny) on_linux
#endif
#ifndef GINNEL_MAX_SKIPPED_KEYS
#define GINNEL_MAX_SKIPPED_KEYS GINNEL_PROFILE_LIMIT(2000, 64, 16)
#endif
#ifndef GINNEL_MAX_ARCHIVED_SESSIONS
#define GINNEL_MAX_ARCHIVED_SESSIONS GINNEL_PROFILE_LIMIT(40, 2, 1)
#endif

// clang-format off
#define GINNEL_PRIVATE_KEY_SIZE 32
#define GINNEL_PUBLIC_KEY_SIZE 33     // type byte and X25519 key
#define GINNEL_KEM_KEY_SIZE 1569      // type byte and Kyber1024 key
#define GINNEL_SIGNATURE_SIZE 64
#define GINNEL_ADDRESSES_SIZE 36
#define GINNEL_DIGITS_SIZE 61         // 60 digits and a zero
#define GINNEL_SCANNABLE_SIZE 74
#define GINNEL_BUNDLE_MAX_SIZE 1846
#define GINNEL_WORK_SIZE 10360
#define GINNEL_SESSION_SIZE (3320 * (GINNEL_MAX_ARCHIVED_SESSIONS + 2) + 80 * GINNEL_MAX_SKIPPED_KEYS + 1664)
#define GINNEL_STORED_MAX_SIZE (3152 * (GINNEL_MAX_ARCHIVED_SESSIONS + 1) + 76 * GINNEL_MAX_SKIPPED_KEYS + 1610)
// The most that encrypting `size` bytes can give.
#define GINNEL_MESSAGE_SIZE(size) (((size) / 16 + 1) * 16 + 1801)

typedef enum ginnel_error {
  GINNEL_OK = 0,
  GINNEL_USAGE = 1,        // the caller's mistake: null, not initialized, other limits
  GINNEL_MALFORMED = 2,    // the bytes do not parse
  GINNEL_BAD_VERSION = 3,  // of a version that is not spoken here
  GINNEL_BAD_TAG = 4,      // a signature or MAC is wrong: forged, or damaged
  GINNEL_BAD_KEY = 5,      // a public key that must not be used
  GINNEL_REPLAY = 6,       // decrypted before, or too old
  GINNEL_NOT_FOUND = 7,    // no session, or the private prekey is missing
  GINNEL_UNTRUSTED = 8,    // of another identity than the one given
  GINNEL_EXPIRED = 9,      // never answered in 30 days: start a new session
  GINNEL_FULL = 10,        // the buffer is too small, or too many messages are missing
  GINNEL_RANDOM = 11       // the random source failed
} ginnel_error;
// clang-format on

// Fills `out` with `size` bytes fit for keys; 0 on success.
typedef int (*ginnel_random)(void* argument, uint8_t* out, size_t size);

// Scratch memory: contents do not matter, secrets are wiped after each call.
typedef struct ginnel_work {
  uint64_t room[GINNEL_WORK_SIZE / 8];
} ginnel_work;

// All that is kept about the conversation with one device.
typedef struct ginnel_session {
  uint64_t room[GINNEL_SESSION_SIZE / 8];
} ginnel_session;

typedef struct ginnel_identity {
  uint8_t private_key[GINNEL_PRIVATE_KEY_SIZE];  // secret; all that need be stored
  uint8_t public_key[GINNEL_PUBLIC_KEY_SIZE];
} ginnel_identity;

// This device, as calls need it. What it points to outlives the call.
typedef struct ginnel_device {
  const ginnel_identity* identity;
  ginnel_random random;
  void* random_argument;  // may be null
  ginnel_work* work;
  uint32_t registration_id;
} ginnel_device;

// The device at the other end.
typedef struct ginnel_peer {
  const uint8_t* identity_key;  // [GINNEL_PUBLIC_KEY_SIZE], the one on file
  const uint8_t* addresses;     // [GINNEL_ADDRESSES_SIZE] of received messages, or null
} ginnel_peer;

// Our prekeys: store them, all but public halves secret, until they are used up
// or replaced. A KEM prekey's public half is made when asked for.
typedef struct ginnel_one_time_prekey {
  uint32_t id;
  ginnel_identity key;
} ginnel_one_time_prekey;
typedef struct ginnel_signed_prekey {
  uint32_t id;
  ginnel_identity key;
  uint8_t signature[GINNEL_SIGNATURE_SIZE];
} ginnel_signed_prekey;
typedef struct ginnel_kem_prekey {
  uint32_t id;
  uint8_t seed[64];
  uint8_t signature[GINNEL_SIGNATURE_SIZE];
} ginnel_kem_prekey;

// Public prekeys of a device: views of the caller's bytes.
typedef struct ginnel_bundle {
  uint32_t registration_id, device_id, one_time_id, signed_id, kem_id;
  const uint8_t* identity_key;      // [GINNEL_PUBLIC_KEY_SIZE]
  const uint8_t* one_time_key;      // [GINNEL_PUBLIC_KEY_SIZE], or null
  const uint8_t* signed_key;        // [GINNEL_PUBLIC_KEY_SIZE]
  const uint8_t* signed_signature;  // [GINNEL_SIGNATURE_SIZE]
  const uint8_t* kem_key;           // [GINNEL_KEM_KEY_SIZE], or null: X3DH, version 3
  const uint8_t* kem_signature;     // [GINNEL_SIGNATURE_SIZE], or null with kem_key
} ginnel_bundle;

// Which of the two messages it is must travel beside the bytes.
typedef enum ginnel_message_type { GINNEL_WHISPER = 2, GINNEL_PREKEY = 3 } ginnel_message_type;

// Whether a peer may leave the post-quantum ratchet out.
typedef enum ginnel_spqr { GINNEL_SPQR_REQUIRED = 0, GINNEL_SPQR_OPTIONAL = 1 } ginnel_spqr;

// What a message of type 3 says before it is decrypted: which prekeys it needs.
typedef struct ginnel_prekey_message {
  uint8_t version;                // 4; 3 for X3DH, which a device may refuse
  uint8_t has_one_time, has_kem;  // 1 if the id counts
  uint8_t is_known;               // 1: its session exists, no prekey is needed
  uint32_t one_time_id, signed_id, kem_id, registration_id;
  uint8_t identity_key[GINNEL_PUBLIC_KEY_SIZE];  // claimed; trust it before accepting
  uint8_t base_key[GINNEL_PUBLIC_KEY_SIZE];      // remember it with a KEM prekey used twice
} ginnel_prekey_message;

// The private prekeys that such a message names; null where it names none.
typedef struct ginnel_own_prekeys {
  const ginnel_signed_prekey* signed_prekey;
  const ginnel_one_time_prekey* one_time;
  const ginnel_kem_prekey* kem;
} ginnel_own_prekeys;

typedef struct ginnel_safety_number {
  uint8_t room[64];
} ginnel_safety_number;

#ifdef __cplusplus
}
#endif
#endif  // GINNEL_TYPES_H_
