#include "core/e2e/sender_key.h"

#include "core/e2e/checksum.h"

namespace core::e2e {
namespace {

constexpr std::uint8_t kFormat = 1;

}  // namespace

// ---- ours

Result<OurSenderKey> OurSenderKey::make(Rng& rng) {
  ByteArray<4> id;
  Secret<32> signing_key;
  TRY(rng.fill(id));
  OurSenderKey key;
  TRY(rng.fill(key.chain_.key));
  TRY(rng.fill(signing_key.mut()));
  key.chain_id_ = Reader(id).u32_be() & 0x7fffffff;
  key.signing_key_ = OurSigningKey(signing_key.view());
  return key;
}

Result<std::size_t> OurSenderKey::distribution(View<kDistributionIdSize> id, MutBytes out) const {
  SenderKeyDistribution message;
  message.distribution_id = to_array(id);
  message.chain_id = chain_id_;
  message.iteration = chain_.index;
  message.chain_key = Secret<32>(chain_.key);
  message.signing_key = TRY(TheirSigningKey::parse(signing_key_.public_key()));
  return encode_distribution(message, out);
}

Result<std::size_t> OurSenderKey::encrypt(View<kDistributionIdSize> id, Bytes plaintext, Rng& rng,
                                          MutBytes out) {
  const auto encrypted = [&]() -> Result<std::size_t> {
    if (chain_.index == UINT32_MAX) return Error::kFull;
    Secret<64> random;
    TRY(rng.fill(random.mut()));
    auto next = chain_.clone();
    const SenderKeyHeader header{
        .distribution_id = id, .chain_id = chain_id_, .iteration = next.index};
    Secret<32> seed;
    step_chain(next, seed.mut());
    const auto size =
        TRY(seal_sender_key_message(header, seed, signing_key_, plaintext, random.view(), out));
    chain_ = std::move(next);
    return size;
  }();
  if (!encrypted) wipe(out);
  return encrypted;
}

void OurSenderKey::write(Writer& out) const {
  out.u32_be(chain_id_);
  out.bytes(chain_.key);
  out.u32_be(chain_.index);
  out.bytes(signing_key_.private_key().view());
  out.bytes(signing_key_.public_key());
}

Result<OurSenderKey> OurSenderKey::read(Reader& in) {
  OurSenderKey key;
  key.chain_id_ = in.u32_be();
  copy(in.take<32>(), key.chain_.key);
  key.chain_.index = in.u32_be();
  const auto private_key = in.take<32>();
  const auto public_key = in.take<kPublicKeySize>();
  if (!in.ok() || public_key[0] != prekey::kCurveKeyType) return Error::kMalformed;
  key.signing_key_ = OurSigningKey(private_key, public_key);
  return key;
}

// ---- theirs

void TheirSenderKeys::add(const SenderKeyDistribution& key) {
  std::size_t at = 0;
  while (at < count_ && keys_[at].chain_id != key.chain_id) ++at;
  const bool known =
      at < count_ && equal_var(keys_[at].signing_key.serialized(), key.signing_key.serialized());
  if (!known) {
    if (at == kMaxSenderKeys) --at;  // the oldest gives way
    if (at < count_) {
      skipped_.close_chain(keys_[at].id);
    } else {
      ++count_;
    }
    Key& made = keys_[at];
    made.id = skipped_.open_chain();
    made.chain_id = key.chain_id;
    copy(key.chain_key.view(), made.chain.key);
    made.chain.index = key.iteration;
    made.signing_key = key.signing_key;
  }
  for (; at > 0; --at) std::swap(keys_[at], keys_[at - 1]);
}

Result<std::size_t> TheirSenderKeys::decrypt(const SenderKeyMessage& message, MutBytes plaintext) {
  const auto decrypted = [&]() -> Result<std::size_t> {
    std::size_t at = 0;
    while (at < count_ && keys_[at].chain_id != message.chain_id) ++at;
    if (at == count_) return Error::kNotFound;
    Key& key = keys_[at];
    TRY(message.verify(key.signing_key));
    auto next = key.chain.clone();
    ReadKey read;
    TRY(skipped_.read(next, key.id, message.iteration, step_chain, read));
    const auto size = TRY(message.open(read.key, plaintext));
    skipped_.settle(read, key.id, step_chain);
    key.chain.copy_from(next);
    return size;
  }();
  if (!decrypted) wipe(plaintext);
  return decrypted;
}

void TheirSenderKeys::clear() {
  for (std::size_t i = 0; i < count_; ++i) keys_[i] = Key();
  count_ = 0;
  skipped_.clear();
}

void TheirSenderKeys::exchange(Codec& codec) {
  auto count = static_cast<std::uint8_t>(count_);
  codec.at_most(std::uint8_t{kMaxSenderKeys}, count);
  count_ = count;
  for (std::size_t i = 0; i < count && codec.ok(); ++i) {
    Key& key = keys_[i];
    skipped_.exchange_name(codec, key.id);
    codec.number(key.chain_id);
    key.chain.exchange(codec);
    key.signing_key.exchange(codec);
  }
  skipped_.exchange(codec);
}

Result<std::size_t> TheirSenderKeys::serialize(MutBytes out) const {
  Writer writer(out);
  writer.u8(kFormat);
  Codec codec(writer);
  const_cast<TheirSenderKeys*>(this)->exchange(codec);  // changes nothing when it writes
  return finish_with_checksum(writer, out);
}

Status TheirSenderKeys::parse(Bytes in, TheirSenderKeys& keys) {
  keys.clear();
  Reader reader(TRY(before_checksum(in)));
  if (reader.u8() != kFormat) return Error::kBadVersion;
  Codec codec(reader);
  keys.exchange(codec);
  if (codec.ok() && reader.finished()) return {};
  keys.clear();
  return Error::kMalformed;
}

}  // namespace core::e2e
