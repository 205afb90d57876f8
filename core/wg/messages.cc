#include "core/wg/messages.h"

#include "core/base/reader.h"
#include "core/base/writer.h"

namespace core::wg {
namespace {

bool is(std::uint32_t type, MessageType expected) {
  return type == static_cast<std::uint32_t>(expected);
}

void write_type(Writer& out, MessageType type) { out.u32_le(static_cast<std::uint32_t>(type)); }

constexpr ByteArray<kMacsSize> kNoMacs{};

}  // namespace

Result<MessageType> message_type(Bytes datagram) {
  Reader in(datagram);
  const std::uint32_t type = in.u32_le();
  if (type < 1 || type > 4) return Error::kMalformed;
  return static_cast<MessageType>(type);
}

Result<Initiation> Initiation::parse(Bytes datagram) {
  Reader in(datagram);
  const auto type = in.u32_le(), sender = in.u32_le();
  const auto ephemeral = in.take<32>();
  const auto encrypted_static = in.take<48>();
  const auto encrypted_timestamp = in.take<28>();
  in.take<kMacsSize>();
  if (!in.finished() || !is(type, MessageType::kInitiation)) return Error::kMalformed;
  return Initiation{sender, ephemeral, encrypted_static, encrypted_timestamp};
}

void Initiation::write(MutView<kSize> out) const {
  Writer w(out);
  write_type(w, MessageType::kInitiation);
  w.u32_le(sender);
  w.bytes(ephemeral);
  w.bytes(encrypted_static);
  w.bytes(encrypted_timestamp);
  w.bytes(kNoMacs);
}

Result<Response> Response::parse(Bytes datagram) {
  Reader in(datagram);
  const auto type = in.u32_le(), sender = in.u32_le(), receiver = in.u32_le();
  const auto ephemeral = in.take<32>();
  const auto encrypted_nothing = in.take<16>();
  in.take<kMacsSize>();
  if (!in.finished() || !is(type, MessageType::kResponse)) return Error::kMalformed;
  return Response{sender, receiver, ephemeral, encrypted_nothing};
}

void Response::write(MutView<kSize> out) const {
  Writer w(out);
  write_type(w, MessageType::kResponse);
  w.u32_le(sender);
  w.u32_le(receiver);
  w.bytes(ephemeral);
  w.bytes(encrypted_nothing);
  w.bytes(kNoMacs);
}

Result<CookieReply> CookieReply::parse(Bytes datagram) {
  Reader in(datagram);
  const auto type = in.u32_le(), receiver = in.u32_le();
  const auto nonce = in.take<24>();
  const auto encrypted_cookie = in.take<32>();
  if (!in.finished() || !is(type, MessageType::kCookieReply)) return Error::kMalformed;
  return CookieReply{receiver, nonce, encrypted_cookie};
}

void CookieReply::write(MutView<kSize> out) const {
  Writer w(out);
  write_type(w, MessageType::kCookieReply);
  w.u32_le(receiver);
  w.bytes(nonce);
  w.bytes(encrypted_cookie);
}

Result<TransportHeader> TransportHeader::parse(Bytes datagram) {
  if (datagram.size() < kMinDatagramSize) return Error::kMalformed;
  Reader in(datagram);
  const auto type = in.u32_le(), receiver = in.u32_le(), low = in.u32_le(), high = in.u32_le();
  if (!is(type, MessageType::kTransport)) return Error::kMalformed;
  return TransportHeader{receiver, std::uint64_t{high} << 32 | low};
}

void TransportHeader::write(MutView<kSize> out) const {
  Writer w(out);
  write_type(w, MessageType::kTransport);
  w.u32_le(receiver);
  w.u32_le(static_cast<std::uint32_t>(counter));
  w.u32_le(static_cast<std::uint32_t>(counter >> 32));
}

}  // namespace core::wg
