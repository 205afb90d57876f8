#include "core/messenger/mail_id.h"

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/crypto/hmac.h"

namespace core::messenger {
namespace {

constexpr auto kLabel = label("Ginnel mail id 1");
constexpr std::size_t kRandomSize = 8;

std::uint64_t mask_of(const Secret<32>& identity_key, View<kRandomSize> random) {
  const auto key = crypto::hmac_sha256(identity_key.view(), {kLabel});
  const auto mask = crypto::hmac_sha256(key.view(), {random});
  return Reader(mask.view().first<8>()).u64_be();
}

}  // namespace

Result<MailId> make_mail_id(const Secret<32>& identity_key, MessageId message, Rng& rng) {
  MailId id{};
  TRY(rng.fill(MutBytes(id).first(kRandomSize)));
  const auto random = View<api::kMailIdSize>(id).first<kRandomSize>();
  Writer(MutBytes(id).last(8)).u64_be(message ^ mask_of(identity_key, random));
  return id;
}

MessageId message_of(const Secret<32>& identity_key, View<api::kMailIdSize> mail_id) {
  return Reader(mail_id.last<8>()).u64_be() ^ mask_of(identity_key, mail_id.first<kRandomSize>());
}

}  // namespace core::messenger
