// Sessions with a stock libsignal client, in a process of its own.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/e2e/fingerprint.h"
#include "core/e2e/two_peers_test.h"
#include "test/vectors.h"

namespace core::e2e {
namespace {

using nlohmann::json;
using test::hex;
using test::hex_array;
using test::to_hex;

constexpr const char* kFolder = "test/libsignal";
constexpr const char* kModule = "test/libsignal/node_modules/@signalapp/libsignal-client";

// The other process. One question, one answer.
class Stock {
 public:
  Stock() {
    int down[2], up[2];
    CHECK(pipe(down) == 0 && pipe(up) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(down[0], 0);
      dup2(up[1], 1);
      for (const int fd : {down[0], down[1], up[0], up[1]}) close(fd);
      if (chdir(kFolder) == 0) execlp("node", "node", "peer.mjs", nullptr);
      _exit(127);
    }
    close(down[0]);
    close(up[1]);
    to_ = fdopen(down[1], "w");
    from_ = fdopen(up[0], "r");
  }
  ~Stock() {
    (void)fclose(to_);
    (void)fclose(from_);
    waitpid(pid_, nullptr, 0);
  }
  Stock(const Stock&) = delete;
  Stock& operator=(const Stock&) = delete;

  json try_ask(const json& question) {
    (void)fputs((question.dump() + "\n").c_str(), to_);
    (void)fflush(to_);
    std::string line;
    for (int c = fgetc(from_); c != EOF && c != '\n'; c = fgetc(from_))
      line.push_back(static_cast<char>(c));
    return json::parse(line, nullptr, false);
  }
  json ask(const json& question) {
    auto answer = try_ask(question);
    EXPECT_TRUE(answer.is_object() && answer["ok"] == true) << question << answer;
    return answer;
  }

 private:
  pid_t pid_ = 0;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
};

const json kUs = {{"name", "ginnel"}, {"deviceId", 1}};

// The stock client and a device of ours that talk to each other.
struct Line {
  explicit Line(std::uint64_t seed) : ours(seed), dice(seed + 1000) {
    info = stock.ask({{"cmd", "init"}, {"name", "stock"}, {"registrationId", 99}});
    their_key = hex_array<33>(info["identityKey"]);
  }
  Parties parties() const { return {.ours = ours.identity.public_key(), .theirs = their_key}; }

  // We start, with the bundle that it gives out.
  void start_ourselves(bool one_time) {
    const json b = stock.ask({{"cmd", "bundle"}, {"oneTime", one_time}})["bundle"];
    const auto signed_key = hex_array<33>(b["signedPreKey"]);
    const auto signed_signature = hex_array<64>(b["signedPreKeySignature"]);
    const auto kem_key = hex_array<1569>(b["kyberPreKey"]);
    const auto kem_signature = hex_array<64>(b["kyberPreKeySignature"]);
    prekey::Bundle bundle{.registration_id = b["registrationId"],
                          .device_id = b["deviceId"],
                          .identity_key = their_key,
                          .one_time = {},
                          .signed_pre_key = {b["signedPreKeyId"], signed_key, signed_signature},
                          .kem = prekey::KemPreKey{b["kyberPreKeyId"], kem_key, kem_signature}};
    ByteArray<33> one_time_key{};
    if (one_time) {
      one_time_key = hex_array<33>(b["preKey"]);
      bundle.one_time = prekey::OneTimePreKey{b["preKeyId"], one_time_key};
    }
    ASSERT_TRUE(ours.record
                    ->initiate({.identity = ours.identity,
                                .theirs = their_key,
                                .bundle = bundle,
                                .our_registration_id = 77},
                               ours.now, ours.rng, Peer::work())
                    .ok());
  }
  // It starts, with ours.
  void let_it_start(bool one_time) {
    const auto b = ours.bundle();
    json bundle = {{"registrationId", b.registration_id},
                   {"deviceId", 1},
                   {"identityKey", to_hex(b.identity_key)},
                   {"preKeyId", nullptr},
                   {"preKey", nullptr},
                   {"signedPreKeyId", b.signed_pre_key.id},
                   {"signedPreKey", to_hex(b.signed_pre_key.public_key)},
                   {"signedPreKeySignature", to_hex(b.signed_pre_key.signature)},
                   {"kyberPreKeyId", b.kem->id},
                   {"kyberPreKey", to_hex(b.kem->public_key)},
                   {"kyberPreKeySignature", to_hex(b.kem->signature)}};
    if (one_time) {
      bundle["preKeyId"] = b.one_time->id;
      bundle["preKey"] = to_hex(b.one_time->public_key);
    }
    stock.ask({{"cmd", "process_bundle"}, {"remote", kUs}, {"bundle", bundle}});
  }

  Wire send_ours(const std::string& text) {
    Wire wire;
    wire.bytes.resize(encrypted_size(text.size()));
    const auto sealed = ours.record->encrypt(parties(), bytes_of(text), ours.now, ours.rng,
                                             Peer::work(), wire.bytes);
    CHECK(sealed.ok());
    wire.type = sealed->type;
    wire.bytes.resize(sealed->size);
    return wire;
  }
  Wire send_its(const std::string& text) {
    const json m =
        stock.ask({{"cmd", "encrypt"}, {"remote", kUs}, {"plaintext", to_hex(bytes_of(text))}});
    return {static_cast<MessageType>(m["type"].get<int>()), hex(m["ciphertext"])};
  }
  // The text, or nothing if it cannot be read.
  std::optional<std::string> read_ours(const Wire& wire) {
    Buffer out(wire.bytes.size());
    std::size_t size = 0;
    if (wire.type == MessageType::kWhisper) {
      const auto message = SignalMessage::parse(wire.bytes);
      EXPECT_TRUE(message.ok());
      const auto opened =
          ours.record->decrypt_whisper(parties(), *message, ours.rng, Peer::work(), out);
      if (!opened) return std::nullopt;
      size = *opened;
    } else {
      const auto message = PreKeyMessage::parse(wire.bytes);
      EXPECT_TRUE(message.ok());
      auto keys = ours.keys();
      if (!message->pre_key_id) keys.one_time = nullptr;
      const auto both = parties();
      const auto opened = ours.record->decrypt_prekey(
          {.identity = ours.identity, .parties = both, .message = *message, .keys = &keys},
          ours.rng, Peer::work(), out);
      if (!opened) return std::nullopt;
      size = opened->size;
    }
    return std::string(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
  }
  std::optional<std::string> read_its(const Wire& wire) {
    const json m = stock.try_ask({{"cmd", "decrypt"},
                                  {"remote", kUs},
                                  {"type", static_cast<int>(wire.type)},
                                  {"ciphertext", to_hex(wire.bytes)}});
    if (m["ok"] != true) return std::nullopt;
    const auto text = hex(m["plaintext"]);
    return std::string(text.begin(), text.end());
  }

  // Messages both ways, a fifth of them lost, out of order, with restarts.
  void talk(int messages) {
    struct Sent {
      Wire wire;
      std::string text;
    };
    std::vector<Sent> ways[2];
    for (int i = 0; i < messages; ++i) {
      const auto from_us = dice.next() % 2;
      const std::string text = "message " + std::to_string(i);
      auto& way = ways[from_us];
      way.push_back({from_us == 1 ? send_ours(text) : send_its(text), text});
      if (dice.chance(20)) way.pop_back();
      while (!way.empty() && (way.size() > 3 || dice.chance(60))) {
        const std::size_t at = dice.next() % std::min<std::size_t>(way.size(), 3);
        const Sent sent = way[at];
        way.erase(way.begin() + static_cast<std::ptrdiff_t>(at));
        const auto got = from_us == 1 ? read_its(sent.wire) : read_ours(sent.wire);
        if (!got) {
          ++(from_us == 1 ? unread_by_it : unread_by_us);
          continue;
        }
        ASSERT_EQ(*got, sent.text);
        ++read;
      }
      if (dice.chance(3)) ours.restart();
      if (dice.chance(3)) stock.ask({{"cmd", "restart"}});
    }
  }

  Stock stock;
  Peer ours;
  TestRng dice;
  json info;
  PublicKey their_key{};
  int read = 0, unread_by_it = 0, unread_by_us = 0;
};

struct Role {
  bool we_start, one_time;
};

class LibsignalLive : public testing::TestWithParam<Role> {
  void SetUp() override {
    if (!std::filesystem::exists(kModule)) {
      GTEST_SKIP() << "no " << kModule << ": run npm install in " << kFolder;
    }
  }
};

TEST_P(LibsignalLive, HoldsThroughLossReorderingAndRestarts) {
  Line line(GetParam().one_time ? 1 : 2);
  if (GetParam().we_start) {
    line.start_ourselves(GetParam().one_time);
    ASSERT_EQ(line.read_its(line.send_ours("first")), "first");
  } else {
    line.let_it_start(GetParam().one_time);
    ASSERT_EQ(line.read_ours(line.send_its("first")), "first");
  }
  line.talk(2000);
  EXPECT_TRUE(line.ours.record->current().has_spqr());
  EXPECT_GE(line.ours.record->current().spqr_epoch(), 6u);
  EXPECT_GT(line.read, 1500);
  // Only what comes more than five turns late.
  EXPECT_LE(line.unread_by_us, 20);
  EXPECT_LE(line.unread_by_it, 20);
  std::printf("read %d, too late: %d for us, %d for it; epoch %llu\n", line.read, line.unread_by_us,
              line.unread_by_it,
              static_cast<unsigned long long>(line.ours.record->current().spqr_epoch()));
}

INSTANTIATE_TEST_SUITE_P(Roles, LibsignalLive,
                         testing::Values(Role{true, true}, Role{true, false}, Role{false, true},
                                         Role{false, false}));

class Libsignal : public LibsignalLive {};

TEST_P(Libsignal, BothMayStartAtOnce) {
  Line line(3);
  line.start_ourselves(true);
  line.let_it_start(true);
  const auto from_us = line.send_ours("from us"), from_it = line.send_its("from it");
  EXPECT_EQ(from_us.type, MessageType::kPreKey);
  EXPECT_EQ(from_it.type, MessageType::kPreKey);
  ASSERT_EQ(line.read_its(from_us), "from us");
  ASSERT_EQ(line.read_ours(from_it), "from it");
  line.talk(200);
  EXPECT_GT(line.read, 130);
}

TEST_P(Libsignal, EitherMayStartAnew) {
  Line line(4);
  line.let_it_start(true);
  ASSERT_EQ(line.read_ours(line.send_its("one")), "one");
  const auto late = line.send_ours("on the old session");
  line.stock.ask({{"cmd", "archive"}, {"remote", kUs}});
  line.start_ourselves(false);
  ASSERT_EQ(line.read_its(line.send_ours("anew")), "anew");
  EXPECT_EQ(line.read_its(late), "on the old session");
  line.talk(100);
  line.let_it_start(true);
  ASSERT_EQ(line.read_ours(line.send_its("two")), "two");
  line.talk(100);
  EXPECT_GT(line.read, 130);
}

TEST_P(Libsignal, HasTheSameSafetyNumber) {
  Line line(5);
  const std::string us = "ginnel", it = "stock";
  const Fingerprint number({line.ours.identity.public_key(), bytes_of(us)},
                           {line.their_key, bytes_of(it)}, 5200);
  const json theirs = line.stock.ask({{"cmd", "fingerprint"},
                                      {"remoteKey", to_hex(line.ours.identity.public_key())},
                                      {"localId", to_hex(bytes_of(it))},
                                      {"remoteId", to_hex(bytes_of(us))},
                                      {"version", 1}});
  const auto digits = number.digits();
  EXPECT_EQ(std::string(digits.begin(), digits.end()), theirs["display"]);
  EXPECT_TRUE(number.compare(hex(theirs["scannable"])).ok());
}

INSTANTIATE_TEST_SUITE_P(Once, Libsignal, testing::Values(Role{true, true}));

}  // namespace
}  // namespace core::e2e
