// Mail ids that say, to us alone, which message of the outbox a mail carries:
// when a recipient cannot read a mail, its id is all that it can name.
// Spec: [HEAL] mail ids.
#ifndef CORE_MESSENGER_MAIL_ID_H_
#define CORE_MESSENGER_MAIL_ID_H_

#include "core/api/mail_message.h"
#include "core/base/rng.h"
#include "core/messenger/types.h"

namespace core::messenger {

using MailId = ByteArray<api::kMailIdSize>;

// A new id, random to everybody else. Errors: kRng.
Result<MailId> make_mail_id(const Secret<32>& identity_key, MessageId message, Rng& rng);
// The message in it. Of an id that is not ours, any number.
MessageId message_of(const Secret<32>& identity_key, View<api::kMailIdSize> mail_id);

}  // namespace core::messenger
#endif  // CORE_MESSENGER_MAIL_ID_H_
