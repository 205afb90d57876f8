#include "core/api/message.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "core/api/message_test_specimens.h"
#include "test/no_heap.h"

namespace core::api {
namespace {

// Messages with repeated fields: said twice, they hold everything twice.
const std::set<std::string> kHaveRepeated = {"PublishRequest", "SendRequest",      "MailPush",
                                             "SendResponse",   "ContactsResponse", "EnrolResponse"};

std::string print(const Specimen& specimen, const std::vector<std::uint8_t>& message) {
  const auto text = specimen.print(message);
  return text ? *text : "malformed";
}

std::vector<std::uint8_t> operator+(std::vector<std::uint8_t> a,
                                    const std::vector<std::uint8_t>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Messages, RoundTrip) {
  for (const auto& specimen : specimens()) {
    EXPECT_EQ(print(specimen, specimen.encoded()), specimen.text) << specimen.type;
  }
}

TEST(Messages, AreWrittenInAscendingFieldNumbers) {
  for (const auto& specimen : specimens()) {
    const auto fields = split(specimen.encoded());
    EXPECT_TRUE(std::is_sorted(fields.begin(), fields.end(), [](const auto& a, const auto& b) {
      return a.number < b.number;
    })) << specimen.type;
    EXPECT_EQ(join(fields), specimen.encoded()) << specimen.type;  // in the shortest form
  }
}

TEST(Messages, FitExactlyAndWriteNothingPastTheEnd) {
  for (const auto& specimen : specimens()) {
    const auto whole = specimen.encoded();
    // Every size of small messages, some sizes of large ones.
    const std::size_t step = whole.size() < 4000 ? 1 : whole.size() / 500;
    for (std::size_t size = 0; size < whole.size(); size += step) {
      std::vector<std::uint8_t> out(whole.size() + 16, 0xa5);
      const auto result = specimen.encode(MutBytes(out).first(size));
      ASSERT_FALSE(result.ok()) << specimen.type << " in " << size;
      EXPECT_EQ(result.error(), Error::kFull);
      const auto at = out.begin() + static_cast<std::ptrdiff_t>(size);
      ASSERT_TRUE(std::all_of(at, out.end(), [](auto b) { return b == 0xa5; })) << specimen.type;
    }
    std::vector<std::uint8_t> out(whole.size());
    ASSERT_TRUE(specimen.encode(out).ok()) << specimen.type;
    EXPECT_EQ(out, whole);
  }
}

TEST(Messages, AreAllZerosIfTheyDoNotFit) {
  ByteArray<30> out;
  out.fill(0xa5);
  const ByteArray<16> id{1, 2, 3};
  const RequestView request{.request_id = id, .body = out};
  EXPECT_EQ(request.encode(out).error(), Error::kFull);
  EXPECT_EQ(out, (ByteArray<30>{}));
  SendResponse codes{};
  codes.count = codes.code.size();
  codes.code.fill(Code::kBusy);
  out.fill(0xa5);
  EXPECT_EQ(codes.encode(out).error(), Error::kFull);
  EXPECT_EQ(out, (ByteArray<30>{}));
}

// A message does not know its own size: cut between two fields it is another
// message. So what carries it must know the size, as MQTT and HTTP do. Cut
// anywhere else it is malformed, and what is read was there.
TEST(Messages, CutShortAreMalformedOrLackFieldsAtTheEnd) {
  for (const auto& specimen : specimens()) {
    const auto whole = specimen.encoded();
    std::set<std::size_t> borders{0};
    for (const auto& field : split(whole)) borders.insert(*borders.rbegin() + field.bytes.size());
    std::set<std::string> lines;
    std::istringstream text(specimen.text);
    for (std::string line; std::getline(text, line);) lines.insert(line);

    const std::size_t step = whole.size() < 4000 ? 1 : 37;
    for (std::size_t size = 0; size < whole.size(); size += step) {
      const std::vector<std::uint8_t> cut(whole.begin(),
                                          whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto result = specimen.print(cut);
      if (!borders.contains(size)) {
        ASSERT_FALSE(result.ok()) << specimen.type << " of " << size;
        EXPECT_EQ(result.error(), Error::kMalformed);
      } else if (result) {
        std::istringstream read(*result);
        for (std::string line; std::getline(read, line);) {
          EXPECT_TRUE(lines.contains(line)) << specimen.type << " of " << size << ": " << line;
        }
      }
    }
  }
}

TEST(Messages, IgnoreUnknownFieldsWhereverTheyStand) {
  const std::vector<RawField> unknown = {
      varint_field(15, UINT64_MAX), bytes_field(16, {1, 2, 3}), bytes_field(0x1fffffff, {}),
      fixed_field(14, WireType::kFixed32), fixed_field(1000, WireType::kFixed64)};
  for (const auto& specimen : specimens()) {
    std::vector<RawField> fields;
    for (const auto& field : split(specimen.encoded())) {
      fields.insert(fields.end(), unknown.begin(), unknown.end());
      fields.push_back(field);
    }
    fields.insert(fields.end(), unknown.begin(), unknown.end());
    EXPECT_EQ(print(specimen, join(fields)), specimen.text) << specimen.type;
  }
}

TEST(Messages, AreReadInAnyOrder) {
  for (const auto& specimen : specimens()) {
    auto fields = split(specimen.encoded());
    std::stable_sort(fields.begin(), fields.end(),
                     [](const auto& a, const auto& b) { return a.number > b.number; });
    EXPECT_EQ(print(specimen, join(fields)), specimen.text) << specimen.type;
  }
}

TEST(Messages, TakeTheLastOfASingularField) {
  std::map<std::string, Specimen> first;
  std::size_t compared = 0;
  for (const auto& specimen : specimens()) {
    if (!specimen.is_full || kHaveRepeated.contains(specimen.type)) continue;
    const auto [at, is_new] = first.emplace(specimen.type, specimen);
    if (is_new) continue;
    const auto a = at->second.encoded(), b = specimen.encoded();
    EXPECT_EQ(print(specimen, a + b), specimen.text) << specimen.type;
    EXPECT_EQ(print(specimen, b + a), at->second.text) << specimen.type;
    ++compared;
  }
  EXPECT_GE(compared, 13u);
}

TEST(Messages, JoinRepeatedFields) {
  const auto all = specimens();
  for (const auto& specimen : all) {
    if (specimen.type != "MailPush" && specimen.type != "SendResponse") continue;
    const auto twice = specimen.encoded() + specimen.encoded();
    if (specimen.text.find("after") != std::string::npos) continue;
    const auto expected = specimen.text + specimen.text;
    const bool too_many = std::count(expected.begin(), expected.end(), '\n') > 100;
    EXPECT_EQ(print(specimen, twice), too_many ? "malformed" : expected) << specimen.type;
  }
}

TEST(Messages, RefuseAKnownFieldOfAnotherWireType) {
  for (const auto& specimen : specimens()) {
    for (const auto& field : split(specimen.encoded())) {
      for (const RawField& other : {varint_field(field.number, 1), bytes_field(field.number, {1}),
                                    fixed_field(field.number, WireType::kFixed32),
                                    fixed_field(field.number, WireType::kFixed64)}) {
        // The codes of a SendResponse come one by one as well.
        if (specimen.type == "SendResponse" && other.type == WireType::kVarint) continue;
        if (other.type == field.type) continue;
        EXPECT_EQ(print(specimen, other.bytes + specimen.encoded()), "malformed")
            << specimen.type << " field " << field.number;
      }
    }
  }
}

TEST(Messages, RefuseNumbersAbove32BitsInUint32Fields) {
  const std::map<std::string, std::set<std::uint32_t>> kUint64 = {
      {"StatusResponse", {6, 7}}, {"Mail", {6, 7}},   {"AckRequest", {1}},
      {"AckResponse", {1}},       {"MailPush", {2}},  {"ContactsResponse", {2}},
      {"PublishRequest", {5}},    {"Checkpoint", {1}}};
  for (const auto& specimen : specimens()) {
    for (const auto& field : split(specimen.encoded())) {
      if (field.type != WireType::kVarint) continue;
      const auto at = kUint64.find(specimen.type);
      if (at != kUint64.end() && at->second.contains(field.number)) continue;
      const auto large = varint_field(field.number, std::uint64_t{1} << 32);
      EXPECT_EQ(print(specimen, specimen.encoded() + large.bytes), "malformed")
          << specimen.type << " field " << field.number;
    }
  }
}

TEST(Messages, SurviveGarbage) {
  std::uint32_t state = 1;
  const auto random = [&state] { return state = state * 1664525 + 1013904223, state >> 16; };
  for (const auto& specimen : specimens()) {
    const auto whole = specimen.encoded();
    for (int i = 0; i < 200 && !whole.empty(); ++i) {
      auto changed = whole;
      for (int n = 0; n < 4; ++n) {
        changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
      }
      (void)specimen.print(changed).ok();
    }
  }
}

TEST(Messages, UseNoHeap) {
  for (const auto& specimen : specimens()) {
    const auto message = specimen.encoded();
    std::vector<std::uint8_t> out(message.size());
    const test::HeapCount heap;
    const bool ok = specimen.parse(message).ok() && specimen.encode(out).ok();
    EXPECT_EQ(heap.count(), 0u) << specimen.type;
    EXPECT_TRUE(ok);
  }
}

}  // namespace
}  // namespace core::api
