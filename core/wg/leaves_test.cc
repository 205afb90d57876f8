// Timers, keypairs, timestamps, IP headers, the rate limiter and cookies.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "core/wg/cookie.h"
#include "core/wg/ip.h"
#include "core/wg/keypairs.h"
#include "core/wg/message_in_test.h"
#include "core/wg/rate_limiter.h"
#include "core/wg/tai64n.h"
#include "core/wg/timers.h"
#include "ports/fake/rng.h"
#include "test/vectors.h"

namespace core::wg {
namespace {

using ports::fake::FakeRng;
using Buffer = std::vector<std::uint8_t>;

TEST(Timers, ForAllArmingsPopWhatIsDueAndNothingEarly) {
  for (unsigned armed = 0; armed < 1u << kTimerCount; ++armed) {
    for (unsigned shape = 0; shape < 3; ++shape) {  // rising, falling, all at once
      Timers timers;
      std::vector<Instant> at(kTimerCount, kNever);
      for (std::size_t i = 0; i < kTimerCount; ++i) {
        if ((armed >> i & 1) == 0) continue;
        at[i].ms = 100 + (shape == 0 ? 1 : shape == 1 ? -1 : 0) * static_cast<int>(i);
        timers.arm(static_cast<Timer>(i), at[i]);
      }
      for (;;) {
        const auto least = std::min_element(at.begin(), at.end());
        ASSERT_EQ(timers.next(), *least);
        if (*least == kNever) break;
        ASSERT_FALSE(timers.pop_due(*least + -1));
        ASSERT_EQ(timers.pop_due(*least), static_cast<Timer>(least - at.begin()));
        *least = kNever;
      }
      ASSERT_FALSE(timers.pop_due(kNever + -1));
    }
  }
}

TEST(Timers, AreArmedByTheFirstEvent) {
  Timers timers;
  timers.arm_if_not(Timer::kKeepalive, Instant{5});
  timers.arm_if_not(Timer::kKeepalive, Instant{9});
  EXPECT_EQ(timers.next(), Instant{5});
  timers.disarm(Timer::kKeepalive);
  EXPECT_EQ(timers.next(), kNever);
}

// [WG] 6.1, table of constants.
TEST(Timers, HaveThePapersConstants) {
  EXPECT_EQ(kRekeyAfterMessages, 1152921504606846976u);
  EXPECT_EQ(kRejectAfterMessages, 18446744073709543423u);
  EXPECT_EQ(kRekeyAfterMs, 120 * 1000);
  EXPECT_EQ(kRejectAfterMs, 180 * 1000);
  EXPECT_EQ(kRekeyAttemptMs, 90 * 1000);
  EXPECT_EQ(kRekeyTimeoutMs, 5 * 1000);
  EXPECT_EQ(kKeepaliveTimeoutMs, 10 * 1000);
  EXPECT_EQ(kRekeyOnReceiveMs, 165 * 1000);
}

// Makes `place` a session. Returns the index of the one before.
std::uint32_t begin(Keypair& place, std::uint32_t index) {
  const std::uint32_t before = place.begin(index, 0, kLongAgo);
  place.keys.send.mut()[0] = static_cast<std::uint8_t>(index);
  return before;
}

// Every sequence of five events against the rules of the paper, written as
// three numbers.
TEST(Keypairs, MoveAsThePaperSays) {
  for (unsigned sequence = 0; sequence < 4 * 4 * 4 * 4 * 4; ++sequence) {
    Keypairs keypairs;
    std::uint32_t previous = 0, current = 0, next = 0, last = 0;
    std::map<std::uint32_t, std::size_t> windows;
    for (unsigned i = 0, rest = sequence; i < 5; ++i, rest /= 4) {
      std::vector<std::uint32_t> before{previous, current, next};
      std::array<std::uint32_t, 2> dropped{};
      switch (rest % 4) {
        case 0:
          dropped = {begin(keypairs.start_as_initiator(), ++last)};
          previous = next != 0 ? next : current;
          current = last;
          next = 0;
          break;
        case 1:
          dropped = {begin(keypairs.start_as_responder(), ++last)};
          previous = 0;
          next = last;
          break;
        case 2:
          if (next == 0) continue;
          keypairs.confirm_next();
          previous = current;
          current = next;
          next = 0;
          EXPECT_EQ(keypairs.current_role(), Role::kResponder);
          break;
        default: dropped = {keypairs.drop(0), keypairs.drop(1)}; previous = current = next = 0;
      }
      for (const std::uint32_t index : {previous, current, next}) {
        if (index == 0) continue;
        const Keypair* found = keypairs.find(index);
        ASSERT_TRUE(found != nullptr) << sequence;
        ASSERT_EQ(found->keys.send.view()[0], index);
        ASSERT_EQ(keypairs.is_current(*found), index == current) << sequence;
        ASSERT_EQ(keypairs.is_next(*found), index == next) << sequence;
      }
      ASSERT_EQ(keypairs.current().there(), current != 0);
      // What was there and is not is dropped, each once; no other.
      for (const std::uint32_t index : before) {
        const bool gone = index != 0 && index != previous && index != current && index != next;
        if (index != 0) {
          ASSERT_EQ(std::count(dropped.begin(), dropped.end(), index), gone ? 1 : 0) << sequence;
          ASSERT_EQ(keypairs.find(index) == nullptr, gone) << sequence;
        }
      }
      // Two sessions never share a window, and none changes its own.
      std::set<std::size_t> used;
      for (const std::uint32_t index : {previous, current, next}) {
        if (index == 0) continue;
        const std::size_t window = keypairs.window(*keypairs.find(index));
        ASSERT_TRUE(used.insert(window).second) << sequence;
        ASSERT_EQ(windows.emplace(index, window).first->second, window) << sequence;
      }
    }
  }
}

TEST(Keypair, BeginsWithNothingOfTheOneBefore) {
  Keypair k;
  k.keys.send.mut()[31] = k.keys.receive.mut()[0] = 1;
  k.send_counter = k.receive_counter = 2;
  k.local_index = 3;
  EXPECT_EQ(k.begin(4, 5, Instant{6}), 3u);
  EXPECT_TRUE(equal_var(k.keys.send.view(), ByteArray<32>{}));
  EXPECT_TRUE(equal_var(k.keys.receive.view(), ByteArray<32>{}));
  EXPECT_EQ(k.send_counter, 0u);
  EXPECT_EQ(k.receive_counter, 0u);
  EXPECT_EQ(k.created_at, Instant{6});
  EXPECT_EQ(k.local_index, 4u);
  EXPECT_EQ(k.remote_index, 5u);
}

TEST(Keypair, EndsByTimeAndByMessages) {
  Keypair k;
  EXPECT_EQ(k.begin(1, 0, Instant{1000}), 0u);
  EXPECT_TRUE(k.may_send(Instant{180'999}));
  EXPECT_FALSE(k.may_send(Instant{181'000}));
  EXPECT_TRUE(k.may_receive(0, Instant{180'999}));
  EXPECT_FALSE(k.may_receive(0, Instant{181'000}));
  EXPECT_TRUE(k.may_receive(18446744073709543422u, Instant{1000}));
  EXPECT_FALSE(k.may_receive(18446744073709543423u, Instant{1000}));
  k.send_counter = 18446744073709543422u;
  EXPECT_TRUE(k.may_send(Instant{1000}));
  ++k.send_counter;
  EXPECT_FALSE(k.may_send(Instant{1000}));
}

Result<ByteArray<12>> stamp_of(Tai64nClock& clock, WallTime wall) {
  ByteArray<12> out;
  TRY(clock.stamp(wall, out));
  return out;
}

TEST(Tai64n, EncodesTheLabel) {
  Tai64nClock clock(1'000'000'000);
  clock.reserve(UINT64_MAX);
  // One second after 1970, and then a nanosecond more.
  EXPECT_EQ(test::to_hex(*stamp_of(clock, {})), "400000000000000b00000000");
  EXPECT_EQ(test::to_hex(*stamp_of(clock, {})), "400000000000000b00000001");
}

TEST(Tai64n, NeverGoesBackWhateverTheClockSays) {
  FakeRng rng(1);
  Tai64nClock clock;
  clock.reserve(UINT64_MAX);
  ByteArray<12> last{};
  for (int i = 0; i < 10'000; ++i) {
    WallTime wall{static_cast<std::int64_t>(rng.next() >> (rng.next() % 50 + 14))};
    if (rng.chance(20)) wall = {};
    if (rng.chance(5)) wall = {-1};
    if (rng.chance(1)) wall = {INT64_MAX};
    const auto stamp = *stamp_of(clock, wall);
    EXPECT_GT(stamp, last);
    last = stamp;
  }
}

TEST(Tai64n, LeavesDecadesToCountWhateverTheClockSays) {
  constexpr std::uint64_t kYear = 365 * std::uint64_t{86'400} * 1'000'000'000;
  const std::uint64_t floor = *Tai64nClock().wanted({INT64_MAX});
  EXPECT_GT(floor, 500 * kYear);
  EXPECT_GT(UINT64_MAX - floor, 75 * kYear);
  EXPECT_EQ(*Tai64nClock().wanted({INT64_MIN}), Tai64nClock::kBlock);
}

TEST(Tai64n, TellsTimeOnlyByTheSixteenMilliseconds) {
  Tai64nClock a, b;
  a.reserve(UINT64_MAX);
  b.reserve(UINT64_MAX);
  EXPECT_EQ(*stamp_of(a, {1'600'000'000'000}), *stamp_of(b, {1'600'000'000'015}));
}

TEST(Tai64n, UsesNothingThatIsNotStored) {
  Tai64nClock clock(5);
  EXPECT_EQ(stamp_of(clock, {}).error(), Error::kStore);
  const auto wanted = clock.wanted({});
  ASSERT_TRUE(wanted);
  EXPECT_EQ(*wanted, 5 + Tai64nClock::kBlock);
  clock.reserve(*wanted);
  EXPECT_FALSE(clock.wanted({}));
  EXPECT_TRUE(stamp_of(clock, {}).ok());
  // A wall clock that is far ahead needs a floor of its own.
  const WallTime wall{1'800'000'000'000};
  EXPECT_EQ(stamp_of(clock, wall).error(), Error::kStore);
  clock.reserve(*clock.wanted(wall));
  EXPECT_TRUE(stamp_of(clock, wall).ok());
  EXPECT_FALSE(clock.wanted(wall));
  // The clock moves on, and the floor is asked for before it is needed.
  EXPECT_TRUE(clock.wanted({wall.ms + 40 * 60'000}));
  EXPECT_TRUE(stamp_of(clock, {wall.ms + 40 * 60'000}).ok());
  EXPECT_FALSE(stamp_of(clock, {wall.ms + 80 * 60'000}).ok());
}

// Restarts at any moment, without a clock: each life begins with what the store
// holds.
TEST(Tai64n, RisesOverRestarts) {
  FakeRng rng(2);
  std::uint64_t stored = 0;
  ByteArray<12> last{};
  for (int life = 0; life < 200; ++life) {
    Tai64nClock clock(stored);
    for (std::uint64_t i = rng.next() % 5; i-- > 0;) {
      const WallTime wall{rng.chance(10) ? static_cast<std::int64_t>(rng.next() % (1u << 30)) : 0};
      if (const auto floor = clock.wanted(wall)) {
        stored = *floor;
        if (rng.chance(20)) break;  // stored, and then the power fails
        clock.reserve(*floor);
      }
      const auto stamp = stamp_of(clock, wall);
      ASSERT_TRUE(stamp.ok());
      EXPECT_GT(*stamp, last);
      last = *stamp;
    }
  }
}

TEST(IpHeader, OfIpv4) {
  Buffer p = test::hex("4500 0018 0000 0000 4011 0000 0a000001 0a000002 01020304");
  const auto h = parse_ip(p);
  ASSERT_TRUE(h.ok());
  EXPECT_EQ(h->size, 24u);
  EXPECT_EQ(h->source, IpAddress::v4(ByteArray<4>{10, 0, 0, 1}));
  EXPECT_EQ(h->destination, IpAddress::v4(ByteArray<4>{10, 0, 0, 2}));
  for (std::size_t size = 0; size < p.size(); ++size) {
    EXPECT_FALSE(parse_ip(Bytes(p).first(size)).ok());
  }
  Buffer padded = p;
  padded.resize(64);
  EXPECT_EQ(parse_ip(padded)->size, 24u);
  for (unsigned ihl = 0; ihl < 16; ++ihl) {  // 20 to 24 bytes of header are possible here
    p[0] = static_cast<std::uint8_t>(0x40 | ihl);
    EXPECT_EQ(parse_ip(p).ok(), ihl == 5 || ihl == 6) << ihl;
  }
  p[0] = 0x45;
  for (unsigned size = 0; size < 64; ++size) {
    p[3] = static_cast<std::uint8_t>(size);
    EXPECT_EQ(parse_ip(p).ok(), size >= 20 && size <= 24) << size;
  }
}

TEST(IpHeader, OfIpv6) {
  Buffer p(48);
  p[0] = 0x60;
  p[5] = 8;
  p[23] = 1;
  p[39] = 2;
  const auto h = parse_ip(p);
  ASSERT_TRUE(h.ok());
  EXPECT_EQ(h->size, 48u);
  EXPECT_EQ(h->source.bytes[15], 1);
  EXPECT_EQ(h->destination.bytes[15], 2);
  EXPECT_EQ(h->source.family, Family::kIpv6);
  for (std::size_t size = 0; size < p.size(); ++size) {
    EXPECT_FALSE(parse_ip(Bytes(p).first(size)).ok());
  }
  p[5] = 9;
  EXPECT_FALSE(parse_ip(p).ok());
}

TEST(IpHeader, IsOfVersionFourOrSix) {
  Buffer p(64);
  for (unsigned version = 0; version < 16; ++version) {
    p[0] = static_cast<std::uint8_t>(version << 4 | 5);
    p[3] = 20;
    EXPECT_EQ(parse_ip(p).ok(), version == 4 || version == 6);
  }
}

IpAddress source(unsigned a) {
  return IpAddress::v4(
      ByteArray<4>{10, 0, static_cast<std::uint8_t>(a >> 8), static_cast<std::uint8_t>(a)});
}

TEST(RateLimiter, AllowsFiveAtOnceAndTwentyASecond) {
  std::vector<RateLimiter::Entry> entries(8);
  const Secret<32> key(ByteArray<32>{1});
  RateLimiter limiter(entries, key);
  Instant now{1000};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limiter.allow(source(1), now));
  EXPECT_FALSE(limiter.allow(source(1), now));
  EXPECT_FALSE(limiter.allow(source(1), now + 49));
  EXPECT_TRUE(limiter.allow(source(1), now + 50));
  EXPECT_FALSE(limiter.allow(source(1), now + 50));
  // One source's excess is not another's.
  EXPECT_TRUE(limiter.allow(source(2), now + 50));
  int allowed = 0;
  for (int ms = 0; ms < 10'000; ++ms) allowed += limiter.allow(source(1), now + (1000 + ms));
  EXPECT_NEAR(allowed, 200 + 5, 1);
}

TEST(RateLimiter, TakesA64AsOneSource) {
  std::vector<RateLimiter::Entry> entries(8);
  const Secret<32> key(ByteArray<32>{1});
  RateLimiter limiter(entries, key);
  for (std::uint8_t i = 0; i < 6; ++i) {
    ByteArray<16> bytes{0xfd, 1};
    bytes[8] = i;
    EXPECT_EQ(limiter.allow(IpAddress::v6(bytes), Instant{1}), i < 5);
    bytes[7] = static_cast<std::uint8_t>(i + 1);
    EXPECT_TRUE(limiter.allow(IpAddress::v6(bytes), Instant{1}));
  }
}

// With room for all of them it does what a table without bounds does.
TEST(RateLimiter, DoesWhatABucketForEachSourceDoes) {
  FakeRng rng(3);
  std::vector<RateLimiter::Entry> entries(RateLimiter::kWays);
  const Secret<32> key(ByteArray<32>{1});
  RateLimiter limiter(entries, key);
  std::map<unsigned, double> tokens;
  std::map<unsigned, std::int64_t> since;
  Instant now{1000};
  for (int i = 0; i < 20'000; ++i) {
    now = now + static_cast<std::int64_t>(rng.next() % 60);
    const auto who = static_cast<unsigned>(rng.next() % RateLimiter::kWays);
    auto& t = tokens.try_emplace(who, 5.0).first->second;
    auto& at = since.try_emplace(who, now.ms).first->second;
    t = std::min(5.0, t + static_cast<double>(now.ms - at) / 50);
    at = now.ms;
    const bool expected = t >= 1;
    if (expected) t -= 1;
    ASSERT_EQ(limiter.allow(source(who), now), expected) << i;
  }
}

TEST(RateLimiter, KeepsNoMoreThanItsTable) {
  std::vector<RateLimiter::Entry> entries(8);
  const Secret<32> key(ByteArray<32>{1});
  RateLimiter limiter(entries, key);
  for (int i = 0; i < 5; ++i) limiter.allow(source(0), Instant{1});
  for (unsigned i = 1; i < 5000; ++i) EXPECT_TRUE(limiter.allow(source(i), Instant{1}));
  // The one that asked most is the last to be forgotten.
  EXPECT_FALSE(limiter.allow(source(0), Instant{1}));
}

class Cookies : public testing::Test {
 protected:
  Cookies() {
    from.address = source(1);
    from.port = 1234;
    checker.set_public_key(key);
    message.assign(148, 'm');
    message_at<Initiation>(MutView<148>(message.data(), 148)).sender.set(77);
    cookie.write_macs(key, Instant{0}, message);
  }
  bool take_cookie(Instant now) {
    ByteArray<64> reply;
    EXPECT_TRUE(checker.create_reply(message, from, now, rng, reply).ok());
    auto* parsed = message_in<CookieReply>(reply);
    EXPECT_EQ(parsed->receiver.get(), 77u);
    return cookie.consume(key, *parsed, now).ok();
  }
  const ByteArray<32> key{1, 2, 3};
  FakeRng rng{1};
  Endpoint from;
  CookieChecker checker;
  ReceivedCookie cookie;
  Buffer message;
};

TEST_F(Cookies, Mac1IsForOneReceiver) {
  EXPECT_TRUE(checker.mac1_is_valid(message));
  for (std::size_t i = 0; i < 132; ++i) {
    message[i] ^= 1;
    EXPECT_FALSE(checker.mac1_is_valid(message)) << i;
    message[i] ^= 1;
  }
  checker.set_public_key(ByteArray<32>{1, 2, 4});
  EXPECT_FALSE(checker.mac1_is_valid(message));
}

TEST_F(Cookies, ProveTheAddressAndThePort) {
  const Instant now{1000};
  EXPECT_FALSE(checker.mac2_is_valid(message, from, now));
  ASSERT_TRUE(take_cookie(now));
  cookie.write_macs(key, now, message);
  EXPECT_TRUE(checker.mac2_is_valid(message, from, now));
  Endpoint other = from;
  other.port = 1235;
  EXPECT_FALSE(checker.mac2_is_valid(message, other, now));
  other = from;
  other.address = source(2);
  EXPECT_FALSE(checker.mac2_is_valid(message, other, now));
  message[140] ^= 1;
  EXPECT_FALSE(checker.mac2_is_valid(message, from, now));
}

TEST_F(Cookies, AreGoodForTwoMinutes) {
  const Instant now{1000};
  ASSERT_TRUE(take_cookie(now));
  cookie.write_macs(key, now + 114'999, message);
  EXPECT_TRUE(checker.mac2_is_valid(message, from, now + 119'999));
  EXPECT_FALSE(checker.mac2_is_valid(message, from, now + 120'000));
  cookie.write_macs(key, now + 115'000, message);  // too near its end to be sent
  EXPECT_EQ(Buffer(message.end() - 16, message.end()), Buffer(16));
  // The secret is another one then.
  ASSERT_TRUE(take_cookie(now + 120'000));
  cookie.write_macs(key, now + 120'000, message);
  EXPECT_TRUE(checker.mac2_is_valid(message, from, now + 120'000));
}

TEST_F(Cookies, AnswerOneMessageOnce) {
  const Instant now{1000};
  ByteArray<64> reply;
  ASSERT_TRUE(checker.create_reply(message, from, now, rng, reply).ok());
  const auto consume = [&](ReceivedCookie& by) {
    auto copy = reply;
    return by.consume(key, *message_in<CookieReply>(copy), now);
  };
  for (std::size_t i = 8; i < 64; ++i) {
    reply[i] ^= 1;
    EXPECT_EQ(consume(cookie).error(), Error::kBadTag) << i;
    reply[i] ^= 1;
  }
  EXPECT_TRUE(consume(cookie).ok());
  EXPECT_EQ(consume(cookie).error(), Error::kOutOfOrder);
  cookie.write_macs(key, now, message);  // another message: this was not for it
  ReceivedCookie other;
  EXPECT_EQ(consume(other).error(), Error::kOutOfOrder);
}

TEST_F(Cookies, FailWithTheRandomSource) {
  for (unsigned n = 1; n <= 2; ++n) {
    ByteArray<64> reply{9}, before = reply;
    rng.fail_at(n);
    EXPECT_EQ(checker.create_reply(message, from, Instant{1}, rng, reply).error(), Error::kRng);
    EXPECT_EQ(reply, before);
  }
  EXPECT_TRUE(take_cookie(Instant{1}));
}

}  // namespace
}  // namespace core::wg
