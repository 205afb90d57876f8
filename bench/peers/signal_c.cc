// libsignal-protocol-c, or with PEER_OMEMO libomemo-c in its version 3 mode: X3DH
// and the Double Ratchet, message version 3. The library reads and writes a
// session's stored form in each call. Built against the installed headers only.
#ifdef PEER_OMEMO
#include <omemo/key_helper.h>
#include <omemo/protocol.h>
#include <omemo/session_builder.h>
#include <omemo/session_cipher.h>
#include <omemo/session_state.h>
#include <omemo/signal_protocol.h>
#else
#include <signal/key_helper.h>
#include <signal/protocol.h>
#include <signal/session_builder.h>
#include <signal/session_cipher.h>
#include <signal/session_state.h>
#include <signal/signal_protocol.h>
#endif

#include <array>
#include <map>
#include <string>
#include <vector>

#include "bench/peers/measure.h"
#include "bench/peers/signal_c_crypto.h"

namespace bench::peers {
namespace {

using Bytes = std::vector<std::uint8_t>;
#ifdef PEER_OMEMO
constexpr const char* kName = "libomemo-c";
#else
constexpr const char* kName = "libsignal-protocol-c";
#endif

void ok(int result, const char* what) { require(result >= 0, what); }

signal_buffer* buffer_of(const Bytes& bytes) {
  return signal_buffer_create(bytes.data(), bytes.size());
}
Bytes taken(signal_buffer* buffer) {
  const auto* data = signal_buffer_const_data(buffer);
  Bytes bytes(data, data + signal_buffer_len(buffer));
  signal_buffer_free(buffer);
  return bytes;
}

// A device with one of each prekey and its session with the other device.
class Device {
 public:
  Device(signal_context* context, const char* name) : context_(context), name_(name) {
    ok(signal_protocol_key_helper_generate_identity_key_pair(&identity_, context), "identity");
    ok(signal_protocol_key_helper_generate_signed_pre_key(&signed_, identity_, 12, 1, context),
       "signed prekey");
    ok(signal_protocol_key_helper_generate_pre_keys(&one_time_, 11, 1, context), "prekey");
    signal_buffer* buffer = nullptr;
    ok(session_signed_pre_key_serialize(&buffer, signed_), "serialize");
    signed_record_ = taken(buffer);
    ok(session_pre_key_serialize(&buffer, signal_protocol_key_helper_key_list_element(one_time_)),
       "serialize");
    one_time_record_ = taken(buffer);
    ok(ec_public_key_serialize(&buffer, ratchet_identity_key_pair_get_public(identity_)), "key");
    identity_public_ = taken(buffer);
    ok(ec_private_key_serialize(&buffer, ratchet_identity_key_pair_get_private(identity_)), "key");
    identity_private_ = taken(buffer);
    make_stores();
  }
  ~Device() {
    signal_protocol_store_context_destroy(stores_);
    signal_protocol_key_helper_key_list_free(one_time_);
    SIGNAL_UNREF(signed_);
    SIGNAL_UNREF(identity_);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  void forget() { session_.clear(); }

  void initiate(const Device& other) {
    session_pre_key_bundle* bundle = nullptr;
    const auto* signed_key = other.signed_;
    const auto* one_time = signal_protocol_key_helper_key_list_element(other.one_time_);
    ok(session_pre_key_bundle_create(
           &bundle, 4242, 1, session_pre_key_get_id(one_time),
           ec_key_pair_get_public(session_pre_key_get_key_pair(one_time)),
           session_signed_pre_key_get_id(signed_key),
           ec_key_pair_get_public(session_signed_pre_key_get_key_pair(signed_key)),
           session_signed_pre_key_get_signature(signed_key),
           session_signed_pre_key_get_signature_len(signed_key),
           ratchet_identity_key_pair_get_public(other.identity_)),
       "bundle");
    session_builder* builder = nullptr;
    const auto address = other.address();
    ok(session_builder_create(&builder, stores_, &address, context_), "builder");
#ifdef PEER_OMEMO
    session_builder_set_version(builder, CIPHERTEXT_CURRENT_VERSION);
#endif
    ok(session_builder_process_pre_key_bundle(builder, bundle), "process the bundle");
    session_builder_free(builder);
    SIGNAL_UNREF(bundle);
  }

  void send(Device& to, const std::string& text) {
    const auto their_address = to.address();
    session_cipher* cipher = make_cipher(their_address);
    ciphertext_message* sealed = nullptr;
    ok(session_cipher_encrypt(cipher, reinterpret_cast<const std::uint8_t*>(text.data()),
                              text.size(), &sealed),
       "encrypt");
    session_cipher_free(cipher);
    auto* wire = ciphertext_message_get_serialized(sealed);
    to.receive(*this, ciphertext_message_get_type(sealed), signal_buffer_const_data(wire),
               signal_buffer_len(wire), text.size());
    SIGNAL_UNREF(sealed);
  }

  bool verifies() const {
    signal_buffer* key = nullptr;
    ok(ec_public_key_serialize(
           &key, ec_key_pair_get_public(session_signed_pre_key_get_key_pair(signed_))),
       "key");
    const int result = curve_verify_signature(ratchet_identity_key_pair_get_public(identity_),
                                              signal_buffer_const_data(key), signal_buffer_len(key),
                                              session_signed_pre_key_get_signature(signed_),
                                              session_signed_pre_key_get_signature_len(signed_));
    signal_buffer_free(key);
    return result == 1;
  }

 private:
  signal_protocol_address address() const { return {name_.data(), name_.size(), 1}; }

  session_cipher* make_cipher(const signal_protocol_address& other) {
    session_cipher* cipher = nullptr;
    ok(session_cipher_create(&cipher, stores_, &other, context_), "cipher");
#ifdef PEER_OMEMO
    session_cipher_set_version(cipher, CIPHERTEXT_CURRENT_VERSION);
#endif
    return cipher;
  }

  void receive(const Device& from, int type, const std::uint8_t* wire, std::size_t size,
               std::size_t text_size) {
    const auto their_address = from.address();
    session_cipher* cipher = make_cipher(their_address);
    signal_buffer* plain = nullptr;
    if (type == CIPHERTEXT_PREKEY_TYPE) {
      pre_key_signal_message* message = nullptr;
      ok(pre_key_signal_message_deserialize(&message, wire, size, context_), "parse");
      ok(session_cipher_decrypt_pre_key_signal_message(cipher, message, nullptr, &plain),
         "decrypt the first message");
      SIGNAL_UNREF(message);
    } else {
      signal_message* message = nullptr;
      ok(signal_message_deserialize(&message, wire, size, context_), "parse");
      ok(session_cipher_decrypt_signal_message(cipher, message, nullptr, &plain), "decrypt");
      SIGNAL_UNREF(message);
    }
    require(signal_buffer_len(plain) == text_size, "the text");
    signal_buffer_free(plain);
    session_cipher_free(cipher);
  }

  // The library's callbacks find the device in their user data.
  static Device& self(void* user_data) { return *static_cast<Device*>(user_data); }
  void make_stores() {
    ok(signal_protocol_store_context_create(&stores_, context_), "stores");
    signal_protocol_session_store sessions{};
    sessions.load_session_func = [](signal_buffer** record, signal_buffer**,
                                    const signal_protocol_address*, void* user) {
      if (self(user).session_.empty()) return 0;
      *record = buffer_of(self(user).session_);
      return 1;
    };
    sessions.store_session_func = [](const signal_protocol_address*, std::uint8_t* record,
                                     std::size_t size, std::uint8_t*, std::size_t, void* user) {
      self(user).session_.assign(record, record + size);
      return 0;
    };
    sessions.contains_session_func = [](const signal_protocol_address*, void* user) {
      return self(user).session_.empty() ? 0 : 1;
    };
    sessions.user_data = this;
    ok(signal_protocol_store_context_set_session_store(stores_, &sessions), "stores");

    signal_protocol_pre_key_store one_time{};
    one_time.load_pre_key = [](signal_buffer** record, std::uint32_t, void* user) {
      *record = buffer_of(self(user).one_time_record_);
      return SG_SUCCESS;
    };
    one_time.contains_pre_key = [](std::uint32_t, void*) { return 1; };
    one_time.remove_pre_key = [](std::uint32_t, void*) { return 0; };  // used again and again here
    one_time.user_data = this;
    ok(signal_protocol_store_context_set_pre_key_store(stores_, &one_time), "stores");

    signal_protocol_signed_pre_key_store signed_keys{};
    signed_keys.load_signed_pre_key = [](signal_buffer** record, std::uint32_t, void* user) {
      *record = buffer_of(self(user).signed_record_);
      return SG_SUCCESS;
    };
    signed_keys.contains_signed_pre_key = [](std::uint32_t, void*) { return 1; };
    signed_keys.user_data = this;
    ok(signal_protocol_store_context_set_signed_pre_key_store(stores_, &signed_keys), "stores");

    signal_protocol_identity_key_store identities{};
    identities.get_identity_key_pair = [](signal_buffer** public_key, signal_buffer** private_key,
                                          void* user) {
      *public_key = buffer_of(self(user).identity_public_);
      *private_key = buffer_of(self(user).identity_private_);
      return 0;
    };
    identities.get_local_registration_id = [](void*, std::uint32_t* id) {
      *id = 4242;
      return 0;
    };
    identities.save_identity = [](const signal_protocol_address*, std::uint8_t*, std::size_t,
                                  void*) { return 0; };
    identities.is_trusted_identity = [](const signal_protocol_address*, std::uint8_t*, std::size_t,
                                        void*) { return 1; };
    identities.user_data = this;
    ok(signal_protocol_store_context_set_identity_key_store(stores_, &identities), "stores");
  }

  signal_context* const context_;
  const std::string name_;
  ratchet_identity_key_pair* identity_ = nullptr;
  session_signed_pre_key* signed_ = nullptr;
  signal_protocol_key_helper_pre_key_list_node* one_time_ = nullptr;
  signal_protocol_store_context* stores_ = nullptr;
  Bytes identity_public_, identity_private_, signed_record_, one_time_record_, session_;
};

void run() {
  const Program program{kName, PEER_VERSION};
  const auto crypto = openssl_provider();
  signal_context* context = nullptr;
  ok(signal_context_create(&context, nullptr), "context");
  ok(signal_context_set_crypto_provider(context, &crypto), "crypto provider");
  {
    const std::string text(kTextSize, 'x');
    Device alice(context, "alice"), bob(context, "bob");
    const auto set_up = [&] {
      alice.forget();
      bob.forget();
      alice.initiate(bob);
      alice.send(bob, text);
    };
    program.measure("set_up", 1, set_up);
    set_up();
    program.measure("ping_pong", 2, [&] {
      bob.send(alice, text);
      alice.send(bob, text);
    });
    set_up();
    bob.send(alice, text);
    program.measure("one_way", 1, [&] { alice.send(bob, text); });
    program.measure("one_time_key", 100, [&] {
      signal_protocol_key_helper_pre_key_list_node* keys = nullptr;
      ok(signal_protocol_key_helper_generate_pre_keys(&keys, 1, 100, context), "prekeys");
      signal_protocol_key_helper_key_list_free(keys);
    });
    program.measure("verify_bundle", 1, [&] { require(bob.verifies(), "verify"); });
  }
  signal_context_destroy(context);
}

}  // namespace
}  // namespace bench::peers

int main() { bench::peers::run(); }
