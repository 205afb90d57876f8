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

// Makes the rest of the ciphertext and its MAC; the vector has arrived.
Result<Ct2Sampled> make_ct2(View<crypto::kKemHeaderSize> header, const Secret<32>& message,
                            View<crypto::kKemCt1Size> ct1, View<crypto::kKemVectorSize> vector,
                            std::uint64_t epoch, const Authenticator& authenticator,
                            crypto::MlKemWork& work) {
  Ct2Sampled next;
  const auto ct2 = MutBytes(next.ct2.value).first<crypto::kKemCt2Size>();
  TRY(crypto::kem_encapsulate_2(header, message.view(), vector, ct2, work));
  copy(authenticator.ciphertext_mac(epoch, ct1, ct2).view(),
       MutBytes(next.ct2.value).last<kChunkSize>());
  return next;
}

}  // namespace

Spqr::Spqr(Side side, View<32> auth_key) : authenticator_(auth_key), chain_(side, auth_key) {
  if (side == Side::kResponder) state_.emplace<NoHeaderReceived>();
}

void Spqr::copy_from(const Spqr& other) {
  epoch_ = other.epoch_;
  authenticator_ = other.authenticator_.clone();
  chain_ = other.chain_.clone();
  copy_state(other.state_, state_);
}

// The KEM's secret becomes the epoch's; both sides do this at their own time.
void Spqr::finish_epoch(View<32> shared) {
  const auto secret = crypto::hkdf_sha256<32>(
      {}, shared, with_epoch(label("Signal_PQCKA_V1_MLKEM768:SCKA Key"), epoch_));
  authenticator_.update(epoch_, secret.view());
  chain_.add_epoch(epoch_, secret.view());
}

Status Spqr::step_send(Rng& rng, crypto::MlKemWork& work, Payload& payload) {
  payload.epoch = epoch_;
  const auto send = [&](PayloadType type, auto& sending) {
    payload.type = type;
    payload.chunk = next_chunk(sending);
  };
  if (std::holds_alternative<KeysUnsampled>(state_)) {
    KeysSampled next;
    TRY(rng.fill(next.seed.mut()));
    const auto header = MutBytes(next.header.value).first<crypto::kKemHeaderSize>();
    Vector vector;  // made again when its turn comes
    crypto::kem_public_pieces(next.seed.view(), header, vector, work);
    copy(authenticator_.header_mac(epoch_, header).view(),
         MutBytes(next.header.value).last<kChunkSize>());
    state_ = std::move(next);
  } else if (const auto* received = std::get_if<HeaderReceived>(&state_)) {
    Ct1Sampled next;
    next.header = received->header;
    TRY(rng.fill(next.message.mut()));
    const auto shared =
        crypto::kem_encapsulate_1(next.header, next.message.view(), next.ct1.value, work);
    finish_epoch(shared.view());
    state_ = std::move(next);
  }
  if (auto* s = std::get_if<KeysSampled>(&state_)) send(PayloadType::kHdr, s->header);
  if (auto* s = std::get_if<HeaderSent>(&state_)) send(PayloadType::kEk, s->vector);
  if (auto* s = std::get_if<Ct1Received>(&state_)) send(PayloadType::kEkCt1Ack, s->vector);
  if (std::holds_alternative<EkSentCt1Received>(state_)) payload.type = PayloadType::kCt1Ack;
  if (auto* s = std::get_if<Ct1Sampled>(&state_)) send(PayloadType::kCt1, s->ct1);
  if (auto* s = std::get_if<EkReceivedCt1Sampled>(&state_)) send(PayloadType::kCt1, s->ct1);
  if (auto* s = std::get_if<Ct2Sampled>(&state_)) send(PayloadType::kCt2, s->ct2);
  return {};
}

Status Spqr::step_receive(const Payload& payload, crypto::MlKemWork& work) {
  if (payload.epoch > epoch_) {
    // The answer to ct2: the other side has the secret, and the turn is ours.
    if (!std::holds_alternative<Ct2Sampled>(state_) || payload.epoch - epoch_ > 1) {
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

  if (auto* s = std::get_if<KeysSampled>(&state_); s && type == PayloadType::kCt1) {
    HeaderSent next;
    ByteArray<crypto::kKemHeaderSize> header;
    crypto::kem_public_pieces(s->seed.view(), header, next.vector.value, work);
    next.seed = std::move(s->seed);
    next.ct1.add(chunk.index, chunk.bytes);
    state_ = std::move(next);
  } else if (auto* sent = std::get_if<HeaderSent>(&state_); sent && type == PayloadType::kCt1) {
    sent->ct1.add(chunk.index, chunk.bytes);
    if (!sent->ct1.complete()) return {};
    Ct1Received next{std::move(sent->seed), sent->vector, to_array(sent->ct1.value())};
    state_ = std::move(next);
  } else if (auto* has_ct1 = std::get_if<Ct1Received>(&state_);
             has_ct1 && type == PayloadType::kCt2) {
    EkSentCt1Received next{std::move(has_ct1->seed), has_ct1->ct1, {}};
    next.ct2.add(chunk.index, chunk.bytes);
    state_ = std::move(next);
  } else if (auto* last = std::get_if<EkSentCt1Received>(&state_);
             last && type == PayloadType::kCt2) {
    last->ct2.add(chunk.index, chunk.bytes);
    if (!last->ct2.complete()) return {};
    const auto ct2 = last->ct2.value().first<crypto::kKemCt2Size>();
    finish_epoch(crypto::kem_decapsulate(last->seed.view(), last->ct1, ct2, work).view());
    const auto mac = authenticator_.ciphertext_mac(epoch_, last->ct1, ct2);
    if (!crypto::ct_equal(mac.view(), last->ct2.value().last<kChunkSize>())) return Error::kBadTag;
    ++epoch_;
    state_.emplace<NoHeaderReceived>();
  } else if (auto* none = std::get_if<NoHeaderReceived>(&state_);
             none && type == PayloadType::kHdr) {
    none->header.add(chunk.index, chunk.bytes);
    if (!none->header.complete()) return {};
    const auto header = none->header.value().first<crypto::kKemHeaderSize>();
    const auto mac = authenticator_.header_mac(epoch_, header);
    if (!crypto::ct_equal(mac.view(), none->header.value().last<kChunkSize>())) {
      return Error::kBadTag;
    }
    HeaderReceived next{to_array(header)};
    state_ = next;
  } else if (auto* made = std::get_if<Ct1Sampled>(&state_); made && (has_vector || has_ack)) {
    if (has_vector) made->vector.add(chunk.index, chunk.bytes);
    if (made->vector.complete() && has_ack) {
      auto next = TRY(make_ct2(made->header, made->message, made->ct1.value, made->vector.value(),
                               epoch_, authenticator_, work));
      state_ = std::move(next);
    } else if (made->vector.complete()) {
      EkReceivedCt1Sampled next{made->header, std::move(made->message), made->ct1,
                                to_array(made->vector.value())};
      state_ = std::move(next);
    } else if (has_ack) {
      Ct1Acknowledged next{made->header, std::move(made->message), made->ct1.value, made->vector};
      state_ = std::move(next);
    }
  } else if (auto* ready = std::get_if<EkReceivedCt1Sampled>(&state_); ready && has_ack) {
    auto next = TRY(make_ct2(ready->header, ready->message, ready->ct1.value, ready->vector, epoch_,
                             authenticator_, work));
    state_ = std::move(next);
  } else if (auto* acked = std::get_if<Ct1Acknowledged>(&state_); acked && has_vector) {
    acked->vector.add(chunk.index, chunk.bytes);
    if (!acked->vector.complete()) return {};
    auto next = TRY(make_ct2(acked->header, acked->message, acked->ct1, acked->vector.value(),
                             epoch_, authenticator_, work));
    state_ = std::move(next);
  }
  return {};
}

Status Spqr::next(Rng& rng, crypto::MlKemWork& work, Outgoing& out) const {
  out.after.copy_from(*this);
  Payload payload;
  TRY(out.after.step_send(rng, work, payload));
  auto key = TRY(out.after.chain_.send(payload.epoch - 1));
  payload.index = key.index;
  out.payload_size = TRY(payload.encode(out.payload));
  out.key = std::move(key.key);
  return {};
}

void Spqr::sent(Outgoing& outgoing, SkippedKeys& skipped) {
  chain_.close_all_but(outgoing.after.chain_, skipped);
  *this = std::move(outgoing.after);
}

Status Spqr::prepare(Bytes payload, const SkippedKeys& skipped, crypto::MlKemWork& work,
                     Incoming& out) const {
  const Payload parsed = TRY(Payload::parse(payload));
  out.after.copy_from(*this);
  // What is late says nothing new, but has its key.
  if (parsed.epoch >= epoch_) TRY(out.after.step_receive(parsed, work));
  out.received = TRY(out.after.chain_.prepare(parsed.epoch - 1, parsed.index, skipped));
  return {};
}

void Spqr::commit(Incoming& incoming, SkippedKeys& skipped) {
  chain_.close_all_but(incoming.after.chain_, skipped);
  *this = std::move(incoming.after);
  chain_.commit(std::move(incoming.received), skipped);
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
  return epoch_ > 0 && chain_.read(in, skipped) && read_state(in, state_);
}

}  // namespace core::e2e::spqr
