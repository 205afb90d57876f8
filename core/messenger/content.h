// The plaintext of every end-to-end encrypted message. parse() never copies:
// every view lives as long as the bytes it was parsed from. The rules of
// parse() and encode() are those of core/api/message.h.
// Spec: docs/spec/content.md, docs/spec/groups.md, proto/ginnel/v1/content.proto.
#ifndef CORE_MESSENGER_CONTENT_H_
#define CORE_MESSENGER_CONTENT_H_

#include <optional>

#include "core/api/repeated.h"
#include "core/crypto/xeddsa.h"
#include "core/messenger/limits.h"
#include "core/messenger/types.h"

namespace core::messenger {

// A group as its owner last made it.
struct GroupStateView {
  GroupId id{};
  std::uint64_t revision = 0;  // from 1
  GroupName name{};
  DeviceName owner{};
  api::Repeated<DeviceName> member{};  // with the owner; empty once the group has ended
  static Result<GroupStateView> parse(Bytes in);
};

// Writes a GroupState, member by member.
class GroupStateWriter {
 public:
  // What goes before the members.
  GroupStateWriter(MutBytes out, const GroupId& id, std::uint64_t revision, const GroupName& name,
                   const DeviceName& owner);
  void member(const DeviceName& name) { out_.bytes(5, name.bytes()); }
  // Errors: kFull.
  Result<std::size_t> finish() const { return out_.finish(); }

 private:
  ProtobufWriter out_;
};

// The state, encoded, and its owner's signature.
struct SignedGroupView {
  Bytes state{};      // 1 to 8192 bytes
  Bytes signature{};  // 64
  static Result<SignedGroupView> parse(Bytes in);
  // Errors: kBadTag. Variable time: public data only.
  Status verify(View<33> owner_key) const;
};

// By the owner's identity key. Errors: kRng.
Result<ByteArray<crypto::kSignatureSize>> sign_group(const Secret<32>& identity_key, Bytes state,
                                                     Rng& rng);

// What a message is about: one of these, all others are absent.
struct ContentView {
  std::optional<Bytes> text{};  // may be empty
  std::optional<SignedGroupView> group{};
  Bytes sender_key{};  // with `group`
  std::optional<GroupId> leave{}, ask{};

  // True if there is nothing in it that this version knows.
  bool unsupported() const { return !text && !group && !leave && !ask; }
  static Result<ContentView> parse(Bytes in);
  Result<std::size_t> encode(MutBytes out) const;
};

// The largest state of a group of so many members as fit this device.
inline constexpr std::size_t kMaxGroupState =
    18 + 11 + 2 + GroupName::kMaxSize + (kMaxGroupMembers + 1) * (2 + DeviceName::kMaxSize);
static_assert(kMaxGroupState + 64 + 160 <= kMaxContent, "it travels with a sender key");
static_assert(kMaxGroupState <= 8192);

}  // namespace core::messenger
#endif  // CORE_MESSENGER_CONTENT_H_
