#include "core/api/token.h"

#include <optional>

#include "core/api/host.h"
#include "core/crypto/sha2.h"

namespace core::api {
namespace {

// Host, port, CA fingerprint, secret, expiry, checksum.
constexpr std::size_t kChecksumSize = 2;
constexpr std::size_t kMaxBinarySize = 1 + kMaxHostTextSize + 2 + 16 + 16 + 4 + kChecksumSize;

constexpr auto kAlphabet = label("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
constexpr std::uint8_t kVersion = 1;
// "GNL1" as symbols of the alphabet: an L reads as a 1.
constexpr ByteArray<3> kMagic{16, 21, 1};

static_assert(5 + (kMaxBinarySize * 8 + 4) / 5 <= Token::kMaxTextSize);
static_assert(Token::kMaxHostSize == kMaxHostTextSize);

// The value of a symbol, 0 to 31, or nothing. Spec: [Crockford32].
std::optional<std::uint8_t> symbol_value(std::uint8_t c) {
  if (c >= 'a' && c <= 'z') c = static_cast<std::uint8_t>(c - ('a' - 'A'));
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  const auto at = std::find(kAlphabet.begin(), kAlphabet.end(), c);
  if (at == kAlphabet.end()) return std::nullopt;
  return static_cast<std::uint8_t>(at - kAlphabet.begin());
}

// Reads the symbols of a text one by one, over dashes and white space.
class SymbolReader {
 public:
  explicit SymbolReader(Bytes text) : text_(text) {}

  // The next symbol's value; nothing at the end or at a character that is none.
  std::optional<std::uint8_t> next() {
    while (!text_.empty()) {
      const std::uint8_t c = text_.front();
      const bool skip = c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
      const auto value = skip ? std::nullopt : symbol_value(c);
      ok_ = ok_ && (skip || value);
      if (!ok_) return std::nullopt;
      text_ = text_.subspan(1);
      if (!skip) return value;
    }
    return std::nullopt;
  }
  bool ok() const { return ok_; }

 private:
  Bytes text_;
  bool ok_ = true;
};

// Bits are taken from the most significant one on; those that do not fill a
// byte at the end must be zeros. Errors: kMalformed.
Result<std::size_t> decode_base32(SymbolReader& in, MutBytes out) {
  Writer writer(out);
  unsigned bits = 0, count = 0;
  while (const auto value = in.next()) {
    bits = bits << 5 | *value;
    count += 5;
    if (count >= 8) {
      count -= 8;
      writer.u8(static_cast<std::uint8_t>(bits >> count));
      bits &= (1u << count) - 1;
    }
  }
  // Five left-over bits or more would be a symbol too many.
  if (!in.ok() || !writer.ok() || bits != 0 || count >= 5) return Error::kMalformed;
  return writer.size();
}

void encode_base32(Bytes in, Writer& out) {
  unsigned bits = 0, count = 0;
  for (const std::uint8_t byte : in) {
    bits = (bits << 8 | byte) & 0xfff;
    for (count += 8; count >= 5; count -= 5) out.u8(kAlphabet[bits >> (count - 5) & 31]);
  }
  if (count > 0) out.u8(kAlphabet[bits << (5 - count) & 31]);
}

ByteArray<kChecksumSize> checksum(Bytes binary) {
  const auto hash = crypto::sha256(binary);
  return {hash[0], hash[1]};
}

}  // namespace

Result<Token> Token::parse(Bytes text) {
  SymbolReader symbols(text);
  for (const std::uint8_t expected : kMagic) {
    if (symbols.next() != expected) return Error::kMalformed;
  }
  const auto version = symbols.next();
  if (!version || *version == 0) return Error::kMalformed;
  if (*version != kVersion) return Error::kBadVersion;

  Secret<kMaxBinarySize> buffer;  // it holds the token's secret
  const std::size_t size = TRY(decode_base32(symbols, buffer.mut()));
  const Bytes binary = buffer.view();
  if (size < kChecksumSize) return Error::kMalformed;
  const Bytes body = binary.first(size - kChecksumSize);
  const Bytes sum = binary.first(size).last(kChecksumSize);
  if (!equal_var(sum, checksum(body))) return Error::kMalformed;

  Token token;
  Reader in(body);
  Writer host(token.host_text);
  TRY(read_host(in, host));
  token.host_size = static_cast<std::uint8_t>(host.size());
  token.port = in.u16_be();
  token.ca_fingerprint = to_array(in.take<16>());
  token.secret = Secret<16>(in.take<16>());
  token.expires_s = in.u32_be();
  if (!in.finished() || token.port == 0) return Error::kMalformed;
  return token;
}

Result<std::size_t> Token::format(MutBytes text) const {
  wipe(text);
  if (host_size > kMaxHostSize || port == 0) return Error::kMalformed;
  Secret<kMaxBinarySize> buffer;
  Writer binary(buffer.mut());
  TRY(write_host(host(), binary));
  binary.u16_be(port);
  binary.bytes(ca_fingerprint);
  binary.bytes(secret.view());
  binary.u32_be(expires_s);
  binary.bytes(checksum(binary.written()));
  CHECK(binary.ok());

  Writer out(text);
  out.bytes(label("GNL1-"));
  encode_base32(binary.written(), out);
  if (!out.ok()) wipe(text);
  return out.finish();
}

}  // namespace core::api
