// The C interface as a C program sees it: right calls, and above all wrong ones.
#include <ginnel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
#define EXPECT(condition)                                             \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)
#define IS(error, call) EXPECT((call) == (error))
#define OK(call) IS(GINNEL_OK, call)

enum { TEXT_SIZE = 100, WIRE_SIZE = GINNEL_MESSAGE_SIZE(TEXT_SIZE), NOW_MS = 1700000000 };
static const int64_t thirty_days_ms = (int64_t)30 * 24 * 60 * 60 * 1000;

/* A sequence that repeats; it can be made to fail. */
typedef struct {
  uint64_t state;
  int fails;
} source;

static int draw(void* argument, uint8_t* out, size_t size) {
  source* const from = argument;
  if (from->fails) return -1;
  for (size_t i = 0; i < size; ++i) {
    from->state = from->state * 6364136223846793005u + 1442695040888963407u;
    out[i] = (uint8_t)(from->state >> 56);
  }
  return 0;
}

typedef struct {
  source random;
  ginnel_identity identity;
  ginnel_signed_prekey signed_prekey;
  ginnel_one_time_prekey one_time;
  ginnel_kem_prekey kem;
  uint8_t kem_public[GINNEL_KEM_KEY_SIZE];
  ginnel_session session;
  ginnel_device device;
  ginnel_peer peer;
} party;

static party alice, bob;
static ginnel_work work;
static uint8_t wire[WIRE_SIZE], plain[WIRE_SIZE];
static uint8_t before[GINNEL_STORED_MAX_SIZE], after[GINNEL_STORED_MAX_SIZE];

static int all_zero(const void* memory, size_t size) {
  const uint8_t* const bytes = memory;
  for (size_t i = 0; i < size; ++i)
    if (bytes[i] != 0) return 0;
  return 1;
}

static void be_born(party* p, uint64_t seed, const party* other) {
  memset(p, 0, sizeof *p);
  p->random.state = seed;
  OK(ginnel_identity_generate(draw, &p->random, &p->identity));
  p->device.identity = &p->identity;
  p->device.random = draw;
  p->device.random_argument = &p->random;
  p->device.work = &work;
  p->device.registration_id = (uint32_t)seed;
  p->peer.identity_key = other->identity.public_key;
  OK(ginnel_signed_prekey_generate(&p->device, 11, &p->signed_prekey));
  OK(ginnel_one_time_prekey_generate(&p->device, 12, &p->one_time));
  OK(ginnel_kem_prekey_generate(&p->device, 13, &p->kem));
  OK(ginnel_kem_prekey_public(&p->kem, &work, p->kem_public));
  OK(ginnel_session_init(&p->session, sizeof p->session));
}

static ginnel_bundle bundle_of(const party* p) {
  ginnel_bundle bundle = {0};
  bundle.registration_id = p->device.registration_id;
  bundle.device_id = 1;
  bundle.identity_key = p->identity.public_key;
  bundle.one_time_id = p->one_time.id;
  bundle.one_time_key = p->one_time.key.public_key;
  bundle.signed_id = p->signed_prekey.id;
  bundle.signed_key = p->signed_prekey.key.public_key;
  bundle.signed_signature = p->signed_prekey.signature;
  bundle.kem_id = p->kem.id;
  bundle.kem_key = p->kem_public;
  bundle.kem_signature = p->kem.signature;
  return bundle;
}

static ginnel_own_prekeys prekeys_of(const party* p) {
  const ginnel_own_prekeys keys = {&p->signed_prekey, &p->one_time, &p->kem};
  return keys;
}

static size_t write_to(party* from, const char* text, ginnel_message_type expected) {
  size_t size = 0;
  ginnel_message_type type = GINNEL_WHISPER;
  OK(ginnel_session_encrypt(&from->session, &from->device, &from->peer, (const uint8_t*)text,
                            strlen(text), NOW_MS, wire, sizeof wire, &size, &type));
  EXPECT(type == expected && size <= GINNEL_MESSAGE_SIZE(strlen(text)));
  return size;
}

static ginnel_error read_by(party* p, const uint8_t* message, size_t size, size_t* written) {
  return ginnel_session_decrypt(&p->session, &p->device, &p->peer, message, size, plain,
                                sizeof plain, written);
}

static ginnel_error accept_by(party* p, size_t size, const ginnel_own_prekeys* keys,
                              size_t* written) {
  return ginnel_session_accept(&p->session, &p->device, &p->peer, wire, size, keys,
                               GINNEL_SPQR_REQUIRED, plain, sizeof plain, written);
}

static void expect_text(const char* text, size_t size) {
  EXPECT(size == strlen(text) && memcmp(plain, text, size) == 0);
}

static size_t store(const party* p, uint8_t* out) {
  size_t size = 0;
  OK(ginnel_session_serialize(&p->session, out, GINNEL_STORED_MAX_SIZE, &size));
  return size;
}

/* The call has been made between the two; the session must not have changed. */
static void expect_unchanged(const party* p, size_t size_before) {
  EXPECT(store(p, after) == size_before && memcmp(before, after, size_before) == 0);
}

static void set_up(void) {
  be_born(&alice, 1, &bob);
  be_born(&bob, 2, &alice);
  const ginnel_bundle bundle = bundle_of(&bob);
  OK(ginnel_session_initiate(&alice.session, &alice.device, &alice.peer, &bundle,
                             GINNEL_SPQR_REQUIRED, NOW_MS));
}

static void connect_both(void) {
  set_up();
  size_t size = write_to(&alice, "first", GINNEL_PREKEY);
  const ginnel_own_prekeys keys = prekeys_of(&bob);
  OK(accept_by(&bob, size, &keys, &size));
  expect_text("first", size);
  size = write_to(&bob, "answer", GINNEL_WHISPER);
  OK(read_by(&alice, wire, size, &size));
  expect_text("answer", size);
}

static void two_devices_talk_and_restart(void) {
  connect_both();
  for (int i = 0; i < 40; ++i) {
    party* const from = i % 2 == 0 ? &alice : &bob;
    party* const to = i % 2 == 0 ? &bob : &alice;
    size_t size = write_to(from, "again", GINNEL_WHISPER);
    OK(read_by(to, wire, size, &size));
    expect_text("again", size);
    size = store(to, before);
    OK(ginnel_session_clear(&to->session));
    OK(ginnel_session_restore(&to->session, before, size));
    expect_unchanged(to, size);
  }
  ginnel_identity restored;
  OK(ginnel_identity_restore(alice.identity.private_key, &restored));
  EXPECT(memcmp(&restored, &alice.identity, sizeof restored) == 0);
}

static void a_session_without_a_kem_prekey_is_version_3(void) {
  set_up();
  ginnel_bundle bundle = bundle_of(&bob);
  bundle.kem_key = bundle.kem_signature = NULL;
  OK(ginnel_session_initiate(&alice.session, &alice.device, &alice.peer, &bundle,
                             GINNEL_SPQR_REQUIRED, NOW_MS));
  size_t size = write_to(&alice, "old", GINNEL_PREKEY);
  ginnel_prekey_message asked;
  OK(ginnel_session_inspect(&bob.session, wire, size, &asked));
  EXPECT(asked.version == 3 && asked.has_kem == 0 && asked.has_one_time == 1);
  ginnel_own_prekeys keys = prekeys_of(&bob);
  keys.kem = NULL;
  OK(accept_by(&bob, size, &keys, &size));
  expect_text("old", size);
}

static void what_a_first_message_asks_for(void) {
  set_up();
  size_t size = write_to(&alice, "first", GINNEL_PREKEY);
  ginnel_prekey_message asked;
  OK(ginnel_session_inspect(&bob.session, wire, size, &asked));
  EXPECT(asked.version == 4 && asked.has_one_time == 1 && asked.has_kem == 1);
  EXPECT(asked.one_time_id == 12 && asked.signed_id == 11 && asked.kem_id == 13);
  EXPECT(asked.registration_id == 1 && asked.is_known == 0);
  EXPECT(memcmp(asked.identity_key, alice.identity.public_key, GINNEL_PUBLIC_KEY_SIZE) == 0);

  size_t written = 0;
  const size_t stored = store(&bob, before);
  ginnel_own_prekeys keys = prekeys_of(&bob);
  keys.kem = NULL;
  IS(GINNEL_NOT_FOUND, accept_by(&bob, size, &keys, &written));
  keys = prekeys_of(&bob);
  keys.one_time = NULL;
  IS(GINNEL_NOT_FOUND, accept_by(&bob, size, &keys, &written));
  keys = prekeys_of(&bob);
  bob.signed_prekey.id = 99;
  IS(GINNEL_NOT_FOUND, accept_by(&bob, size, &keys, &written));
  bob.signed_prekey.id = 11;
  IS(GINNEL_NOT_FOUND, accept_by(&bob, size, NULL, &written));
  const ginnel_peer stranger = {bob.identity.public_key, NULL};
  IS(GINNEL_UNTRUSTED,
     ginnel_session_accept(&bob.session, &bob.device, &stranger, wire, size, &keys,
                           GINNEL_SPQR_REQUIRED, plain, sizeof plain, &written));
  expect_unchanged(&bob, stored);

  OK(accept_by(&bob, size, &keys, &written));
  OK(ginnel_session_inspect(&bob.session, wire, size, &asked));
  EXPECT(asked.is_known == 1);
  IS(GINNEL_REPLAY, accept_by(&bob, size, NULL, &written));
  size = write_to(&alice, "second", GINNEL_PREKEY);
  OK(accept_by(&bob, size, NULL, &written));
  expect_text("second", written);
}

static void a_changed_message_is_refused_and_changes_nothing(void) {
  connect_both();
  const size_t size = write_to(&alice, "untouched", GINNEL_WHISPER);
  const size_t stored = store(&bob, before);
  size_t written = 1;
  for (size_t i = 0; i < size; ++i) {
    wire[i] ^= 1;
    EXPECT(read_by(&bob, wire, size, &written) != GINNEL_OK && written == 0);
    EXPECT(all_zero(plain, sizeof plain));
    wire[i] ^= 1;
  }
  for (size_t cut = 0; cut < size; ++cut) {
    EXPECT(read_by(&bob, wire, cut, &written) != GINNEL_OK && written == 0);
  }
  expect_unchanged(&bob, stored);
  OK(read_by(&bob, wire, size, &written));
  expect_text("untouched", written);
  IS(GINNEL_REPLAY, read_by(&bob, wire, size, &written));
}

static void a_first_message_that_is_cut_is_refused(void) {
  set_up();
  const size_t size = write_to(&alice, "first", GINNEL_PREKEY);
  const ginnel_own_prekeys keys = prekeys_of(&bob);
  const size_t stored = store(&bob, before);
  ginnel_prekey_message asked;
  size_t written = 1;
  for (size_t cut = 0; cut < size; cut += cut < 200 ? 1 : 97) {
    EXPECT(ginnel_session_inspect(&bob.session, wire, cut, &asked) != GINNEL_OK);
    EXPECT(all_zero(&asked, sizeof asked));
    EXPECT(accept_by(&bob, cut, &keys, &written) != GINNEL_OK && written == 0);
  }
  wire[size - 1] ^= 1;
  IS(GINNEL_BAD_TAG, accept_by(&bob, size, &keys, &written));
  expect_unchanged(&bob, stored);
}

static void a_short_buffer_is_full_and_changes_nothing(void) {
  connect_both();
  size_t stored = store(&alice, before);
  size_t size = 1;
  ginnel_message_type type;
  for (size_t room = 0; room < 180; room += 7) {
    memset(plain, 0xaa, sizeof plain);
    IS(GINNEL_FULL,
       ginnel_session_encrypt(&alice.session, &alice.device, &alice.peer, (const uint8_t*)"text", 4,
                              NOW_MS, plain, room < 60 ? room : 60, &size, &type));
    EXPECT(size == 0 && all_zero(plain, room < 60 ? room : 60));
  }
  expect_unchanged(&alice, stored);
  for (size_t room = 0; room < stored; room += 13) {
    IS(GINNEL_FULL, ginnel_session_serialize(&alice.session, after, room, &size));
    EXPECT(size == 0 && all_zero(after, room));
  }
  size = write_to(&alice, "a text of some size", GINNEL_WHISPER);
  stored = store(&bob, before);
  size_t written = 1;
  IS(GINNEL_FULL,
     ginnel_session_decrypt(&bob.session, &bob.device, &bob.peer, wire, size, plain, 8, &written));
  EXPECT(written == 0);
  expect_unchanged(&bob, stored);
}

static void a_damaged_store_gives_an_empty_session(void) {
  connect_both();
  const size_t stored = store(&alice, before);
  size_t size = 0;
  ginnel_message_type type;
  for (size_t cut = 0; cut < stored; ++cut) {
    IS(GINNEL_MALFORMED, ginnel_session_restore(&alice.session, before, cut));
  }
  for (size_t i = 0; i < stored; i += 3) {
    before[i] ^= 0x10;
    IS(GINNEL_MALFORMED, ginnel_session_restore(&alice.session, before, stored));
    before[i] ^= 0x10;
  }
  IS(GINNEL_NOT_FOUND, ginnel_session_encrypt(&alice.session, &alice.device, &alice.peer, NULL, 0,
                                              NOW_MS, wire, sizeof wire, &size, &type));
  OK(ginnel_session_restore(&alice.session, before, stored));
  write_to(&alice, "whole again", GINNEL_WHISPER);
}

static void a_failing_random_source_changes_nothing(void) {
  set_up();
  party* const p = &alice;
  p->random.fails = 1;
  ginnel_identity identity;
  IS(GINNEL_RANDOM, ginnel_identity_generate(draw, &p->random, &identity));
  EXPECT(all_zero(&identity, sizeof identity));
  ginnel_kem_prekey kem;
  IS(GINNEL_RANDOM, ginnel_kem_prekey_generate(&p->device, 1, &kem));
  EXPECT(all_zero(&kem, sizeof kem));
  const size_t stored = store(p, before);
  const ginnel_bundle bundle = bundle_of(&bob);
  IS(GINNEL_RANDOM, ginnel_session_initiate(&p->session, &p->device, &p->peer, &bundle,
                                            GINNEL_SPQR_REQUIRED, NOW_MS));
  expect_unchanged(p, stored);
}

static void a_session_without_an_answer_expires(void) {
  set_up();
  size_t size = 1;
  ginnel_message_type type;
  IS(GINNEL_EXPIRED,
     ginnel_session_encrypt(&alice.session, &alice.device, &alice.peer, NULL, 0,
                            NOW_MS + thirty_days_ms + 1, wire, sizeof wire, &size, &type));
  EXPECT(size == 0 && all_zero(wire, sizeof wire));
  OK(ginnel_session_archive(&alice.session));
  IS(GINNEL_NOT_FOUND, ginnel_session_encrypt(&alice.session, &alice.device, &alice.peer, NULL, 0,
                                              NOW_MS, wire, sizeof wire, &size, &type));
}

static void bundles_are_read_whole_and_verified(void) {
  set_up();
  static uint8_t bytes[GINNEL_BUNDLE_MAX_SIZE];
  ginnel_bundle bundle = bundle_of(&bob), read;
  bundle.registration_id = bundle.device_id = 0xffffffff;
  bundle.one_time_id = bundle.signed_id = bundle.kem_id = 0x7fffffff;
  size_t size = 0;
  OK(ginnel_bundle_write(&bundle, bytes, sizeof bytes, &size));
  EXPECT(size == GINNEL_BUNDLE_MAX_SIZE);
  OK(ginnel_bundle_parse(bytes, size, &read));
  EXPECT(read.registration_id == 0xffffffff && read.kem_id == 0x7fffffff);
  OK(ginnel_bundle_verify(&read));
  for (size_t cut = 0; cut < size; cut += 11) {
    IS(GINNEL_MALFORMED, ginnel_bundle_parse(bytes, cut, &read));
    EXPECT(all_zero(&read, sizeof read));
    IS(GINNEL_FULL, ginnel_bundle_write(&bundle, before, cut, &size));
    EXPECT(size == 0 && all_zero(before, cut));
    size = GINNEL_BUNDLE_MAX_SIZE;
  }
  bundle.kem_id = 0;
  IS(GINNEL_USAGE, ginnel_bundle_write(&bundle, bytes, sizeof bytes, &size));

  bundle = bundle_of(&bob);
  bob.kem_public[100] ^= 1;
  IS(GINNEL_BAD_TAG, ginnel_bundle_verify(&bundle));
  IS(GINNEL_BAD_TAG, ginnel_session_initiate(&alice.session, &alice.device, &alice.peer, &bundle,
                                             GINNEL_SPQR_REQUIRED, NOW_MS));
  bob.kem_public[100] ^= 1;
  bob.signed_prekey.key.public_key[0] = 6;
  IS(GINNEL_BAD_KEY, ginnel_bundle_verify(&bundle));
  bob.signed_prekey.key.public_key[0] = 5;
  bundle.identity_key = alice.identity.public_key;
  IS(GINNEL_UNTRUSTED, ginnel_session_initiate(&alice.session, &alice.device, &alice.peer, &bundle,
                                               GINNEL_SPQR_REQUIRED, NOW_MS));
}

static void safety_numbers_agree_or_do_not(void) {
  set_up();
  static const uint8_t alice_id[] = "alice", bob_id[] = "bob";
  ginnel_safety_number hers, his, other;
  char her_digits[GINNEL_DIGITS_SIZE], his_digits[GINNEL_DIGITS_SIZE];
  uint8_t code[GINNEL_SCANNABLE_SIZE];
  const uint8_t* const a = alice.identity.public_key;
  const uint8_t* const b = bob.identity.public_key;
  OK(ginnel_safety_number_make(a, alice_id, 5, b, bob_id, 3, &hers));
  OK(ginnel_safety_number_make(b, bob_id, 3, a, alice_id, 5, &his));
  OK(ginnel_safety_number_make(b, bob_id, 3, b, alice_id, 5, &other));
  OK(ginnel_safety_number_digits(&hers, her_digits));
  OK(ginnel_safety_number_digits(&his, his_digits));
  EXPECT(strlen(her_digits) == 60 && strcmp(her_digits, his_digits) == 0);
  OK(ginnel_safety_number_scannable(&his, code));
  OK(ginnel_safety_number_compare(&hers, code, sizeof code));
  IS(GINNEL_UNTRUSTED, ginnel_safety_number_compare(&other, code, sizeof code));
  IS(GINNEL_UNTRUSTED, ginnel_safety_number_compare(&his, code, sizeof code));
  for (size_t cut = 0; cut < sizeof code; ++cut) {
    IS(GINNEL_MALFORMED, ginnel_safety_number_compare(&hers, code, cut));
  }
  IS(GINNEL_USAGE, ginnel_safety_number_compare(NULL, code, sizeof code));
  IS(GINNEL_USAGE, ginnel_safety_number_compare(&hers, NULL, sizeof code));
  IS(GINNEL_USAGE, ginnel_safety_number_digits(NULL, her_digits));
  EXPECT(all_zero(her_digits, sizeof her_digits));
  IS(GINNEL_USAGE, ginnel_safety_number_scannable(NULL, code));
  EXPECT(all_zero(code, sizeof code));
  IS(GINNEL_USAGE, ginnel_safety_number_digits(&hers, NULL));
  IS(GINNEL_USAGE, ginnel_safety_number_scannable(&hers, NULL));
  IS(GINNEL_USAGE, ginnel_safety_number_make(NULL, alice_id, 5, b, bob_id, 3, &hers));
  IS(GINNEL_USAGE, ginnel_safety_number_make(a, alice_id, 5, NULL, bob_id, 3, &hers));
  IS(GINNEL_USAGE, ginnel_safety_number_make(a, NULL, 5, b, bob_id, 3, &hers));
  EXPECT(all_zero(&hers, sizeof hers));
  IS(GINNEL_USAGE, ginnel_safety_number_make(a, alice_id, 5, b, bob_id, 3, NULL));
}

/* Every pointer of every call, one after the other. */
static void null_pointers_are_usage_errors(void) {
  connect_both();
  const ginnel_bundle bundle = bundle_of(&bob);
  const ginnel_own_prekeys keys = prekeys_of(&bob);
  const size_t message = write_to(&alice, "text", GINNEL_WHISPER);
  size_t size = 0;
  ginnel_message_type type;
  ginnel_prekey_message asked;
  ginnel_bundle read;
  ginnel_identity identity;
  ginnel_one_time_prekey one_time;
  ginnel_signed_prekey signed_prekey;
  ginnel_kem_prekey kem;
  ginnel_session* const s = &bob.session;
  const ginnel_device* const d = &bob.device;
  const ginnel_peer* const p = &bob.peer;
  const size_t stored = store(&bob, before);

  IS(GINNEL_USAGE, ginnel_identity_generate(NULL, NULL, &identity));
  IS(GINNEL_USAGE, ginnel_identity_generate(draw, &bob.random, NULL));
  IS(GINNEL_USAGE, ginnel_identity_restore(NULL, &identity));
  IS(GINNEL_USAGE, ginnel_identity_restore(bob.identity.private_key, NULL));
  IS(GINNEL_USAGE, ginnel_one_time_prekey_generate(NULL, 1, &one_time));
  IS(GINNEL_USAGE, ginnel_one_time_prekey_generate(d, 1, NULL));
  IS(GINNEL_USAGE, ginnel_signed_prekey_generate(NULL, 1, &signed_prekey));
  IS(GINNEL_USAGE, ginnel_signed_prekey_generate(d, 1, NULL));
  IS(GINNEL_USAGE, ginnel_kem_prekey_generate(NULL, 1, &kem));
  IS(GINNEL_USAGE, ginnel_kem_prekey_generate(d, 1, NULL));
  IS(GINNEL_USAGE, ginnel_kem_prekey_public(NULL, &work, bob.kem_public));
  EXPECT(all_zero(bob.kem_public, sizeof bob.kem_public));
  IS(GINNEL_USAGE, ginnel_kem_prekey_public(&bob.kem, NULL, bob.kem_public));
  IS(GINNEL_USAGE, ginnel_kem_prekey_public(&bob.kem, &work, NULL));

  IS(GINNEL_USAGE, ginnel_bundle_verify(NULL));
  IS(GINNEL_USAGE, ginnel_bundle_parse(NULL, 1, &read));
  IS(GINNEL_MALFORMED, ginnel_bundle_parse(NULL, 0, &read));
  IS(GINNEL_USAGE, ginnel_bundle_parse(wire, 1, NULL));
  IS(GINNEL_USAGE, ginnel_bundle_write(NULL, plain, sizeof plain, &size));
  IS(GINNEL_USAGE, ginnel_bundle_write(&bundle, NULL, sizeof plain, &size));
  IS(GINNEL_USAGE, ginnel_bundle_write(&bundle, plain, sizeof plain, NULL));
  ginnel_bundle lacking = bundle;
  lacking.identity_key = NULL;
  IS(GINNEL_USAGE, ginnel_bundle_verify(&lacking));
  lacking = bundle;
  lacking.signed_key = NULL;
  IS(GINNEL_USAGE, ginnel_bundle_verify(&lacking));
  lacking = bundle;
  lacking.signed_signature = NULL;
  IS(GINNEL_USAGE, ginnel_bundle_verify(&lacking));
  lacking = bundle;
  lacking.kem_signature = NULL;
  IS(GINNEL_USAGE, ginnel_bundle_verify(&lacking));

  ginnel_device incomplete[4] = {bob.device, bob.device, bob.device, bob.device};
  incomplete[0].identity = NULL;
  incomplete[1].random = NULL;
  incomplete[2].work = NULL;
  const ginnel_peer nobody = {NULL, NULL};
  for (int i = 0; i < 4; ++i) {
    const ginnel_device* const bad = i < 3 ? &incomplete[i] : NULL;
    IS(GINNEL_USAGE, ginnel_session_initiate(s, bad, p, &bundle, GINNEL_SPQR_REQUIRED, NOW_MS));
    IS(GINNEL_USAGE,
       ginnel_session_encrypt(s, bad, p, wire, 1, NOW_MS, plain, sizeof plain, &size, &type));
    IS(GINNEL_USAGE, ginnel_session_decrypt(s, bad, p, wire, message, plain, sizeof plain, &size));
    IS(GINNEL_USAGE, ginnel_session_accept(s, bad, p, wire, message, &keys, GINNEL_SPQR_REQUIRED,
                                           plain, sizeof plain, &size));
  }
  for (int i = 0; i < 2; ++i) {
    const ginnel_peer* const bad = i == 0 ? &nobody : NULL;
    IS(GINNEL_USAGE, ginnel_session_initiate(s, d, bad, &bundle, GINNEL_SPQR_REQUIRED, NOW_MS));
    IS(GINNEL_USAGE,
       ginnel_session_encrypt(s, d, bad, wire, 1, NOW_MS, plain, sizeof plain, &size, &type));
    IS(GINNEL_USAGE, ginnel_session_decrypt(s, d, bad, wire, message, plain, sizeof plain, &size));
    IS(GINNEL_USAGE, ginnel_session_accept(s, d, bad, wire, message, &keys, GINNEL_SPQR_REQUIRED,
                                           plain, sizeof plain, &size));
  }
  IS(GINNEL_USAGE, ginnel_session_initiate(s, d, p, NULL, GINNEL_SPQR_REQUIRED, NOW_MS));
  IS(GINNEL_USAGE, ginnel_session_initiate(s, d, p, &bundle, 7, NOW_MS));
  IS(GINNEL_USAGE,
     ginnel_session_encrypt(s, d, p, NULL, 1, NOW_MS, plain, sizeof plain, &size, &type));
  IS(GINNEL_USAGE, ginnel_session_encrypt(s, d, p, wire, 1, NOW_MS, NULL, 1, &size, &type));
  IS(GINNEL_USAGE,
     ginnel_session_encrypt(s, d, p, wire, 1, NOW_MS, plain, sizeof plain, NULL, &type));
  IS(GINNEL_USAGE,
     ginnel_session_encrypt(s, d, p, wire, 1, NOW_MS, plain, sizeof plain, &size, NULL));
  IS(GINNEL_USAGE, ginnel_session_decrypt(s, d, p, NULL, 1, plain, sizeof plain, &size));
  IS(GINNEL_USAGE, ginnel_session_decrypt(s, d, p, wire, message, NULL, 1, &size));
  IS(GINNEL_USAGE, ginnel_session_decrypt(s, d, p, wire, message, plain, sizeof plain, NULL));
  IS(GINNEL_USAGE, ginnel_session_inspect(NULL, wire, message, &asked));
  IS(GINNEL_USAGE, ginnel_session_inspect(s, NULL, message, &asked));
  IS(GINNEL_USAGE, ginnel_session_inspect(s, wire, message, NULL));
  IS(GINNEL_USAGE,
     ginnel_session_accept(s, d, p, wire, message, &keys, -1, plain, sizeof plain, &size));
  IS(GINNEL_USAGE, ginnel_session_accept(s, d, p, NULL, 1, &keys, 0, plain, sizeof plain, &size));
  IS(GINNEL_USAGE, ginnel_session_accept(s, d, p, wire, message, &keys, 0, NULL, 1, &size));
  IS(GINNEL_USAGE,
     ginnel_session_accept(s, d, p, wire, message, &keys, 0, plain, sizeof plain, NULL));
  IS(GINNEL_USAGE, ginnel_session_serialize(s, NULL, 1, &size));
  IS(GINNEL_USAGE, ginnel_session_serialize(s, after, sizeof after, NULL));
  expect_unchanged(&bob, stored);
  IS(GINNEL_USAGE, ginnel_session_restore(s, NULL, 1));
  IS(GINNEL_MALFORMED, ginnel_session_restore(s, NULL, 0));
}

static void memory_that_is_no_session_is_a_usage_error(void) {
  connect_both();
  static ginnel_session blank;
  ginnel_session* const sessions[] = {NULL, &blank};
  const ginnel_bundle bundle = bundle_of(&bob);
  size_t size = 0;
  ginnel_message_type type;
  for (int i = 0; i < 2; ++i) {
    ginnel_session* const s = sessions[i];
    IS(GINNEL_USAGE, ginnel_session_clear(s));
    IS(GINNEL_USAGE, ginnel_session_archive(s));
    IS(GINNEL_USAGE, ginnel_session_serialize(s, after, sizeof after, &size));
    IS(GINNEL_USAGE, ginnel_session_restore(s, before, 10));
    IS(GINNEL_USAGE, ginnel_session_initiate(s, &bob.device, &bob.peer, &bundle, 0, NOW_MS));
    IS(GINNEL_USAGE, ginnel_session_encrypt(s, &bob.device, &bob.peer, wire, 1, NOW_MS, plain,
                                            sizeof plain, &size, &type));
    IS(GINNEL_USAGE,
       ginnel_session_decrypt(s, &bob.device, &bob.peer, wire, 1, plain, sizeof plain, &size));
    IS(GINNEL_USAGE, ginnel_session_accept(s, &bob.device, &bob.peer, wire, 1, NULL, 0, plain,
                                           sizeof plain, &size));
  }
  EXPECT(all_zero(&blank, sizeof blank));
  IS(GINNEL_USAGE, ginnel_session_init(NULL, sizeof blank));
  IS(GINNEL_USAGE, ginnel_session_init(&blank, sizeof blank - 8)); /* built with other limits */
  EXPECT(all_zero(&blank, sizeof blank));
}

static void scratch_memory_need_not_be_aligned_further(void) {
  static uint64_t room[sizeof(ginnel_work) / 8 + 4];
  for (size_t i = 0; i < 4; ++i) {
    set_up();
    alice.device.work = (ginnel_work*)(void*)&room[i];
    ginnel_kem_prekey kem;
    OK(ginnel_kem_prekey_generate(&alice.device, 1, &kem));
    uint8_t there[GINNEL_KEM_KEY_SIZE], here[GINNEL_KEM_KEY_SIZE];
    OK(ginnel_kem_prekey_public(&kem, alice.device.work, there));
    OK(ginnel_kem_prekey_public(&kem, &work, here));
    EXPECT(memcmp(here, there, sizeof here) == 0);
  }
}

static void every_error_has_a_text(void) {
  for (int i = 0; i <= GINNEL_RANDOM; ++i) {
    EXPECT(strlen(ginnel_error_text(i)) > 1);
    for (int j = 0; j < i; ++j) EXPECT(strcmp(ginnel_error_text(i), ginnel_error_text(j)) != 0);
  }
  EXPECT(strcmp(ginnel_error_text(-1), "unknown error") == 0);
  EXPECT(strcmp(ginnel_error_text(1000), "unknown error") == 0);
  uint8_t bytes[3] = {1, 2, 3};
  ginnel_wipe(bytes, 2);
  EXPECT(bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 3);
  ginnel_wipe(NULL, 2);
}

int main(void) {
  two_devices_talk_and_restart();
  a_session_without_a_kem_prekey_is_version_3();
  what_a_first_message_asks_for();
  a_changed_message_is_refused_and_changes_nothing();
  a_first_message_that_is_cut_is_refused();
  a_short_buffer_is_full_and_changes_nothing();
  a_damaged_store_gives_an_empty_session();
  a_failing_random_source_changes_nothing();
  a_session_without_an_answer_expires();
  bundles_are_read_whole_and_verified();
  safety_numbers_agree_or_do_not();
  null_pointers_are_usage_errors();
  memory_that_is_no_session_is_a_usage_error();
  scratch_memory_need_not_be_aligned_further();
  every_error_has_a_text();
  return failures == 0 ? 0 : 1;
}
