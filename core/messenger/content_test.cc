// The content of messages: our bytes are what content.proto says.
#include "core/messenger/content.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/messenger/world_test.h"

namespace core::messenger {
namespace {

using Blob = std::vector<std::uint8_t>;

constexpr GroupId kId{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

Blob state_bytes(const std::vector<Text>& members, std::uint64_t revision = 300) {
  Blob out(2000);
  GroupStateWriter writer(out, kId, revision, *GroupName::parse(bytes_of("A team")),
                          device_name("alice"));
  for (const auto& member : members) writer.member(device_name(member));
  out.resize(*writer.finish());
  return out;
}

Blob encoded(const ContentView& content) {
  Blob out(4000);
  out.resize(*content.encode(out));
  return out;
}

Text protoc(const Text& mode, const Text& type, const Text& input) {
  Text path = (std::filesystem::temp_directory_path() / "ginnel-content-XXXXXX").string();
  CHECK(mkdtemp(path.data()) != nullptr);
  const std::filesystem::path folder = path;
  std::ofstream(folder / "in", std::ios::binary) << input;
  const Text command = "'" GINNEL_PROTOC "' --" + mode + "=ginnel.v1." + type +
                       " --proto_path=proto ginnel/v1/content.proto < '" +
                       (folder / "in").string() + "' > '" + (folder / "out").string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::ifstream result(folder / "out", std::ios::binary);
  const Text out{std::istreambuf_iterator<char>(result), {}};
  std::filesystem::remove_all(folder);
  return out;
}

// Each with what protoc prints of it.
struct Specimen {
  Text type;
  Blob bytes;
  Text text;
};

std::vector<Specimen> specimens() {
  static const Blob kSignature(64, 's'), kKey(3, 'k');
  static const Blob kState(5, 't');
  const SignedGroupView group{.state = kState, .signature = kSignature};
  const Text printed = "group {\n  state: \"ttttt\"\n  signature: \"" + Text(64, 's') + "\"\n}\n";
  const Text id = "\"\\001\\002\\003\\004\\005\\006\\007\\010\\t\\n\\013\\014\\r\\016\\017\\020\"";
  return {
      {"Content", encoded({.text = bytes_of("hello")}), "text: \"hello\"\n"},
      {"Content", encoded({.text = Bytes()}), "text: \"\"\n"},
      {"Content", encoded({.group = group}), printed},
      {"Content", encoded({.group = group, .sender_key = kKey}), printed + "sender_key: \"kkk\"\n"},
      {"Content", encoded({.leave = kId}), "leave: " + id + "\n"},
      {"Content", encoded({.ask = kId}), "ask: " + id + "\n"},
      {"GroupState", state_bytes({"alice", "bob"}),
       "id: " + id +
           "\nrevision: 300\nname: \"A team\"\nowner: \"alice\"\nmember: \"alice\"\n"
           "member: \"bob\"\n"},
      {"GroupState", state_bytes({}),
       "id: " + id + "\nrevision: 300\nname: \"A team\"\nowner: \"alice\"\n"},
  };
}

TEST(Content, IsWhatProtocReadsAndWrites) {
  if (Text(GINNEL_PROTOC).empty()) GTEST_SKIP() << "protoc is not installed";
  for (const auto& [type, bytes, text] : specimens()) {
    EXPECT_EQ(protoc("decode", type, {bytes.begin(), bytes.end()}), text);
    const auto theirs = protoc("encode", type, text);
    EXPECT_EQ(Blob(theirs.begin(), theirs.end()), bytes) << text;
  }
}

TEST(Content, AHelloIsSevenBytes) {
  EXPECT_EQ(encoded({.text = bytes_of("hello")}), (Blob{0x0a, 0x05, 'h', 'e', 'l', 'l', 'o'}));
}

TEST(Content, ComesBackAsItWas) {
  for (const auto& specimen : specimens()) {
    if (specimen.type != "Content") continue;
    const auto content = ContentView::parse(specimen.bytes);
    ASSERT_TRUE(content.ok());
    EXPECT_FALSE(content->unsupported());
    EXPECT_EQ(encoded(*content), specimen.bytes);
    for (std::size_t size = 0; size < specimen.bytes.size(); ++size) {
      Blob room(size, 0xaa);
      EXPECT_EQ(content->encode(room).error(), Error::kFull);
      EXPECT_EQ(room, Blob(size));
      const auto cut = ContentView::parse(Bytes(specimen.bytes).first(size));
      if (cut) {
        EXPECT_NE(encoded(*cut), specimen.bytes);
      }
    }
  }
}

TEST(Content, RefusesWrongSizes) {
  const auto refused = [](const Blob& bytes) { return !ContentView::parse(bytes).ok(); };
  EXPECT_TRUE(refused({0x22, 0x01, 0x00}));  // an id of one byte
  EXPECT_TRUE(refused({0x2a, 0x01, 0x00}));
  EXPECT_TRUE(refused({0x08, 0x01}));  // text as a number
  EXPECT_TRUE(refused({0x12, 0x00}));  // a group without a state
  EXPECT_TRUE(ContentView::parse(Blob{0x7a, 0x01, 0x00})->unsupported());
}

TEST(GroupState, BreaksNoRule) {
  const auto parses = [](const std::vector<Text>& members, std::uint64_t revision = 1) {
    return GroupStateView::parse(state_bytes(members, revision)).ok();
  };
  EXPECT_TRUE(parses({"alice"}));
  EXPECT_TRUE(parses({}));
  EXPECT_FALSE(parses({"bob"})) << "without its owner";
  EXPECT_FALSE(parses({"alice"}, 0));
  EXPECT_TRUE(parses(std::vector<Text>(64, "alice")));
  EXPECT_FALSE(parses(std::vector<Text>(65, "alice")));
  const auto whole = state_bytes({"alice", "bob"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = GroupStateView::parse(Bytes(whole).first(size));
    EXPECT_TRUE(!cut || cut->member.count() < 2);
  }
}

TEST(GroupState, IsSignedByItsOwnerAlone) {
  ports::fake::FakeRng rng(5);
  const auto key = *crypto::x25519_private(rng);
  const auto other = *crypto::x25519_private(rng);
  const auto state = state_bytes({"alice", "bob"});
  const auto signature = *sign_group(key, state, rng);
  const auto public_key = [](const Secret<32>& of) { return e2e::OurIdentity(of.view()); };
  EXPECT_TRUE((SignedGroupView{state, signature}).verify(public_key(key).public_key()).ok());
  EXPECT_FALSE((SignedGroupView{state, signature}).verify(public_key(other).public_key()).ok());
  for (std::size_t bit = 0; bit < 8 * state.size(); ++bit) {
    auto flipped = state;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE((SignedGroupView{flipped, signature}).verify(public_key(key).public_key()).ok());
  }
}

}  // namespace
}  // namespace core::messenger
