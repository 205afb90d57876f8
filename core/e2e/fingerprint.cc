#include "core/e2e/fingerprint.h"

#include "core/base/protobuf.h"
#include "core/crypto/sha2.h"

namespace core::e2e {
namespace {

constexpr std::size_t kSideDigits = Fingerprint::kDigits / 2;

ByteArray<32> fingerprint_of(const Fingerprint::Side& side, std::uint32_t iterations) {
  constexpr ByteArray<2> kConstant{0, 0};
  const std::array<Bytes, 4> first{kConstant, side.identity_key, side.id, side.identity_key};
  auto hash = crypto::sha512(first);
  for (std::uint32_t i = 1; i < iterations; ++i) {
    const std::array<Bytes, 2> again{hash, side.identity_key};
    hash = crypto::sha512(again);
  }
  return to_array(View<64>(hash).first<32>());
}

// Six numbers of five digits, of five bytes each.
ByteArray<kSideDigits> digits_of(View<32> fingerprint) {
  ByteArray<kSideDigits> out;
  for (std::size_t group = 0; group < kSideDigits / 5; ++group) {
    // Modulo 100,000 after every byte: no processor needs a wider division.
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 5; ++i)
      number = (number << 8 | fingerprint[5 * group + i]) % 100000;
    for (std::size_t i = 5; i-- > 0; number /= 10)
      out[5 * group + i] = static_cast<std::uint8_t>('0' + number % 10);
  }
  return out;
}

// Field 1 of a nested message, of 32 bytes. Errors: kMalformed.
Result<View<32>> parse_side(Bytes message) {
  Bytes content;
  ProtobufFields fields(message);
  while (const auto number = fields.next())
    if (number == 1) fields.bytes(content);
  if (!fields.ok() || content.size() != 32) return Error::kMalformed;
  return content.first<32>();
}

void write_side(ProtobufWriter& out, std::uint32_t number, View<32> fingerprint) {
  ProtobufWriter side(out.reserve(number, bytes_field_size(1, 32)));
  side.bytes(1, fingerprint);
}

}  // namespace

Fingerprint::Fingerprint(const Side& ours, const Side& theirs, std::uint32_t iterations)
    : ours_(fingerprint_of(ours, iterations)), theirs_(fingerprint_of(theirs, iterations)) {}

ByteArray<Fingerprint::kDigits> Fingerprint::digits() const {
  auto low = digits_of(ours_), high = digits_of(theirs_);
  if (high < low) std::swap(low, high);
  ByteArray<kDigits> out;
  copy(low, out);
  copy(high, MutBytes(out).subspan(kSideDigits));
  return out;
}

ByteArray<Fingerprint::kScannableSize> Fingerprint::scannable(std::uint32_t version) const {
  ByteArray<kScannableSize> out;
  ProtobufWriter fields(out);
  fields.varint(1, version);
  write_side(fields, 2, ours_);
  write_side(fields, 3, theirs_);
  const auto size = fields.finish();
  CHECK(size.ok() && *size == kScannableSize);
  return out;
}

Status Fingerprint::compare(Bytes scanned, std::uint32_t version) const {
  std::optional<std::uint32_t> their_version;
  Bytes local, remote;
  ProtobufFields fields(scanned);
  while (const auto number = fields.next()) {
    switch (number) {
      case 1: fields.u32(their_version); break;
      case 2: fields.bytes(local); break;
      case 3: fields.bytes(remote); break;
      default: break;
    }
  }
  if (!fields.ok() || !their_version) return Error::kMalformed;
  const auto theirs = TRY(parse_side(local)), ours = TRY(parse_side(remote));
  if (*their_version != version) return Error::kBadVersion;
  if (!equal_var(theirs, theirs_) || !equal_var(ours, ours_)) return Error::kUntrusted;
  return {};
}

}  // namespace core::e2e
