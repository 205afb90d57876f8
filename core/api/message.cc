#include "core/api/message.h"

#include "core/api/fields.h"

namespace core::api {

template <class Out>
static void write_fields(Out& out, const RequestView& m) {
  put(out, 1, m.request_id);
  put(out, 2, m.body);
  put(out, 3, m.signature);
}

template <class Out>
static void write_fields(Out& out, const ResponseView& m) {
  put(out, 1, m.request_id);
  put(out, 2, static_cast<std::uint64_t>(m.code));
  put(out, 3, m.text);
  put(out, 4, m.body);
}

Result<RequestView> RequestView::parse(Bytes in) {
  Bytes request_id, body, signature;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.bytes(request_id); break;
      case 2: fields.bytes(body); break;
      case 3: fields.bytes(signature); break;
    }
  }
  if (!fields.ok() || request_id.size() != kRequestIdSize) return Error::kMalformed;
  if (!signature.empty() && signature.size() != 64) return Error::kMalformed;
  return RequestView{request_id.first<kRequestIdSize>(), body, signature};
}

Result<ResponseView> ResponseView::parse(Bytes in) {
  Bytes request_id, text, body;
  std::uint32_t code = 0;
  FieldReader fields(in);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.bytes(request_id); break;
      case 2: fields.u32(code); break;
      case 3: fields.bytes(text); break;
      case 4: fields.bytes(body); break;
    }
  }
  if (!fields.ok() || request_id.size() != kRequestIdSize) return Error::kMalformed;
  if (text.size() > kMaxTextSize) return Error::kMalformed;
  return ResponseView{request_id.first<kRequestIdSize>(), to_code(code), text, body};
}

Result<std::size_t> RequestView::encode(MutBytes out) const { return encode_fields(*this, out); }
Result<std::size_t> ResponseView::encode(MutBytes out) const { return encode_fields(*this, out); }

}  // namespace core::api
