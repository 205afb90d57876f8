#include "core/e2e/spqr/spqr.h"

#include "core/crypto/ct.h"
#include "core/crypto/hkdf.h"
#include "core/e2e/spqr/labels.h"

namespace core::e2e::spqr {
namespace {

template <class Value>
Chunk next_chunk(Sending<Value>& sending) {
  const ChunkIndex index = sending.next++;
  return {index, encode_chunk(sending.value, index)};
}

}  // namespace

void Spqr::start(Side side, View<32> auth_key) {
  epoch_ = 1;
  authenticator_ = Authenticator(auth_key);
  chain_ = KeyChain(side, auth_key);
  if (side == Side::kInitiator) {
    state_.emplace<KeysUnsampled>();
  } else {
    state_.emplace<NoHeaderReceived>();
  }
}

void Spqr::copy_keys(const Spqr& other) {
  epoch_ = other.epoch_;
  authenticator_ = other.authenticator_.clone();
  chain_.copy_from(other.chain_);
}

void Spqr::become(const Spqr& after, SkippedKeys& skipped) {
  chain_.close_all_but(after.chain_, skipped);
  copy_keys(after);
  copy_state(after.state_, state_);
}

// The KEM's secret becomes the epoch's; both sides do this at their own time.
void Spqr::finish_epoch(View<32> shared) {
  const auto secret = crypto::hkdf_sha256<32>(
      {}, shared, with_epoch(label("Signal_PQCKA_V1_MLKEM768:SCKA Key"), epoch_));
  authenticator_.update(epoch_, secret.view());
  chain_.add_epoch(epoch_, secret.view());
}

Status Spqr::sample_keys(Rng& rng, crypto::MlKemWork& work) {
  auto& next = state_.emplace<KeysSampled>();
  TRY(rng.fill(next.seed.mut()));
  const auto header = MutBytes(next.header.value).first<crypto::kKemHeaderSize>();
  Vector vector;  // made again when its turn comes
  crypto::kem_public_pieces(next.seed.view(), header, vector, work);
  copy(authenticator_.header_mac(epoch_, header).view(),
       MutBytes(next.header.value).last<kChunkSize>());
  return {};
}

Status Spqr::sample_ct1(const HeaderReceived& from, Rng& rng, crypto::MlKemWork& work) {
  auto& next = state_.emplace<Ct1Sampled>();
  next.header = from.header;
  TRY(rng.fill(next.message.mut()));
  const auto shared =
      crypto::kem_encapsulate_1(next.header, next.message.view(), next.ct1.value, work);
  finish_epoch(shared.view());
  return {};
}

// Makes the rest of the ciphertext and its MAC; the vector has arrived.
Status Spqr::sample_ct2(View<crypto::kKemHeaderSize> header, const Secret<32>& message,
                        View<crypto::kKemCt1Size> ct1, View<crypto::kKemVectorSize> vector,
                        crypto::MlKemWork& work) {
  auto& next = state_.emplace<Ct2Sampled>();
  const auto ct2 = MutBytes(next.ct2.value).first<crypto::kKemCt2Size>();
  TRY(crypto::kem_encapsulate_2(header, message.view(), vector, ct2, work));
  copy(authenticator_.ciphertext_mac(epoch_, ct1, ct2).view(),
       MutBytes(next.ct2.value).last<kChunkSize>());
  return {};
}

Status Spqr::step_receive(const State& from, const Payload& payload, crypto::MlKemWork& work) {
  if (payload.epoch > epoch_) {
    // The answer to ct2: the other side has the secret, and the turn is ours.
    if (!std::holds_alternative<Ct2Sampled>(from) || payload.epoch - epoch_ > 1) {
      return Error::kOutOfOrder;
    }
    ++epoch_;
    state_.emplace<KeysUnsampled>();
    return {};
  }
  const PayloadType type = payload.type;
  const Chunk& chunk = payload.chunk;
  const bool has_vector = type == PayloadType::kEk || type == PayloadType::kEkCt1Ack;
  const bool has_ack = type == PayloadType::kEkCt1Ack || type == PayloadType::kCt1Ack;
  // One chunk more, and no other state.
  const auto collect = [&]<class S, class D>(D S::*decoder) -> Status {
    copy_state(from, state_);
    (std::get<S>(state_).*decoder).add(chunk.index, chunk.bytes);
    return {};
  };

  if (const auto* s = std::get_if<KeysSampled>(&from); s && type == PayloadType::kCt1) {
    auto& next = state_.emplace<HeaderSent>();
    Header header;  // sent already
    crypto::kem_public_pieces(s->seed.view(), header, next.vector.value, work);
    copy(s->seed.view(), next.seed.mut());
    next.ct1.add(chunk.index, chunk.bytes);
    return {};
  }
  if (const auto* s = std::get_if<HeaderSent>(&from); s && type == PayloadType::kCt1) {
    if (!s->ct1.completes(chunk.index)) return collect(&HeaderSent::ct1);
    auto& next = state_.emplace<Ct1Received>();
    copy(s->seed.view(), next.seed.mut());
    next.vector = s->vector;
    s->ct1.complete(chunk.index, chunk.bytes, next.ct1);
    return {};
  }
  if (const auto* s = std::get_if<Ct1Received>(&from); s && type == PayloadType::kCt2) {
    auto& next = state_.emplace<EkSentCt1Received>();
    copy(s->seed.view(), next.seed.mut());
    next.ct1 = s->ct1;
    next.ct2.add(chunk.index, chunk.bytes);
    return {};
  }
  if (const auto* s = std::get_if<EkSentCt1Received>(&from); s && type == PayloadType::kCt2) {
    if (!s->ct2.completes(chunk.index)) return collect(&EkSentCt1Received::ct2);
    Ct2AndMac whole;
    s->ct2.complete(chunk.index, chunk.bytes, whole);
    const auto ct2 = Bytes(whole).first<crypto::kKemCt2Size>();
    finish_epoch(crypto::kem_decapsulate(s->seed.view(), s->ct1, ct2, work).view());
    const auto mac = authenticator_.ciphertext_mac(epoch_, s->ct1, ct2);
    if (!crypto::ct_equal(mac.view(), Bytes(whole).last<kChunkSize>())) return Error::kBadTag;
    ++epoch_;
    state_.emplace<NoHeaderReceived>();
    return {};
  }
  if (const auto* s = std::get_if<NoHeaderReceived>(&from); s && type == PayloadType::kHdr) {
    if (!s->header.completes(chunk.index)) return collect(&NoHeaderReceived::header);
    HeaderAndMac whole;
    s->header.complete(chunk.index, chunk.bytes, whole);
    const auto header = Bytes(whole).first<crypto::kKemHeaderSize>();
    const auto mac = authenticator_.header_mac(epoch_, header);
    if (!crypto::ct_equal(mac.view(), Bytes(whole).last<kChunkSize>())) return Error::kBadTag;
    state_.emplace<HeaderReceived>().header = to_array(header);
    return {};
  }
  if (const auto* s = std::get_if<Ct1Sampled>(&from); s && (has_vector || has_ack)) {
    if (has_vector && s->vector.completes(chunk.index)) {
      Vector vector;
      s->vector.complete(chunk.index, chunk.bytes, vector);
      if (has_ack) return sample_ct2(s->header, s->message, s->ct1.value, vector, work);
      auto& next = state_.emplace<EkReceivedCt1Sampled>();
      next.header = s->header;
      copy(s->message.view(), next.message.mut());
      next.ct1 = s->ct1;
      next.vector = vector;
      return {};
    }
    if (!has_ack) return collect(&Ct1Sampled::vector);
    auto& next = state_.emplace<Ct1Acknowledged>();
    next.header = s->header;
    copy(s->message.view(), next.message.mut());
    next.ct1 = s->ct1.value;
    next.vector = s->vector;
    if (has_vector) next.vector.add(chunk.index, chunk.bytes);
    return {};
  }
  if (const auto* s = std::get_if<EkReceivedCt1Sampled>(&from); s && has_ack) {
    return sample_ct2(s->header, s->message, s->ct1.value, s->vector, work);
  }
  if (const auto* s = std::get_if<Ct1Acknowledged>(&from); s && has_vector) {
    if (!s->vector.completes(chunk.index)) return collect(&Ct1Acknowledged::vector);
    Vector vector;
    s->vector.complete(chunk.index, chunk.bytes, vector);
    return sample_ct2(s->header, s->message, s->ct1, vector, work);
  }
  copy_state(from, state_);  // it says nothing new
  return {};
}

void Spqr::fill(Payload& payload) {
  payload.epoch = epoch_;
  const auto send = [&](PayloadType type, auto& sending) {
    payload.type = type;
    payload.chunk = next_chunk(sending);
  };
  if (auto* s = std::get_if<KeysSampled>(&state_)) send(PayloadType::kHdr, s->header);
  if (auto* s = std::get_if<HeaderSent>(&state_)) send(PayloadType::kEk, s->vector);
  if (auto* s = std::get_if<Ct1Received>(&state_)) send(PayloadType::kEkCt1Ack, s->vector);
  if (std::holds_alternative<EkSentCt1Received>(state_)) payload.type = PayloadType::kCt1Ack;
  if (auto* s = std::get_if<Ct1Sampled>(&state_)) send(PayloadType::kCt1, s->ct1);
  if (auto* s = std::get_if<EkReceivedCt1Sampled>(&state_)) send(PayloadType::kCt1, s->ct1);
  if (auto* s = std::get_if<Ct2Sampled>(&state_)) send(PayloadType::kCt2, s->ct2);
}

Status Spqr::next(bool with_key, Rng& rng, crypto::MlKemWork& work, Outgoing& out) const {
  if (!with_key && epoch_ > 1) return Error::kOutOfOrder;
  Spqr& after = out.after;
  after.copy_keys(*this);
  if (std::holds_alternative<KeysUnsampled>(state_)) {
    TRY(after.sample_keys(rng, work));
  } else if (const auto* from = std::get_if<HeaderReceived>(&state_)) {
    TRY(after.sample_ct1(*from, rng, work));
  } else {
    copy_state(state_, after.state_);
  }
  Payload payload;
  after.fill(payload);
  out.has_key = with_key;
  if (with_key) {
    auto key = TRY(after.chain_.send(payload.epoch - 1));
    payload.index = key.index;
    out.key = std::move(key.key);
  }
  out.payload_size = TRY(payload.encode(out.payload));
  return {};
}

void Spqr::sent(Outgoing& outgoing, SkippedKeys& skipped) { become(outgoing.after, skipped); }

Status Spqr::prepare(Bytes payload, Minimum minimum, const SkippedKeys& skipped,
                     crypto::MlKemWork& work, Incoming& out) const {
  const Payload parsed = TRY(Payload::parse(payload));
  const bool has_key = parsed.index > 0 || parsed.epoch > 1;
  if (!has_key && minimum != Minimum::kNone) return Error::kBadTag;
  out.after.copy_keys(*this);
  if (parsed.epoch < epoch_) {
    copy_state(state_, out.after.state_);  // late: says nothing new, but has its key
  } else {
    TRY(out.after.step_receive(state_, parsed, work));
  }
  out.received.reset();
  if (has_key) {
    out.received = TRY(out.after.chain_.prepare(parsed.epoch - 1, parsed.index, skipped));
  }
  return {};
}

void Spqr::commit(Incoming& incoming, SkippedKeys& skipped) {
  become(incoming.after, skipped);
  if (incoming.received) chain_.commit(*std::move(incoming.received), skipped);
}

void Spqr::clear() {
  epoch_ = 1;
  authenticator_ = {};
  chain_ = {};
  state_.emplace<KeysUnsampled>();
}

void Spqr::write(Writer& out) const {
  out.u64_be(epoch_);
  out.bytes(authenticator_.root_key());
  out.bytes(authenticator_.mac_key());
  chain_.write(out);
  write_state(state_, out);
}

bool Spqr::read(Reader& in, SkippedKeys& skipped) {
  epoch_ = in.u64_be();
  const auto root_key = in.take<32>();
  authenticator_ = {root_key, in.take<32>()};
  if (epoch_ == 0 || !chain_.read(in, skipped) || !read_state(in, state_)) return false;
  // The side that made the ciphertext has the epoch's keys already.
  const bool has_secret = std::holds_alternative<Ct1Sampled>(state_) ||
                          std::holds_alternative<EkReceivedCt1Sampled>(state_) ||
                          std::holds_alternative<Ct1Acknowledged>(state_) ||
                          std::holds_alternative<Ct2Sampled>(state_);
  return chain_.last_epoch() == epoch_ - (has_secret ? 0 : 1);
}

}  // namespace core::e2e::spqr
