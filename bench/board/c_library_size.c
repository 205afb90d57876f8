// A program that does nothing but refer to every function of ginnel.h: its link
// map says what they need.
#include <ginnel.h>

int board_main(void);

typedef void (*function)(void);

int board_main(void) {
  static const volatile function functions[] = {
      (function)ginnel_bundle_parse,
      (function)ginnel_bundle_verify,
      (function)ginnel_bundle_write,
      (function)ginnel_error_text,
      (function)ginnel_identity_generate,
      (function)ginnel_identity_restore,
      (function)ginnel_kem_prekey_generate,
      (function)ginnel_kem_prekey_public,
      (function)ginnel_one_time_prekey_generate,
      (function)ginnel_safety_number_compare,
      (function)ginnel_safety_number_digits,
      (function)ginnel_safety_number_make,
      (function)ginnel_safety_number_scannable,
      (function)ginnel_session_accept,
      (function)ginnel_session_archive,
      (function)ginnel_session_clear,
      (function)ginnel_session_decrypt,
      (function)ginnel_session_encrypt,
      (function)ginnel_session_init,
      (function)ginnel_session_initiate,
      (function)ginnel_session_inspect,
      (function)ginnel_session_restore,
      (function)ginnel_session_serialize,
      (function)ginnel_signed_prekey_generate,
      (function)ginnel_wipe,
  };
  return functions[0] == 0;
}
