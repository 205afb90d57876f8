#include "core/messenger/content.h"

#include "core/api/fields.h"
#include "core/crypto/sha2.h"
#include "core/mqtt/topic.h"

namespace core::messenger {
namespace {

constexpr auto kGroupLabel = label("Ginnel group 1");
constexpr std::size_t kMaxStateOnTheWire = 8192;

using Signed = ByteArray<kGroupLabel.size() + 32>;

// What the owner signs.
Signed signed_part(Bytes state) {
  Signed out{};
  Writer writer(out);
  writer.bytes(kGroupLabel);
  writer.bytes(crypto::sha256(state));
  return out;
}

Result<std::optional<GroupId>> group_id(Bytes field) {
  if (field.empty()) return std::optional<GroupId>();
  if (field.size() != kGroupIdSize) return Error::kMalformed;
  return std::optional(to_array(field.first<kGroupIdSize>()));
}

}  // namespace

Result<GroupName> GroupName::parse(Bytes text) {
  if (text.empty() || text.size() > kMaxSize || !mqtt::is_utf8(text)) return Error::kMalformed;
  for (const auto byte : text) {
    if (byte < 0x20 || byte == 0x7f) return Error::kMalformed;
  }
  GroupName name;
  copy(text, MutBytes(name.text_).first(text.size()));
  name.size_ = static_cast<std::uint8_t>(text.size());
  return name;
}

Result<GroupStateView> GroupStateView::parse(Bytes in) {
  GroupStateView m;
  Bytes id, name;
  api::FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.bytes(id); break;
      case 2: fields.u64(m.revision); break;
      case 3: fields.bytes(name); break;
      case 4: fields.name(m.owner); break;
      case 5: fields.element(m.member, api::kMaxRecipientsPerMail); break;
    }
  }
  if (!fields.ok() || id.size() != kGroupIdSize || m.revision == 0 || m.owner.empty()) {
    return Error::kMalformed;
  }
  m.id = to_array(id.first<kGroupIdSize>());
  m.name = TRY(GroupName::parse(name));
  bool has_owner = m.member.count() == 0;
  auto members = m.member;
  while (const auto member = members.next()) has_owner = has_owner || *member == m.owner;
  if (!has_owner) return Error::kMalformed;
  return m;
}

GroupStateWriter::GroupStateWriter(MutBytes out, const GroupId& id, std::uint64_t revision,
                                   const GroupName& name, const DeviceName& owner)
    : out_(out) {
  out_.bytes(1, id);
  out_.varint(2, revision);
  out_.bytes(3, name.bytes());
  out_.bytes(4, owner.bytes());
}

Result<SignedGroupView> SignedGroupView::parse(Bytes in) {
  SignedGroupView m;
  api::FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.bytes(m.state); break;
      case 2: fields.bytes(m.signature); break;
    }
  }
  if (!fields.ok() || m.state.empty() || m.state.size() > kMaxStateOnTheWire ||
      m.signature.size() != crypto::kSignatureSize) {
    return Error::kMalformed;
  }
  return m;
}

Status SignedGroupView::verify(View<33> owner_key) const {
  return crypto::xeddsa_verify(owner_key.subspan<1>(), signed_part(state),
                               signature.first<crypto::kSignatureSize>());
}

Result<ByteArray<crypto::kSignatureSize>> sign_group(const Secret<32>& identity_key, Bytes state,
                                                     Rng& rng) {
  return crypto::xeddsa_sign(identity_key, signed_part(state), rng);
}

Result<ContentView> ContentView::parse(Bytes in) {
  ContentView m;
  Bytes leave, ask;
  api::FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.bytes(m.text.emplace()); break;
      case 2: fields.message(m.group); break;
      case 3: fields.bytes(m.sender_key); break;
      case 4: fields.bytes(leave); break;
      case 5: fields.bytes(ask); break;
    }
  }
  if (!fields.ok()) return Error::kMalformed;
  m.leave = TRY(group_id(leave));
  m.ask = TRY(group_id(ask));
  return m;
}

Result<std::size_t> ContentView::encode(MutBytes out) const {
  ProtobufWriter writer(out);
  if (text) writer.bytes(1, *text);
  if (group) {
    const auto size =
        bytes_field_size(1, group->state.size()) + bytes_field_size(2, group->signature.size());
    ProtobufWriter inner(writer.reserve(2, size));
    inner.bytes(1, group->state);
    inner.bytes(2, group->signature);
  }
  if (!sender_key.empty()) writer.bytes(3, sender_key);
  if (leave) writer.bytes(4, *leave);
  if (ask) writer.bytes(5, *ask);
  const auto size = writer.finish();
  if (!size) wipe(out);
  return size;
}

}  // namespace core::messenger
