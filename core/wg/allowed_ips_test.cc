#include "core/wg/allowed_ips.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "ports/fake/rng.h"

namespace core::wg {
namespace {

IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return IpAddress::v4(ByteArray<4>{a, b, c, d});
}
IpAddress v6(std::initializer_list<unsigned> words) {
  ByteArray<16> bytes{};
  std::size_t i = 0;
  for (const unsigned word : words) {
    bytes[i++] = static_cast<std::uint8_t>(word >> 8);
    bytes[i++] = static_cast<std::uint8_t>(word);
  }
  return IpAddress::v6(bytes);
}

struct Table {
  explicit Table(std::size_t nodes = 64, std::size_t owners = 16)
      : memory(nodes), lists(owners), recent(4), ips(memory, lists, recent) {}
  std::vector<AllowedIps::Node> memory;
  std::vector<std::uint32_t> lists;
  std::vector<AllowedIps::Recent> recent;
  AllowedIps ips;
};

bool contains(const Prefix& p, const IpAddress& address) {
  if (p.address.family != address.family) return false;
  for (unsigned i = 0; i < p.bits; ++i) {
    const auto bit = [&](const IpAddress& a) { return a.bytes[i / 8] >> (7 - i % 8) & 1; };
    if (bit(p.address) != bit(address)) return false;
  }
  return true;
}

Prefix cut(Prefix p) {
  for (unsigned i = p.bits; i < 128; ++i) {
    p.address.bytes[i / 8] =
        static_cast<std::uint8_t>(p.address.bytes[i / 8] & ~(1u << (7 - i % 8)));
  }
  return p;
}

// A list that is searched from end to end.
class Model {
 public:
  void insert(const Prefix& p, std::uint32_t owner) { owners_[key(p)] = {cut(p), owner}; }
  bool remove(const Prefix& p, std::uint32_t owner) {
    const auto found = owners_.find(key(p));
    if (found == owners_.end() || found->second.second != owner) return false;
    owners_.erase(found);
    return true;
  }
  void remove_all(std::uint32_t owner) {
    std::erase_if(owners_, [&](const auto& one) { return one.second.second == owner; });
  }
  std::uint32_t find(const IpAddress& address) const {
    int best = -1;
    std::uint32_t owner = kNoSlot;
    for (const auto& [k, one] : owners_) {
      if (one.first.bits <= best || !contains(one.first, address)) continue;
      best = one.first.bits;
      owner = one.second;
    }
    return owner;
  }
  std::set<std::vector<std::uint8_t>> of(std::uint32_t owner) const {
    std::set<std::vector<std::uint8_t>> out;
    for (const auto& [k, one] : owners_) {
      if (one.second == owner) out.insert(k);
    }
    return out;
  }
  static std::vector<std::uint8_t> key(const Prefix& p) {
    const Prefix c = cut(p);
    std::vector<std::uint8_t> out(c.address.bytes.begin(), c.address.bytes.end());
    out.push_back(static_cast<std::uint8_t>(c.address.family));
    out.push_back(c.bits);
    return out;
  }

 private:
  std::map<std::vector<std::uint8_t>, std::pair<Prefix, std::uint32_t>> owners_;
};

std::set<std::vector<std::uint8_t>> walk(const AllowedIps& ips, std::uint32_t owner) {
  std::set<std::vector<std::uint8_t>> out;
  std::size_t count = 0;
  for (auto at = ips.first(owner); at; at = ips.next(*at)) {
    out.insert(Model::key(ips.prefix(*at)));
    ++count;
  }
  EXPECT_EQ(out.size(), count);
  return out;
}

// Of the tests of the kernel and of wireguard-go, with their letters as numbers.
TEST(AllowedIps, TakesTheLongestPrefix) {
  constexpr std::uint32_t a = 0, b = 1, c = 2, d = 3, e = 4, g = 5, h = 6;
  Table t;
  const auto insert = [&](std::uint32_t owner, const IpAddress& address, unsigned bits) {
    EXPECT_TRUE(t.ips.insert({address, static_cast<std::uint8_t>(bits)}, owner).ok());
  };
  insert(a, v4(192, 168, 4, 0), 24);
  insert(b, v4(192, 168, 4, 4), 32);
  insert(c, v4(192, 168, 0, 0), 16);
  insert(d, v4(192, 95, 5, 64), 27);
  insert(c, v4(192, 95, 5, 65), 27);  // the same: taken over from d
  insert(e, v4(0, 0, 0, 0), 0);
  insert(g, v4(64, 15, 112, 0), 20);
  insert(h, v4(64, 15, 123, 211), 25);
  insert(a, v4(10, 0, 0, 0), 25);
  insert(b, v4(10, 0, 0, 128), 25);
  insert(a, v4(10, 1, 0, 0), 30);
  insert(b, v4(10, 1, 0, 4), 30);
  insert(c, v4(10, 1, 0, 8), 29);
  insert(d, v4(10, 1, 0, 16), 29);
  EXPECT_EQ(t.ips.find(v4(192, 168, 4, 20)), a);
  EXPECT_EQ(t.ips.find(v4(192, 168, 4, 4)), b);
  EXPECT_EQ(t.ips.find(v4(192, 168, 200, 182)), c);
  EXPECT_EQ(t.ips.find(v4(192, 95, 5, 68)), c);
  EXPECT_EQ(t.ips.find(v4(192, 95, 5, 96)), e);
  EXPECT_EQ(t.ips.find(v4(64, 15, 116, 26)), g);
  EXPECT_EQ(t.ips.find(v4(64, 15, 127, 3)), g);
  EXPECT_EQ(t.ips.find(v4(64, 15, 123, 211)), h);
  EXPECT_EQ(t.ips.find(v4(10, 0, 0, 127)), a);
  EXPECT_EQ(t.ips.find(v4(10, 0, 0, 128)), b);
  EXPECT_EQ(t.ips.find(v4(10, 1, 0, 7)), b);
  EXPECT_EQ(t.ips.find(v4(10, 1, 0, 9)), c);
  EXPECT_EQ(t.ips.find(v4(10, 1, 0, 17)), d);
  EXPECT_EQ(t.ips.find(v4(10, 1, 0, 24)), e);
  EXPECT_EQ(t.ips.find(IpAddress{}), kNoSlot);

  insert(d, v6({0x2607, 0x5300, 0x6006, 0xb000, 0, 0, 0xc05f, 0x0543}), 128);
  insert(c, v6({0x2607, 0x5300, 0x6006, 0xb000}), 64);
  insert(b, v6({0}), 0);
  insert(g, v6({0x2404, 0x6800}), 32);
  insert(h, v6({0x2404, 0x6800, 0x4004, 0x0800, 0xdead, 0xbeef, 0xdead, 0xbeef}), 64);
  insert(a, v6({0x2404, 0x6800, 0x4004, 0x0800, 0xdead, 0xbeef, 0xdead, 0xbeef}), 128);
  EXPECT_EQ(t.ips.find(v6({0x2607, 0x5300, 0x6006, 0xb000, 0, 0, 0xc05f, 0x0543})), d);
  EXPECT_EQ(t.ips.find(v6({0x2607, 0x5300, 0x6006, 0xb000, 0, 0, 0xc02e, 0x01ee})), c);
  EXPECT_EQ(t.ips.find(v6({0x2607, 0x5300, 0x6006, 0xb001})), b);
  EXPECT_EQ(t.ips.find(v6({0x2404, 0x6800, 0x4004, 0x0806, 0, 0, 0, 0x1006})), g);
  EXPECT_EQ(t.ips.find(v6({0x2404, 0x6800, 0x4004, 0x0800, 0, 1, 2, 3})), h);
  EXPECT_EQ(t.ips.find(v6({0x2404, 0x6800, 0x4004, 0x0800, 0xdead, 0xbeef, 0xdead, 0xbeef})), a);
}

TEST(AllowedIps, RefusesWhatIsNoPrefix) {
  Table t;
  EXPECT_EQ(t.ips.insert({v4(1, 2, 3, 4), 33}, 0).error(), Error::kMalformed);
  EXPECT_EQ(t.ips.insert({v6({1}), 129}, 0).error(), Error::kMalformed);
  EXPECT_EQ(t.ips.insert({}, 0).error(), Error::kMalformed);
  EXPECT_EQ(t.ips.remove({v4(1, 2, 3, 4), 33}, 0).error(), Error::kMalformed);
}

TEST(AllowedIps, IsUnchangedWhenFull) {
  Table t(3);
  ASSERT_TRUE(t.ips.insert({v4(1, 0, 0, 0), 32}, 0).ok());
  ASSERT_TRUE(t.ips.insert({v4(1, 0, 0, 1), 32}, 1).ok());  // a fork and a leaf
  EXPECT_EQ(t.ips.insert({v4(9, 0, 0, 0), 32}, 2).error(), Error::kFull);
  EXPECT_EQ(t.ips.find(v4(9, 0, 0, 0)), kNoSlot);
  EXPECT_TRUE(t.ips.insert({v4(1, 0, 0, 1), 31}, 2).ok());  // where the fork is
  t.ips.remove_all(0);
  EXPECT_EQ(t.ips.insert({v4(9, 0, 0, 0), 32}, 2).error(), Error::kFull);  // two are needed
  t.ips.remove_all(1);
  EXPECT_TRUE(t.ips.insert({v4(9, 0, 0, 0), 32}, 3).ok());
  EXPECT_EQ(t.ips.find(v4(1, 0, 0, 0)), 2u);
  EXPECT_EQ(t.ips.find(v4(9, 0, 0, 0)), 3u);
}

// A tree of every shape that three-bit prefixes can give: all 15 prefixes, each
// with none of two owners, put in and taken out in some order.
TEST(AllowedIps, IsRightForEverySmallTable) {
  std::vector<Prefix> prefixes;
  for (std::uint8_t bits = 0; bits <= 3; ++bits) {
    for (unsigned value = 0; value < 1u << bits; ++value) {
      prefixes.push_back({v4(static_cast<std::uint8_t>(value << (8 - bits)), 0, 0, 0), bits});
    }
  }
  ASSERT_EQ(prefixes.size(), 15u);
  for (unsigned set = 0; set < 1u << 15; ++set) {
    Table t(29, 2);  // 15 of which no two need more than one fork
    Model m;
    for (std::size_t n = 0; n < 15; ++n) {
      const std::size_t i = (n * 7 + set) % 15;
      if ((set >> i & 1) == 0) continue;
      ASSERT_TRUE(t.ips.insert(prefixes[i], i % 2).ok());
      m.insert(prefixes[i], i % 2);
    }
    for (std::size_t n = 0; n < 15; n += 2 + set % 3) {
      ASSERT_EQ(t.ips.remove(prefixes[n], n % 2).ok(), m.remove(prefixes[n], n % 2));
    }
    for (unsigned top = 0; top < 8; ++top) {
      const auto address = v4(static_cast<std::uint8_t>(top << 5 | 3), 1, 2, 3);
      ASSERT_EQ(t.ips.find(address), m.find(address)) << set << " " << top;
    }
    ASSERT_EQ(walk(t.ips, 0), m.of(0));
    ASSERT_EQ(walk(t.ips, 1), m.of(1));
  }
}

TEST(AllowedIps, DoesWhatAListDoes) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    ports::fake::FakeRng rng(seed);
    constexpr std::uint32_t kOwners = 5;
    Table t(2 * 60, kOwners);
    Model m;
    const auto address = [&] {
      ByteArray<16> bytes{};
      // Few different bytes, so that prefixes lie within each other.
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.next() % 3 * 0x55);
      bytes[rng.next() % 4] = static_cast<std::uint8_t>(rng.next());
      return rng.chance(50) ? IpAddress::v6(bytes) : IpAddress::v4(View<16>(bytes).first<4>());
    };
    for (int i = 0; i < 600; ++i) {
      const auto owner = static_cast<std::uint32_t>(rng.next() % kOwners);
      Prefix p{address(), 0};
      p.bits = static_cast<std::uint8_t>(rng.next() % (p.address.bits() + 1u));
      switch (rng.next() % 8) {
        case 0: EXPECT_EQ(t.ips.remove(p, owner).ok(), m.remove(p, owner)); break;
        case 1:
          if (rng.chance(10)) {
            t.ips.remove_all(owner);
            m.remove_all(owner);
          }
          break;
        case 2:
          if (const auto first = t.ips.first(owner)) {
            const Prefix one = t.ips.prefix(*first);
            EXPECT_TRUE(t.ips.remove(one, owner).ok());
            EXPECT_TRUE(m.remove(one, owner));
          }
          break;
        default:
          if (t.ips.insert(p, owner).ok()) m.insert(p, owner);
      }
      for (int j = 0; j < 4; ++j) {
        const auto a = address();
        ASSERT_EQ(t.ips.find(a), m.find(a));
      }
    }
    for (std::uint32_t owner = 0; owner < kOwners; ++owner) {
      EXPECT_EQ(walk(t.ips, owner), m.of(owner));
      t.ips.remove_all(owner);
      m.remove_all(owner);
      EXPECT_EQ(walk(t.ips, owner), m.of(owner));
    }
    // Every node is back: the table can be filled up again.
    for (unsigned i = 0; i < 60; ++i) {
      EXPECT_TRUE(t.ips.insert({v4(1, 2, 3, static_cast<std::uint8_t>(i)), 32}, 0).ok());
    }
  }
}

}  // namespace
}  // namespace core::wg
