#include "core/e2e/spqr/states.h"

namespace core::e2e::spqr {
namespace {

// What a state sends, and the sizes of what it holds.
struct Form {
  PayloadType sends;
  std::uint8_t kem;        // bytes of seed, or of header and message
  std::uint8_t sent;       // chunks of the value that is sent, or was
  std::uint8_t collected;  // chunks of the value that is collected, or was
  bool is_whole;           // all of that is there
};

// In the order of StateName.
constexpr std::array<Form, 11> kForms{{
    {PayloadType::kNone, 0, 0, 0, false},
    {PayloadType::kHdr, 64, kHeaderChunks, 0, false},
    {PayloadType::kEk, 64, kVectorChunks, kCt1Chunks, false},
    {PayloadType::kEkCt1Ack, 64, kVectorChunks, kCt1Chunks, true},
    {PayloadType::kCt1Ack, 64, kCt1Chunks, kCt2Chunks, false},
    {PayloadType::kNone, 0, 0, kHeaderChunks, false},
    {PayloadType::kNone, 64, 0, 0, false},
    {PayloadType::kCt1, 96, kCt1Chunks, kVectorChunks, false},
    {PayloadType::kCt1, 96, kCt1Chunks, kVectorChunks, true},
    {PayloadType::kNone, 96, kCt1Chunks, kVectorChunks, false},
    {PayloadType::kCt2, 0, kCt2Chunks, 0, false},
}};

const Form& form_of(StateName name) { return kForms[static_cast<std::size_t>(name)]; }

bool contains(std::span<const ChunkIndex> indices, ChunkIndex index) {
  for (const ChunkIndex held : indices) {
    if (held == index) return true;
  }
  return false;
}

}  // namespace

void State::enter(StateName name) {
  wipe_object(*this);
  name_ = name;
}

void State::begin(StateName name) {
  name_ = name;
  count_ = 0;
  next_ = 0;
}

MutBytes State::sent() { return MutBytes(values_).first(form_of(name_).sent * kChunkSize); }

MutBytes State::collected() {
  const Form& form = form_of(name_);
  return MutBytes(values_).subspan(form.sent * kChunkSize, form.collected * kChunkSize);
}

void State::send(Payload& payload) {
  payload.type = form_of(name_).sends;
  if (!has_chunk(payload.type)) return;
  payload.chunk = {next_, encode_chunk(sent(), next_)};
  ++next_;
}

bool State::collect(const Chunk& chunk) {
  if (contains(std::span(indices_).first(count_), chunk.index)) return false;
  const MutBytes value = collected();
  indices_[count_] = chunk.index;
  copy(chunk.bytes, value.subspan(count_ * kChunkSize));
  const std::size_t all = value.size() / kChunkSize;
  if (++count_ < all) return false;
  restore(value, std::span(indices_).first(all));
  return true;
}

void State::exchange(Codec& codec) {
  codec.at_most(StateName::kCt2Sampled, name_);
  const Form& form = form_of(name_);
  codec.bytes(MutBytes(kem_).first(form.kem));
  if (has_chunk(form.sends)) codec.number(next_);
  codec.bytes(sent());
  if (form.is_whole) return codec.bytes(collected());
  if (form.collected == 0) return;
  codec.at_most(static_cast<std::uint8_t>(form.collected - 1), count_);
  for (std::size_t i = 0; i < count_; ++i) {
    codec.number(indices_[i]);
    codec.require(!contains(std::span(indices_).first(i), indices_[i]));
  }
  codec.bytes(collected().first(count_ * kChunkSize));
}

}  // namespace core::e2e::spqr
