// End-to-end encryption in C firmware without an operating system: a sensor tells
// a display its reading. Both are in this one image, so that it runs by itself; a
// real board has one of them, and a network where here the bytes are in `wire`.
//
// All memory is static. Built with the limits of a small device (docs/c-api.md).
#include <ginnel.h>
#include <string.h>

// What the board gives, beside memory.
int board_random(void* argument, uint8_t* out, size_t size);  // 0 if it filled `out`
void board_print(const char* text);
int64_t board_now_ms(void);  // since 1970; 0 if nobody has set the clock
int firmware_main(void);

enum { TEXT_SIZE = 64, WIRE_SIZE = GINNEL_MESSAGE_SIZE(TEXT_SIZE) };

// What a device keeps; on a real board it lies sealed in flash between restarts.
typedef struct {
  ginnel_identity identity;
  ginnel_signed_prekey signed_prekey;
  ginnel_one_time_prekey one_time;
  ginnel_kem_prekey kem;
  ginnel_session session;
} keeps;

static keeps sensor_keeps, display_keeps;
static ginnel_work work;
static uint8_t bundle_bytes[GINNEL_BUNDLE_MAX_SIZE], wire[WIRE_SIZE], text[WIRE_SIZE];
static uint8_t kem_public[GINNEL_KEM_KEY_SIZE];

// One exit for whatever fails: firmware says what and stops, or starts anew.
static int fails(ginnel_error error, const char* what) {
  if (error == GINNEL_OK) return 0;
  board_print(what);
  board_print(": ");
  board_print(ginnel_error_text(error));
  board_print("\n");
  return 1;
}

static int is_born(keeps* device, ginnel_device* out, uint32_t registration_id) {
  const ginnel_device made = {&device->identity, board_random, NULL, &work, registration_id};
  *out = made;
  return !fails(ginnel_identity_generate(board_random, NULL, &device->identity), "identity") &&
         !fails(ginnel_session_init(&device->session, sizeof device->session), "session") &&
         !fails(ginnel_signed_prekey_generate(out, 1, &device->signed_prekey), "signed prekey") &&
         !fails(ginnel_one_time_prekey_generate(out, 2, &device->one_time), "one-time prekey") &&
         !fails(ginnel_kem_prekey_generate(out, 3, &device->kem), "KEM prekey");
}

// What others need to write to a device while it is away.
static int publishes(const keeps* device, size_t* size) {
  ginnel_bundle bundle = {0};
  if (fails(ginnel_kem_prekey_public(&device->kem, &work, kem_public), "KEM key")) return 0;
  bundle.registration_id = 2;
  bundle.device_id = 1;
  bundle.identity_key = device->identity.public_key;
  bundle.one_time_id = device->one_time.id;
  bundle.one_time_key = device->one_time.key.public_key;
  bundle.signed_id = device->signed_prekey.id;
  bundle.signed_key = device->signed_prekey.key.public_key;
  bundle.signed_signature = device->signed_prekey.signature;
  bundle.kem_id = device->kem.id;
  bundle.kem_key = kem_public;
  bundle.kem_signature = device->kem.signature;
  return !fails(ginnel_bundle_write(&bundle, bundle_bytes, sizeof bundle_bytes, size), "bundle");
}

int firmware_main(void) {
  static const char reading[] = "21.5 degrees", answer[] = "shown";
  ginnel_device sensor, display;
  if (!is_born(&sensor_keeps, &sensor, 1) || !is_born(&display_keeps, &display, 2)) return 1;
  const ginnel_peer to_display = {display_keeps.identity.public_key, NULL};
  const ginnel_peer to_sensor = {sensor_keeps.identity.public_key, NULL};

  // The sensor writes to a display that is away, from its bundle alone.
  size_t size = 0;
  ginnel_bundle bundle;
  ginnel_message_type type;
  if (!publishes(&display_keeps, &size) ||
      fails(ginnel_bundle_parse(bundle_bytes, size, &bundle), "bundle") ||
      fails(ginnel_session_initiate(&sensor_keeps.session, &sensor, &to_display, &bundle,
                                    GINNEL_SPQR_REQUIRED, board_now_ms()),
            "initiate") ||
      fails(ginnel_session_encrypt(&sensor_keeps.session, &sensor, &to_display,
                                   (const uint8_t*)reading, strlen(reading), board_now_ms(), wire,
                                   sizeof wire, &size, &type),
            "encrypt")) {
    return 1;
  }
  // Here a sensor stores its session, and then sends.

  const ginnel_own_prekeys prekeys = {&display_keeps.signed_prekey, &display_keeps.one_time,
                                      &display_keeps.kem};
  if (fails(ginnel_session_accept(&display_keeps.session, &display, &to_sensor, wire, size,
                                  &prekeys, GINNEL_SPQR_REQUIRED, text, sizeof text - 1, &size),
            "accept")) {
    return 1;
  }
  // Here a display stores its session and the text, without the one-time prekeys.
  ginnel_wipe(&display_keeps.one_time, sizeof display_keeps.one_time);
  text[size] = 0;
  board_print("display: ");
  board_print((const char*)text);

  if (fails(ginnel_session_encrypt(&display_keeps.session, &display, &to_sensor,
                                   (const uint8_t*)answer, strlen(answer), board_now_ms(), wire,
                                   sizeof wire, &size, &type),
            "encrypt") ||
      fails(ginnel_session_decrypt(&sensor_keeps.session, &sensor, &to_display, wire, size, text,
                                   sizeof text - 1, &size),
            "decrypt")) {
    return 1;
  }
  text[size] = 0;
  board_print("\nsensor: ");
  board_print((const char*)text);
  board_print("\n");
  return 0;
}
