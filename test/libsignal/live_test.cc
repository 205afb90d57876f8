// Sessions with a stock libsignal client, in a process of its own.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/e2e/fingerprint.h"
#include "core/e2e/sender_key.h"
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

  // So many messages each way in a random order, a fifth of them lost, the rest
  // out of order, with restarts of both sides from what they store.
  void talk(int each_way) {
    struct Sent {
      Wire wire;
      std::string text;
    };
    std::vector<Sent> ways[2];
    int left[2] = {each_way, each_way};
    for (int i = 0; left[0] + left[1] > 0; ++i) {
      const auto dice_from = dice.next() % 2;
      const auto from_us = left[dice_from] > 0 ? dice_from : 1 - dice_from;
      --left[from_us];
      ++sent;
      const std::string text = "message " + std::to_string(i);
      auto& way = ways[from_us];
      way.push_back({from_us == 1 ? send_ours(text) : send_its(text), text});
      if (dice.chance(20)) {
        way.pop_back();
        ++lost;
      }
      while (!way.empty() && (way.size() > 3 || dice.chance(60))) {
        const std::size_t at = dice.next() % std::min<std::size_t>(way.size(), 3);
        const Sent next = way[at];
        way.erase(way.begin() + static_cast<std::ptrdiff_t>(at));
        const auto got = from_us == 1 ? read_its(next.wire) : read_ours(next.wire);
        if (!got) {
          ++(from_us == 1 ? unread_by_it : unread_by_us);
          continue;
        }
        ASSERT_EQ(*got, next.text);
        ++read;
      }
      if (dice.chance(3)) {
        ours.restart();
        ++restarts_of_ours;
      }
      if (dice.chance(3)) {
        stock.ask({{"cmd", "restart"}});
        ++restarts_of_its;
      }
    }
    under_way = static_cast<int>(ways[0].size() + ways[1].size());
  }

  Stock stock;
  Peer ours;
  TestRng dice;
  json info;
  PublicKey their_key{};
  int sent = 0, lost = 0, read = 0, unread_by_it = 0, unread_by_us = 0, under_way = 0;
  int restarts_of_ours = 0, restarts_of_its = 0;
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
  line.talk(1000);
  EXPECT_TRUE(line.ours.record->current().has_spqr());
  EXPECT_GE(line.ours.record->current().spqr_epoch(), 6u);
  EXPECT_EQ(line.sent, 2000);
  EXPECT_GT(line.lost, 320);
  EXPECT_EQ(line.read + line.lost + line.unread_by_us + line.unread_by_it + line.under_way, 2000);
  EXPECT_GT(line.restarts_of_ours, 30);
  EXPECT_GT(line.restarts_of_its, 30);
  // Only what comes more than five turns late.
  EXPECT_LE(line.unread_by_us, 20);
  EXPECT_LE(line.unread_by_it, 20);
  std::printf(
      "sent %d, lost %d, read %d, under way %d; too late: %d for us, %d for it; epoch %llu\n",
      line.sent, line.lost, line.read, line.under_way, line.unread_by_us, line.unread_by_it,
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
  line.talk(100);
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
  line.talk(50);
  line.let_it_start(true);
  ASSERT_EQ(line.read_ours(line.send_its("two")), "two");
  line.talk(50);
  EXPECT_GT(line.read, 130);
}

// What a session reset does to our side: nothing is written to the old session
// again, what is late on it is read, and the peer follows to the new one.
TEST_P(Libsignal, FollowsARetiredSessionToANewOne) {
  Line line(6);
  line.let_it_start(true);
  ASSERT_EQ(line.read_ours(line.send_its("one")), "one");
  ASSERT_EQ(line.read_its(line.send_ours("two")), "two");
  const auto late = line.send_its("late");
  line.ours.record->retire_all();
  line.ours.restart();
  EXPECT_EQ(line.read_ours(late), "late");
  EXPECT_FALSE(line.ours.record->has_current());
  line.start_ourselves(true);
  const auto anew = line.send_ours("anew");
  EXPECT_EQ(anew.type, MessageType::kPreKey);
  ASSERT_EQ(line.read_its(anew), "anew");
  line.talk(50);
  EXPECT_GT(line.read, 60);
}

// What a messenger does with a first message: it looks the keys up by their
// ids, unless it has the session already.
bool reads(Peer& receiver, const Peer& sender, const Wire& wire) {
  if (wire.type == MessageType::kPreKey) {
    const auto message = PreKeyMessage::parse(wire.bytes);
    if (!message || message->version != kPqxdhVersion) return false;
    const bool ids_are_ours = message->pre_key_id == 11u && message->signed_pre_key_id == 12u &&
                              message->kem_pre_key_id == 13u;
    if (!receiver.record->knows_base_key(*message) && !ids_are_ours) return false;
  }
  return receiver.receive(sender, wire).ok();
}

// The same bit changed in a message to the stock client and in the message of
// the same form to a device of ours: both read it, or neither does.
TEST_P(Libsignal, AgreesWithUsOnChangedMessages) {
  int refused = 0, harmless = 0;
  for (const bool first : {true, false}) {
    Line line(first ? 7 : 8);
    Peer sender(9), receiver(10);
    line.start_ourselves(true);
    ASSERT_TRUE(sender.initiate(receiver).ok());
    if (!first) {
      ASSERT_EQ(line.read_its(line.send_ours("one")), "one");
      ASSERT_EQ(line.read_ours(line.send_its("two")), "two");
      ASSERT_TRUE(receiver.receive(sender, sender.send(receiver, "one")).ok());
      ASSERT_TRUE(sender.receive(receiver, receiver.send(sender, "two")).ok());
    }
    auto to_it = line.send_ours("text"), to_us = sender.send(receiver, "text");
    for (int i = 0; i < 600; ++i) {
      ASSERT_EQ(to_it.bytes.size(), to_us.bytes.size());
      // The KEM's ciphertext fills most of a first message: every other time elsewhere.
      const std::size_t near = std::min<std::size_t>(200, to_it.bytes.size());
      const std::size_t bit = line.dice.next() % (8 * (i % 2 == 0 ? near : to_it.bytes.size()));
      auto its = to_it, ours = to_us;
      for (auto* changed : {&its, &ours}) {
        changed->bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      }
      const bool it_reads = line.read_its(its).has_value();
      const bool we_read = reads(receiver, sender, ours);
      ASSERT_EQ(it_reads, we_read) << (first ? "first message, bit " : "message, bit ") << bit;
      if (!it_reads) {
        ++refused;
        continue;
      }
      ++harmless;
      to_it = line.send_ours("text");
      to_us = sender.send(receiver, "text");
    }
  }
  std::printf("refused by both %d, read by both %d\n", refused, harmless);
  EXPECT_GT(refused, 800);
  EXPECT_GT(harmless, 0);
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

// A group of the two: each hands the other its sender key inside their session,
// then each sends 200 messages, a fifth lost, the rest out of order, both
// restarted from what they store.
TEST_P(Libsignal, SharesAGroup) {
  Line line(11);
  line.start_ourselves(true);
  const std::string uuid = "30313233-3435-3637-3839-616263646566";
  const auto id = label("0123456789abcdef");

  auto ours = OurSenderKey::make(line.ours.rng);
  ASSERT_TRUE(ours.ok());
  ByteArray<SenderKeyDistribution::kMaxSize> key{};
  const auto key_size = ours->distribution(id, key);
  ASSERT_TRUE(key_size.ok());
  const auto carried = line.read_its(line.send_ours(to_hex(Bytes(key).first(*key_size))));
  ASSERT_TRUE(carried.has_value());
  line.stock.ask({{"cmd", "process_distribution"}, {"remote", kUs}, {"distribution", *carried}});

  auto theirs = std::make_unique<TheirSenderKeys>();
  const json made = line.stock.ask({{"cmd", "distribution"}, {"distributionId", uuid}});
  const auto received = line.read_ours(line.send_its(made["distribution"]));
  ASSERT_TRUE(received.has_value());
  const auto parsed = SenderKeyDistribution::parse(hex(*received));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->distribution_id, id);
  theirs->add(*parsed);

  std::vector<std::pair<Buffer, std::string>> to_it, to_us;
  int read = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string text = "to all " + std::to_string(i);
    Buffer message(group_encrypted_size(text.size()));
    const auto size = ours->encrypt(id, bytes_of(text), line.ours.rng, message);
    ASSERT_TRUE(size.ok());
    message.resize(*size);
    const json its = line.stock.ask({{"cmd", "group_encrypt"},
                                     {"distributionId", uuid},
                                     {"plaintext", to_hex(bytes_of(text))}});
    if (!line.dice.chance(20)) to_it.emplace_back(message, text);
    if (!line.dice.chance(20)) to_us.emplace_back(hex(its["ciphertext"]), text);
    for (auto* way : {&to_it, &to_us}) {
      if (way->size() < 4 && i < 199) continue;
      while (!way->empty()) {
        const auto at = way->begin() + static_cast<std::ptrdiff_t>(line.dice.next() % way->size());
        if (way == &to_it) {
          const json opened = line.stock.ask(
              {{"cmd", "group_decrypt"}, {"remote", kUs}, {"ciphertext", to_hex(at->first)}});
          EXPECT_EQ(opened["plaintext"], to_hex(bytes_of(at->second)));
        } else {
          const auto parts = SenderKeyMessage::parse(at->first);
          ASSERT_TRUE(parts.ok());
          Buffer out(parts->ciphertext.size());
          const auto opened = theirs->decrypt(*parts, out);
          ASSERT_TRUE(opened.ok());
          EXPECT_EQ(std::string(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*opened)),
                    at->second);
          EXPECT_EQ(theirs->decrypt(*parts, out).error(), Error::kReplay);
        }
        way->erase(at);
        ++read;
      }
    }
    if (line.dice.chance(5)) {
      line.stock.ask({{"cmd", "restart"}});
      Buffer stored(TheirSenderKeys::kMaxSerializedSize);
      const auto stored_size = theirs->serialize(stored);
      ASSERT_TRUE(stored_size.ok());
      auto again = std::make_unique<TheirSenderKeys>();
      ASSERT_TRUE(TheirSenderKeys::parse(Bytes(stored).first(*stored_size), *again).ok());
      theirs = std::move(again);
    }
  }
  std::printf("read by the two %d of 400\n", read);
  EXPECT_GT(read, 280);
}

INSTANTIATE_TEST_SUITE_P(Once, Libsignal, testing::Values(Role{true, true}));

}  // namespace
}  // namespace core::e2e
