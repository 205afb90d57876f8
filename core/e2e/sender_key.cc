#include "core/e2e/sender_key.h"

#include "core/e2e/checksum.h"

namespace core::e2e {
namespace {

constexpr std::uint8_t kFormat = 1;

}  // namespace

// ---- ours

Result<OurSenderKey> OurSenderKey::make(Rng& rng) {
  ByteArray<4> id;
  Secret<32> chain_key, signing_key;
  TRY(rng.fill(id));
  TRY(rng.fill(chain_key.mut()));
  TRY(rng.fill(signing_key.mut()));
  OurSenderKey key;
  key.chain_id_ = Reader(id).u32_be() & 0x7fffffff;
  key.chain_ = ChainKey(std::move(chain_key));
  key.signing_key_ = OurSigningKey(signing_key.view());
  return key;
}

Result<std::size_t> OurSenderKey::distribution(View<kDistributionIdSize> id, MutBytes out) const {
  SenderKeyDistribution message;
  message.distribution_id = to_array(id);
  message.chain_id = chain_id_;
  message.iteration = chain_.index();
  message.chain_key = Secret<32>(chain_.key());
  message.signing_key = TRY(TheirSigningKey::parse(signing_key_.public_key()));
  return encode_distribution(message, out);
}

Result<std::size_t> OurSenderKey::encrypt(View<kDistributionIdSize> id, Bytes plaintext, Rng& rng,
                                          MutBytes out) {
  const auto encrypted = [&]() -> Result<std::size_t> {
    if (chain_.index() == UINT32_MAX) return Error::kFull;
    Secret<64> random;
    TRY(rng.fill(random.mut()));
    auto next = chain_.clone();
    const SenderKeyHeader header{
        .distribution_id = id, .chain_id = chain_id_, .iteration = next.index()};
    const auto seed = next.take();
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
  out.bytes(chain_.key());
  out.u32_be(chain_.index());
  out.bytes(signing_key_.private_key().view());
  out.bytes(signing_key_.public_key());
}

Result<OurSenderKey> OurSenderKey::read(Reader& in) {
  OurSenderKey key;
  key.chain_id_ = in.u32_be();
  const auto chain_key = in.take<32>();
  key.chain_ = ChainKey(Secret<32>(chain_key), in.u32_be());
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
    keys_[at] = Key{.id = skipped_.open_chain(),
                    .chain_id = key.chain_id,
                    .chain = ChainKey(key.chain_key.clone(), key.iteration),
                    .signing_key = key.signing_key};
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
    if (message.iteration < key.chain.index()) {
      const auto kept = skipped_.find(key.id, message.iteration);
      if (!kept) return Error::kReplay;
      const auto size = TRY(message.open(skipped_.seed(*kept), plaintext));
      skipped_.erase(*kept);
      return size;
    }
    const std::uint32_t missing = message.iteration - key.chain.index();
    if (missing > kMaxForwardJump || message.iteration == UINT32_MAX) return Error::kFull;
    // Of very many, only the last fit into the pool.
    ChainKey next = key.chain.clone();
    while (message.iteration - next.index() > kMaxSkippedKeys) next.advance();
    ChainKey first = next.clone();
    while (next.index() < message.iteration) next.advance();
    const auto seed = next.take();
    const auto size = TRY(message.open(seed, plaintext));
    skipped_.keep(key.id, std::move(first), message.iteration);
    key.chain = std::move(next);
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

void TheirSenderKeys::write_body(Writer& out) const {
  out.u8(kFormat);
  out.u8(static_cast<std::uint8_t>(count_));
  for (std::size_t i = 0; i < count_; ++i) {
    const Key& key = keys_[i];
    out.u16_be(key.id);
    out.u32_be(key.chain_id);
    out.bytes(key.chain.key());
    out.u32_be(key.chain.index());
    out.bytes(key.signing_key.serialized());
  }
  out.u16_be(static_cast<std::uint16_t>(skipped_.count()));
  for (const auto& entry : skipped_.entries()) {
    out.u16_be(entry.chain);
    out.u32_be(entry.counter);
    out.bytes(entry.seed.view());
  }
}

Status TheirSenderKeys::read_body(Reader& in) {
  if (in.u8() != kFormat) return Error::kBadVersion;
  const std::size_t count = in.u8();
  if (!in.ok() || count > kMaxSenderKeys) return Error::kMalformed;
  for (; count_ < count; ++count_) {
    Key& key = keys_[count_];
    key.id = in.u16_be();
    key.chain_id = in.u32_be();
    const auto chain_key = in.take<32>();
    key.chain = ChainKey(Secret<32>(chain_key), in.u32_be());
    const auto signing_key = TheirSigningKey::parse(in.take<kPublicKeySize>());
    if (!in.ok() || !signing_key || !skipped_.restore_chain(key.id)) return Error::kMalformed;
    key.signing_key = *signing_key;
  }
  const std::size_t skipped = in.u16_be();
  for (std::size_t i = 0; i < skipped && in.ok(); ++i) {
    const auto chain = in.u16_be();
    const auto counter = in.u32_be();
    if (!skipped_.restore(chain, counter, in.take<32>())) return Error::kMalformed;
  }
  if (!in.finished()) return Error::kMalformed;
  return {};
}

Result<std::size_t> TheirSenderKeys::serialize(MutBytes out) const {
  Writer writer(out);
  write_body(writer);
  return finish_with_checksum(writer, out);
}

Status TheirSenderKeys::parse(Bytes in, TheirSenderKeys& keys) {
  keys.clear();
  Reader reader(TRY(before_checksum(in)));
  const auto read = keys.read_body(reader);
  if (!read) {
    keys.count_ = kMaxSenderKeys;  // also the one that was half read
    keys.clear();
  }
  return read;
}

}  // namespace core::e2e
