#include "core/api/request.h"

#include "core/base/writer.h"
#include "core/crypto/sha2.h"

namespace core::api {
namespace {

constexpr auto kLabel = label("Ginnel request 1");
constexpr std::size_t kMaxMethodNameSize = 8;  // "contacts"
constexpr std::size_t kMaxSignedSize =
    5 + kLabel.size() + DeviceName::kMaxSize + kMaxMethodNameSize + kRequestIdSize + 32;

// What a request's signature covers.
struct SignedText {
  ByteArray<kMaxSignedSize> text{};
  std::size_t size = 0;
  Bytes bytes() const { return Bytes(text).first(size); }
};

SignedText signed_text(const DeviceName& device, Method method, View<kRequestIdSize> request_id,
                       Bytes body) {
  SignedText out;
  Writer writer(out.text);
  const auto part = [&writer](Bytes bytes) {
    writer.u8(static_cast<std::uint8_t>(bytes.size()));
    writer.bytes(bytes);
  };
  part(kLabel);
  part(device.bytes());
  part(method_name(method));
  part(request_id);
  part(crypto::sha256(body));
  CHECK(writer.ok());
  out.size = writer.size();
  return out;
}

}  // namespace

bool must_be_signed(Method method) {
  switch (method) {
    case Method::kPublish:
    case Method::kBundle:
    case Method::kSend:
    case Method::kAck:
    case Method::kRenew: return true;
    case Method::kStatus:
    case Method::kContacts: return false;
  }
  __builtin_trap();
}

Result<std::size_t> encode_request(const DeviceName& device, Method method,
                                   View<kRequestIdSize> request_id, Bytes body,
                                   const Secret<32>& identity_key, Rng& rng, MutBytes out) {
  RequestView request{.request_id = request_id, .body = body};
  if (!must_be_signed(method)) return request.encode(out);
  const auto text = signed_text(device, method, request_id, body);
  const auto signature = crypto::xeddsa_sign(identity_key, text.bytes(), rng);
  if (!signature) {
    wipe(out);
    return signature.error();
  }
  request.signature = *signature;
  return request.encode(out);
}

Status verify_request(const DeviceName& device, Method method, const RequestView& request,
                      View<33> identity_key) {
  if (!must_be_signed(method)) return {};
  if (identity_key[0] != kKeyType) return Error::kBadKey;
  if (request.signature.size() != crypto::kSignatureSize) return Error::kBadTag;
  const auto text = signed_text(device, method, request.request_id, request.body);
  return crypto::xeddsa_verify(identity_key.last<32>(), text.bytes(),
                               request.signature.first<crypto::kSignatureSize>());
}

ByteArray<32> repeated_use_digest(View<33> identity_key, const SignedPreKeyView& signed_pre_key,
                                  const KemPreKeyView& last_resort) {
  ByteArray<33 + 4 + 33 + 4 + 1569> text;
  Writer writer(text);
  writer.bytes(identity_key);
  writer.u32_be(signed_pre_key.id);
  writer.bytes(signed_pre_key.public_key);
  writer.u32_be(last_resort.id);
  writer.bytes(last_resort.public_key);
  CHECK(writer.ok() && writer.size() == text.size());
  return crypto::sha256(text);
}

}  // namespace core::api
