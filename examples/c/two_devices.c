// Two devices talk to each other, in one C program. Where they would send bytes
// through a network, and store them on a disk, this program copies them.
//
//   cc -std=c99 two_devices.c $(pkg-config --cflags --libs ginnel) -o two_devices
#include <ginnel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEXT_SIZE = 200, WIRE_SIZE = GINNEL_MESSAGE_SIZE(TEXT_SIZE) };

// What a device keeps. Everything has a fixed size, so it can be static: a
// microcontroller needs no heap. The session is about 300 kB with the default
// limits and 23 kB with those of a small device (docs/c-api.md).
typedef struct {
  ginnel_identity identity;
  ginnel_signed_prekey signed_prekey;
  ginnel_one_time_prekey one_time;
  ginnel_kem_prekey kem;
  ginnel_session session;  // the conversation with the other device
} device_state;

static device_state alice_state, bob_state;
static ginnel_work work;  // scratch memory, shared by all calls
static uint8_t stored[GINNEL_STORED_MAX_SIZE];

// The operating system's randomness; on a board, its generator.
static int fill_random(void* argument, uint8_t* out, size_t size) {
  (void)argument;
  FILE* file = fopen("/dev/urandom", "rb");
  if (file == NULL) return -1;
  const size_t got = fread(out, 1, size, file);
  fclose(file);
  return got == size ? 0 : -1;
}

static void must(ginnel_error error, const char* what) {
  if (error == GINNEL_OK) return;
  fprintf(stderr, "%s: %s\n", what, ginnel_error_text(error));
  exit(1);
}

static int64_t now_ms(void) { return (int64_t)time(NULL) * 1000; }

// A device is born: an identity for its life, and prekeys.
static ginnel_device make_device(device_state* state, uint32_t registration_id) {
  must(ginnel_identity_generate(fill_random, NULL, &state->identity), "identity");
  ginnel_device device = {&state->identity, fill_random, NULL, &work, registration_id};
  must(ginnel_signed_prekey_generate(&device, 1, &state->signed_prekey), "signed prekey");
  must(ginnel_one_time_prekey_generate(&device, 2, &state->one_time), "one-time prekey");
  must(ginnel_kem_prekey_generate(&device, 3, &state->kem), "KEM prekey");
  must(ginnel_session_init(&state->session, sizeof state->session), "session");
  return device;
}

// What a device publishes, so that others can write to it while it is away.
static size_t publish(const device_state* state, uint8_t* out, size_t out_size) {
  static uint8_t kem_public[GINNEL_KEM_KEY_SIZE];
  size_t size = 0;
  must(ginnel_kem_prekey_public(&state->kem, &work, kem_public), "KEM public key");
  ginnel_bundle bundle = {0};
  bundle.registration_id = 4242;
  bundle.device_id = 1;
  bundle.identity_key = state->identity.public_key;
  bundle.one_time_id = state->one_time.id;
  bundle.one_time_key = state->one_time.key.public_key;
  bundle.signed_id = state->signed_prekey.id;
  bundle.signed_key = state->signed_prekey.key.public_key;
  bundle.signed_signature = state->signed_prekey.signature;
  bundle.kem_id = state->kem.id;
  bundle.kem_key = kem_public;
  bundle.kem_signature = state->kem.signature;
  must(ginnel_bundle_write(&bundle, out, out_size, &size), "bundle");
  return size;
}

// Encrypts, carries and decrypts one message after the first ones.
static void say(device_state* from, const ginnel_device* from_device, device_state* to,
                const ginnel_device* to_device, const char* text) {
  static uint8_t wire[WIRE_SIZE], plain[WIRE_SIZE];
  const ginnel_peer receiver = {to->identity.public_key, NULL};
  const ginnel_peer sender = {from->identity.public_key, NULL};
  ginnel_message_type type;
  size_t size = 0;
  must(ginnel_session_encrypt(&from->session, from_device, &receiver, (const uint8_t*)text,
                              strlen(text), now_ms(), wire, sizeof wire, &size, &type),
       "encrypt");
  // Here the sender stores its session; then it sends the type and the bytes.
  must(ginnel_session_decrypt(&to->session, to_device, &sender, wire, size, plain, sizeof plain,
                              &size),
       "decrypt");
  // Here the receiver stores its session and the text; then it acknowledges.
  printf("%.*s\n", (int)size, (const char*)plain);
}

int main(void) {
  static uint8_t directory[GINNEL_BUNDLE_MAX_SIZE], wire[WIRE_SIZE], plain[WIRE_SIZE];
  const ginnel_device alice = make_device(&alice_state, 1001);
  const ginnel_device bob = make_device(&bob_state, 1002);
  // How a device knows another one's identity key: from a directory, compared
  // once by the safety number below.
  const ginnel_peer to_bob = {bob_state.identity.public_key, NULL};
  const ginnel_peer to_alice = {alice_state.identity.public_key, NULL};

  // Bob publishes, and may go offline. Alice starts a session from that alone.
  const size_t bundle_size = publish(&bob_state, directory, sizeof directory);
  ginnel_bundle bundle;
  must(ginnel_bundle_parse(directory, bundle_size, &bundle), "read the bundle");
  must(ginnel_session_initiate(&alice_state.session, &alice, &to_bob, &bundle, GINNEL_SPQR_REQUIRED,
                               now_ms()),
       "initiate");
  static const char hello[] = "alice: hello";
  ginnel_message_type type;
  size_t size = 0;
  must(ginnel_session_encrypt(&alice_state.session, &alice, &to_bob, (const uint8_t*)hello,
                              strlen(hello), now_ms(), wire, sizeof wire, &size, &type),
       "encrypt the first message");

  // Bob reads which prekeys it needs, looks them up and accepts.
  ginnel_prekey_message asked;
  must(ginnel_session_inspect(&bob_state.session, wire, size, &asked), "inspect");
  if (type != GINNEL_PREKEY || asked.signed_id != bob_state.signed_prekey.id) return 1;
  const ginnel_own_prekeys prekeys = {&bob_state.signed_prekey, &bob_state.one_time,
                                      &bob_state.kem};
  must(ginnel_session_accept(&bob_state.session, &bob, &to_alice, wire, size, &prekeys,
                             GINNEL_SPQR_REQUIRED, plain, sizeof plain, &size),
       "accept");
  printf("%.*s\n", (int)size, (const char*)plain);
  // A one-time prekey serves once: erase it together with storing the session.
  ginnel_wipe(&bob_state.one_time, sizeof bob_state.one_time);

  say(&bob_state, &bob, &alice_state, &alice, "bob: hello alice");
  say(&alice_state, &alice, &bob_state, &bob, "alice: how is the weather?");

  // Alice restarts: her session goes to the disk and comes back.
  must(ginnel_session_serialize(&alice_state.session, stored, sizeof stored, &size), "store");
  printf("(alice's session takes %u bytes in her store)\n", (unsigned)size);
  must(ginnel_session_clear(&alice_state.session), "clear");
  must(ginnel_session_restore(&alice_state.session, stored, size), "restore");
  ginnel_wipe(stored, sizeof stored);
  say(&bob_state, &bob, &alice_state, &alice, "bob: it rains");

  // The people compare 60 digits, or scan each other's code.
  static ginnel_safety_number hers, his;
  uint8_t code[GINNEL_SCANNABLE_SIZE];
  char digits[GINNEL_DIGITS_SIZE];
  must(ginnel_safety_number_make(alice_state.identity.public_key, (const uint8_t*)"alice", 5,
                                 bob_state.identity.public_key, (const uint8_t*)"bob", 3, &hers),
       "safety number");
  must(ginnel_safety_number_make(bob_state.identity.public_key, (const uint8_t*)"bob", 3,
                                 alice_state.identity.public_key, (const uint8_t*)"alice", 5, &his),
       "safety number");
  must(ginnel_safety_number_digits(&hers, digits), "digits");
  must(ginnel_safety_number_scannable(&his, code), "code");
  must(ginnel_safety_number_compare(&hers, code, sizeof code), "compare");
  printf("safety number %s, compared\n", digits);
  return 0;
}
