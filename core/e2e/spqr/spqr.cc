#include "core/e2e/spqr/spqr.h"

#include "core/crypto/ct.h"
#include "core/crypto/hkdf.h"
#include "core/e2e/spqr/labels.h"

namespace core::e2e::spqr {
namespace {

constexpr auto kEpochSecret = label("SCKA Key");

}  // namespace

void Spqr::start(Side side, View<32> auth_key) {
  epoch_ = 1;
  authenticator_.update(1, auth_key);
  chain_.start(side, auth_key);
  state_.enter(side == Side::kInitiator ? StateName::kKeysUnsampled : StateName::kNoHeaderReceived);
}

// The KEM's secret becomes the epoch's; both sides do this at their own time.
void Spqr::finish_epoch(View<32> shared) {
  const auto secret = crypto::hkdf_sha256<32>({}, shared, EpochLabel(kEpochSecret, epoch_));
  authenticator_.update(epoch_, secret.view());
  chain_.add_epoch(secret.view());
}

// KeysUnsampled to KeysSampled.
Status Spqr::make_keys(Rng& rng, crypto::MlKemWork& work) {
  state_.begin(StateName::kKeysSampled);
  TRY(rng.fill(state_.seed()));
  const auto header = state_.sent().first<crypto::kKemHeaderSize>();
  ByteArray<crypto::kKemVectorSize> vector;  // made again when its turn comes
  crypto::kem_public_pieces(state_.seed(), header, vector, work);
  copy(authenticator_.header_mac(epoch_, header).view(), state_.sent().last<kChunkSize>());
  return {};
}

// KeysSampled to HeaderSent.
void Spqr::make_vector(crypto::MlKemWork& work) {
  state_.begin(StateName::kHeaderSent);
  ByteArray<crypto::kKemHeaderSize> header;  // sent already
  crypto::kem_public_pieces(state_.seed(), header, state_.sent().first<crypto::kKemVectorSize>(),
                            work);
}

// Ct1Received to EkSentCt1Received.
void Spqr::keep_ct1() {
  const Bytes ct1 = state_.collected();
  state_.begin(StateName::kEkSentCt1Received);
  copy(ct1, state_.sent());
}

// NoHeaderReceived to HeaderReceived.
Status Spqr::take_header() {
  const auto header = to_array(View<64>(state_.collected().first<crypto::kKemHeaderSize>()));
  const auto mac = authenticator_.header_mac(epoch_, header);
  if (!crypto::ct_equal(mac.view(), state_.collected().last<kChunkSize>())) return Error::kBadTag;
  state_.enter(StateName::kHeaderReceived);
  copy(header, state_.header());
  return {};
}

// HeaderReceived to Ct1Sampled.
Status Spqr::make_ct1(Rng& rng, crypto::MlKemWork& work) {
  state_.begin(StateName::kCt1Sampled);
  TRY(rng.fill(state_.message()));
  const auto ct1 = state_.sent().first<crypto::kKemCt1Size>();
  finish_epoch(crypto::kem_encapsulate_1(state_.header(), state_.message(), ct1, work).view());
  return {};
}

// From where vector and acknowledgement are both there, to Ct2Sampled.
Status Spqr::make_ct2(crypto::MlKemWork& work) {
  ByteArray<crypto::kKemCt2Size> ct2;
  TRY(crypto::kem_encapsulate_2(state_.header(), state_.message(),
                                state_.collected().first<crypto::kKemVectorSize>(), ct2, work));
  const auto mac =
      authenticator_.ciphertext_mac(epoch_, state_.sent().first<crypto::kKemCt1Size>(), ct2);
  state_.enter(StateName::kCt2Sampled);
  copy(ct2, state_.sent());
  copy(mac.view(), state_.sent().last<kChunkSize>());
  return {};
}

// EkSentCt1Received to NoHeaderReceived.
Status Spqr::take_ct2(crypto::MlKemWork& work) {
  const auto ct1 = state_.sent().first<crypto::kKemCt1Size>();
  const auto ct2 = state_.collected().first<crypto::kKemCt2Size>();
  finish_epoch(crypto::kem_decapsulate(state_.seed(), ct1, ct2, work).view());
  const auto mac = authenticator_.ciphertext_mac(epoch_, ct1, ct2);
  if (!crypto::ct_equal(mac.view(), state_.collected().last<kChunkSize>())) return Error::kBadTag;
  ++epoch_;
  state_.enter(StateName::kNoHeaderReceived);
  return {};
}

// What follows from a message of this epoch or a later one.
Status Spqr::receive_piece(const Payload& payload, crypto::MlKemWork& work) {
  if (payload.epoch > epoch_) {
    // The answer to ct2: the other side has the secret, and the turn is ours.
    if (state_.name() != StateName::kCt2Sampled || payload.epoch - epoch_ > 1) {
      return Error::kOutOfOrder;
    }
    ++epoch_;
    state_.enter(StateName::kKeysUnsampled);
    return {};
  }
  const PayloadType type = payload.type;
  const bool has_ack = type == PayloadType::kEkCt1Ack || type == PayloadType::kCt1Ack;
  const bool has_piece = type == PayloadType::kEkCt1Ack || type == PayloadType::kEk;
  switch (state_.name()) {
    case StateName::kKeysSampled:
    case StateName::kHeaderSent:
      if (type != PayloadType::kCt1) return {};
      if (state_.name() == StateName::kKeysSampled) make_vector(work);
      if (state_.collect(payload.chunk)) state_.become(StateName::kCt1Received);
      return {};
    case StateName::kCt1Received:
    case StateName::kEkSentCt1Received:
      if (type != PayloadType::kCt2) return {};
      if (state_.name() == StateName::kCt1Received) keep_ct1();
      return state_.collect(payload.chunk) ? take_ct2(work) : Status();
    case StateName::kNoHeaderReceived:
      if (type != PayloadType::kHdr) return {};
      return state_.collect(payload.chunk) ? take_header() : Status();
    case StateName::kCt1Sampled:
    case StateName::kEkReceivedCt1Sampled:
    case StateName::kCt1Acknowledged: {
      const bool acknowledged = has_ack || state_.name() == StateName::kCt1Acknowledged;
      const bool has_vector = state_.name() == StateName::kEkReceivedCt1Sampled ||
                              (has_piece && state_.collect(payload.chunk));
      if (has_vector && acknowledged) return make_ct2(work);
      if (has_vector) state_.become(StateName::kEkReceivedCt1Sampled);
      if (acknowledged) state_.become(StateName::kCt1Acknowledged);
      return {};
    }
    case StateName::kKeysUnsampled:
    case StateName::kHeaderReceived:
    case StateName::kCt2Sampled: return {};
  }
  __builtin_trap();
}

Status Spqr::send(bool with_key, Rng& rng, crypto::MlKemWork& work, Outgoing& out) {
  if (!with_key && epoch_ > 1) return Error::kOutOfOrder;
  if (state_.name() == StateName::kKeysUnsampled) TRY(make_keys(rng, work));
  if (state_.name() == StateName::kHeaderReceived) TRY(make_ct1(rng, work));
  Payload payload;
  payload.epoch = epoch_;
  state_.send(payload);
  out.has_key = with_key;
  if (with_key) TRY(chain_.send(epoch_ - 1, payload.index, out.key));
  out.payload_size = TRY(payload.encode(out.payload));
  return {};
}

Status Spqr::receive(Bytes payload, Minimum minimum, const SkippedKeys& skipped,
                     crypto::MlKemWork& work, Incoming& out) {
  Payload parsed;
  TRY(Payload::parse(payload, parsed));
  if (epoch_ == UINT32_MAX) return Error::kFull;
  out.has_key = parsed.index > 0 || parsed.epoch > 1;
  if (!out.has_key && minimum != Minimum::kNone) return Error::kBadTag;
  // A late one says nothing new, but has its key.
  if (parsed.epoch >= epoch_) TRY(receive_piece(parsed, work));
  if (!out.has_key) return {};
  return chain_.receive(parsed.epoch - 1, parsed.index, skipped, out.chain);
}

void Spqr::settle(Incoming& in, SkippedKeys& skipped) {
  if (in.has_key) chain_.settle(in.chain, skipped);
}

void Spqr::exchange(Codec& codec, SkippedKeys& skipped) {
  codec.number(epoch_);
  codec.require(epoch_ > 0);
  authenticator_.exchange(codec);
  chain_.exchange(codec, skipped);
  state_.exchange(codec);
  // The side that made the ciphertext has the epoch's keys already.
  const bool has_secret = state_.name() >= StateName::kCt1Sampled;
  codec.require(chain_.last_epoch() == epoch_ - (has_secret ? 0 : 1));
}

}  // namespace core::e2e::spqr
