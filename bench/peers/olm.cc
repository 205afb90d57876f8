// libolm: triple Diffie-Hellman and its own ratchet, in memory and with each
// session pickled and unpickled around each call. Messages are base64.
#include <olm/olm.h>

#include <string>
#include <vector>

#include "bench/peers/measure.h"

namespace bench::peers {
namespace {

using Bytes = std::vector<std::uint8_t>;
enum class Keep : std::uint8_t { kInMemory, kPickled };

CheapRandom source;
Bytes random_bytes(std::size_t size) {
  Bytes bytes(size);
  source.fill(bytes.data(), size);
  return bytes;
}
std::size_t ok(std::size_t result, const char* what) {
  require(result != olm_error(), what);
  return result;
}
// The text behind `"name":"` in the library's JSON.
std::string value_of(const Bytes& json, const std::string& name) {
  const std::string text(json.begin(), json.end());
  const auto at = text.find('"' + name + "\":");
  require(at != std::string::npos, "a key in the JSON");
  const auto start = text.find('"', at + name.size() + 3) + 1;
  return text.substr(start, text.find('"', start) - start);
}

class Device {
 public:
  explicit Device(Keep keep)
      : keep_(keep), room_(olm_account_size()), session_room_(olm_session_size()) {
    account_ = olm_account(room_.data());
    auto random = random_bytes(olm_create_account_random_length(account_));
    ok(olm_create_account(account_, random.data(), random.size()), "account");
    Bytes keys(olm_account_identity_keys_length(account_));
    ok(olm_account_identity_keys(account_, keys.data(), keys.size()), "identity keys");
    identity_ = value_of(keys, "curve25519");
    signing_ = value_of(keys, "ed25519");
    make_one_time_keys(1);
    Bytes one_time(olm_account_one_time_keys_length(account_));
    ok(olm_account_one_time_keys(account_, one_time.data(), one_time.size()), "one-time keys");
    one_time_ = value_of(one_time, "AAAAAQ");
    signature_.resize(olm_account_signature_length(account_));
    ok(olm_account_sign(account_, one_time_.data(), one_time_.size(), signature_.data(),
                        signature_.size()),
       "sign");
  }

  void make_one_time_keys(std::size_t count) {
    auto random = random_bytes(olm_account_generate_one_time_keys_random_length(account_, count));
    ok(olm_account_generate_one_time_keys(account_, count, random.data(), random.size()),
       "one-time keys");
  }

  void initiate(const Device& other) {
    session_ = olm_session(session_room_.data());
    auto random = random_bytes(olm_create_outbound_session_random_length(session_));
    ok(olm_create_outbound_session(session_, account_, other.identity_.data(),
                                   other.identity_.size(), other.one_time_.data(),
                                   other.one_time_.size(), random.data(), random.size()),
       "initiate");
    store();
  }

  void send(Device& to, const std::string& text) {
    load();
    const auto type = olm_encrypt_message_type(session_);
    auto random = random_bytes(olm_encrypt_random_length(session_));
    Bytes wire(olm_encrypt_message_length(session_, text.size()));
    wire.resize(ok(olm_encrypt(session_, text.data(), text.size(), random.data(), random.size(),
                               wire.data(), wire.size()),
                   "encrypt"));
    store();
    to.receive(type, wire, text.size());
  }
  void forget() {
    session_ = nullptr;
    pickle_.clear();
  }

  void verify(OlmUtility* utility) const {
    Bytes signature = signature_;  // the call destroys it
    ok(olm_ed25519_verify(utility, signing_.data(), signing_.size(), one_time_.data(),
                          one_time_.size(), signature.data(), signature.size()),
       "verify");
  }

 private:
  // The calls destroy the message, so each gets a copy.
  void receive(std::size_t type, const Bytes& wire, std::size_t text_size) {
    load();
    if (session_ == nullptr) {
      session_ = olm_session(session_room_.data());
      Bytes first = wire;
      ok(olm_create_inbound_session(session_, account_, first.data(), first.size()), "answer");
    }
    Bytes sizing = wire, in = wire;
    Bytes plain(
        ok(olm_decrypt_max_plaintext_length(session_, type, sizing.data(), sizing.size()), "size"));
    const auto size = ok(
        olm_decrypt(session_, type, in.data(), in.size(), plain.data(), plain.size()), "decrypt");
    require(size == text_size, "the text");
    store();
  }
  void load() {
    if (keep_ == Keep::kInMemory || pickle_.empty()) return;
    session_ = olm_session(session_room_.data());
    Bytes pickle = pickle_;
    ok(olm_unpickle_session(session_, "key", 3, pickle.data(), pickle.size()), "unpickle");
  }
  void store() {
    if (keep_ == Keep::kInMemory) return;
    pickle_.resize(olm_pickle_session_length(session_));
    ok(olm_pickle_session(session_, "key", 3, pickle_.data(), pickle_.size()), "pickle");
  }

  const Keep keep_;
  Bytes room_, session_room_, pickle_, signature_;
  OlmAccount* account_ = nullptr;
  OlmSession* session_ = nullptr;
  std::string identity_, signing_, one_time_;
};

void run(const char* name, Keep keep) {
  std::uint8_t major = 0, minor = 0, patch = 0;
  olm_get_library_version(&major, &minor, &patch);
  const std::string version =
      std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(patch);
  const Program program{name, version.c_str()};
  const std::string text(kTextSize, 'x');
  Device alice(keep), bob(keep);
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
  if (keep == Keep::kPickled) return;
  Device maker(keep);
  program.measure("one_time_key", 50, [&] { maker.make_one_time_keys(50); });
  Bytes room(olm_utility_size());
  auto* utility = olm_utility(room.data());
  program.measure("verify_bundle", 1, [&] { bob.verify(utility); });
}

}  // namespace
}  // namespace bench::peers

int main() {
  using namespace bench::peers;
  run("libolm", Keep::kInMemory);
  run("libolm, pickled", Keep::kPickled);
}
