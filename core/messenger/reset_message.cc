#include "core/messenger/reset_message.h"

#include "core/base/protobuf.h"
#include "core/base/writer.h"
#include "core/crypto/xeddsa.h"
#include "core/prekey/bundle.h"

namespace core::messenger {
namespace {

constexpr auto kLabel = label("Ginnel session reset 1");
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kMaxSignedSize = 1 + kLabel.size() + 2 * (1 + DeviceName::kMaxSize) +
                                       2 * (1 + 33) + 1 + 8 +
                                       kMaxUnreadMails * (1 + api::kMailIdSize);

// What the signature covers, each part behind its size in one byte.
struct SignedText {
  SignedText(const ResetRoute& route, const SessionReset& reset) {
    Writer out(text);
    const auto part = [&out](Bytes bytes) {
      out.u8(static_cast<std::uint8_t>(bytes.size()));
      out.bytes(bytes);
    };
    part(kLabel);
    part(route.from.bytes());
    part(route.from_key);
    part(route.to.bytes());
    part(route.to_key);
    ByteArray<8> generation{};
    Writer(generation).u64_be(reset.generation);
    part(generation);
    for (std::size_t i = 0; i < reset.unread_count; ++i) part(reset.unread[i]);
    CHECK(out.ok());
    size = out.size();
  }
  Bytes bytes() const { return Bytes(text).first(size); }
  ByteArray<kMaxSignedSize> text{};
  std::size_t size = 0;
};

}  // namespace

Result<std::size_t> SessionReset::seal(const ResetRoute& route, const Secret<32>& identity_key,
                                       Rng& rng, MutBytes out) const {
  const auto signature =
      TRY(crypto::xeddsa_sign(identity_key, SignedText(route, *this).bytes(), rng));
  ProtobufWriter fields(out);
  fields.varint(1, kVersion);
  fields.varint(2, generation);
  for (std::size_t i = 0; i < unread_count; ++i) fields.bytes(3, unread[i]);
  fields.bytes(4, signature);
  return fields.finish();
}

Result<SessionReset> SessionReset::open(Bytes in, const ResetRoute& route) {
  SessionReset reset;
  std::uint64_t version = 0;
  Bytes signature;
  ProtobufReader fields(in);
  while (const auto* field = fields.next()) {
    const bool is_number = field->number == 1 || field->number == 2;
    const bool is_known = field->number >= 1 && field->number <= 4;
    if (is_known && field->type != (is_number ? WireType::kVarint : WireType::kBytes)) {
      return Error::kMalformed;
    }
    switch (field->number) {
      case 1: version = field->value; break;
      case 2: reset.generation = field->value; break;
      case 3:
        if (field->bytes.size() != api::kMailIdSize) return Error::kMalformed;
        if (reset.unread_count == kMaxUnreadMails) return Error::kMalformed;
        copy(field->bytes, reset.unread[reset.unread_count++]);
        break;
      case 4: signature = field->bytes; break;
    }
  }
  if (!fields.ok() || reset.generation == 0) return Error::kMalformed;
  if (version != kVersion) return Error::kBadVersion;
  if (signature.size() != crypto::kSignatureSize) return Error::kMalformed;
  if (route.from_key[0] != prekey::kCurveKeyType) return Error::kBadTag;
  TRY(crypto::xeddsa_verify(route.from_key.last<32>(), SignedText(route, reset).bytes(),
                            signature.first<crypto::kSignatureSize>()));
  return reset;
}

}  // namespace core::messenger
