#include "ports/esp_idf/nvs_blob.h"

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/messenger/store.h"

namespace ports::esp_idf {
namespace {

using core::Bytes;
using core::Error;
using core::MutBytes;
using core::Result;
using core::Status;
using flash::Sealing;

constexpr auto kContext = core::label("ginnel nvs");
constexpr auto kMagic = core::label("GNN1");
constexpr char kSaltName[] = "salt";
constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kIdDigits = 11;
constexpr std::size_t kHead = Sealing::kNonceSize + 13;
static_assert(kMaxBlobSize <= 4000, "what fits into one page of NVS");
static_assert(kMaxPieceSize + kHead + Sealing::kTagSize == kMaxBlobSize);
static_assert(kIdDigits + 2 == std::tuple_size_v<BlobName>);

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

// ---- names

BlobName name_of(const Place& place) {
  BlobName out{};
  for (std::size_t i = 0; i < kIdDigits; ++i) out[i] = kDigits[place.id >> (6 * i) & 63];
  out[kIdDigits] = static_cast<char>('a' + place.slot);
  return out;
}

std::optional<Place> place_of(std::string_view name) {
  if (name.size() != kIdDigits + 1) return std::nullopt;
  Place out;
  for (std::size_t i = 0; i < kIdDigits; ++i) {
    const auto digit = std::string_view(kDigits).find(name[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    out.id |= std::uint64_t{digit} << (6 * i);
  }
  out.slot = name[kIdDigits] == 'a' ? 0 : 1;
  if (name_of(out).data() != name) return std::nullopt;
  return out;
}

BlobName record_name(std::uint64_t generation) {
  return {'r', 'e', 'c', 'o', 'r', 'd', static_cast<char>('a' + generation % 2)};
}

bool is_salt(std::string_view name) { return name == kSaltName; }

// ---- keys and marks

NvsBlobs::NvsBlobs(NvsSpace& space, const core::Secret<32>& device_key, core::Rng& rng)
    : space_(space), sealing_(device_key, kContext), rng_(rng) {}

Status NvsBlobs::format() {
  core::ByteArray<kMagic.size() + Sealing::kSaltSize> salt{};
  core::copy(kMagic, salt);
  const auto drawn = MutBytes(salt).last<Sealing::kSaltSize>();
  TRY(rng_.fill(drawn));
  TRY(space_.erase_all());
  TRY(space_.commit());
  TRY(space_.set(kSaltName, salt));
  sealing_.use_salt(drawn);
  return {};
}

Status NvsBlobs::use_salt() {
  core::ByteArray<kMagic.size() + Sealing::kSaltSize> salt{};
  const auto size = space_.get(kSaltName, salt);
  if (!size || *size != salt.size() || !core::equal_var(Bytes(salt).first(kMagic.size()), kMagic)) {
    return Error::kStore;
  }
  sealing_.use_salt(Bytes(salt).last<Sealing::kSaltSize>());
  return {};
}

std::uint64_t NvsBlobs::id_of(Bytes key, std::size_t piece) const {
  core::ByteArray<core::messenger::Store::kMaxKeySize + 1> text{};
  CHECK(!key.empty() && key.size() < text.size());
  core::copy(key, text);
  text[key.size()] = static_cast<std::uint8_t>(piece);
  return sealing_.id_of(Bytes(text).first(key.size() + 1));
}

void add(const Mark& mark, Mark& sum) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] ^= mark[i];
}

// Its name, nonce and tag stand for all of a blob.
Mark NvsBlobs::mark_of(const BlobName& name, Bytes sealed) const {
  core::ByteArray<kIdDigits + 1 + Sealing::kNonceSize + Sealing::kTagSize> text{};
  core::Writer w(text);
  w.bytes(bytes_of(name.data()));
  w.bytes(sealed.first(Sealing::kNonceSize));
  w.bytes(sealed.last(Sealing::kTagSize));
  return sealing_.tag(w.written());
}

// ---- blobs

Result<NvsBlobs::Opened> NvsBlobs::read(const BlobName& name) {
  const auto size = space_.get(name.data(), buffer_);
  if (!size) return size.error() == Error::kFull ? Error::kBadTag : size.error();
  if (*size < kHead + Sealing::kTagSize) return Error::kBadTag;
  Opened out;
  out.mark = mark_of(name, Bytes(buffer_).first(*size));
  const auto text = MutBytes(buffer_).subspan(Sealing::kNonceSize, *size - Sealing::kNonceSize);
  TRY(sealing_.open(Bytes(buffer_).first<Sealing::kNonceSize>(), bytes_of(name.data()), text));
  core::Reader r(text.first(text.size() - Sealing::kTagSize));
  out.blob.generation = r.u64_be();
  out.blob.kind = static_cast<Blob::Kind>(r.u8());
  out.blob.size = r.u32_be();
  out.blob.data = r.rest();
  return out;
}

Result<Mark> NvsBlobs::write(const BlobName& name, const Blob& blob) {
  core::Writer w(buffer_);
  const auto nonce = w.reserve(Sealing::kNonceSize);
  TRY(rng_.fill(nonce));
  w.u64_be(blob.generation);
  w.u8(static_cast<std::uint8_t>(blob.kind));
  w.u32_be(blob.size);
  w.bytes(blob.data);
  w.reserve(Sealing::kTagSize);
  CHECK(w.ok());
  sealing_.seal(nonce.first<Sealing::kNonceSize>(), bytes_of(name.data()),
                MutBytes(buffer_).subspan(Sealing::kNonceSize, w.size() - Sealing::kNonceSize));
  TRY(space_.set(name.data(), w.written()));
  return mark_of(name, w.written());
}

}  // namespace ports::esp_idf
