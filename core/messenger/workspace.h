// The messenger's scratch memory, so that the caller says where it lies.
#ifndef CORE_MESSENGER_WORKSPACE_H_
#define CORE_MESSENGER_WORKSPACE_H_

#include "core/api/message.h"
#include "core/crypto/mlkem.h"
#include "core/e2e/record.h"
#include "core/e2e/sender_key.h"
#include "core/messenger/limits.h"

namespace core::messenger {

// About 840 kB on Linux. Contents do not matter before the first call; between
// calls it holds the session used last, and after poll() the request to publish; `text` and
// `body` are the caller's then.
struct Workspace {
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  e2e::SessionRecord record;
  e2e::TheirSenderKeys sender_keys;  // of one member; empty between calls
  ByteArray<crypto::kKyber1024PublicKeySize> kem_key;
  // One or the other: no value is read or written while the KEM is at work.
  union {
    ByteArray<kMaxValueSize> value;  // of the store
    crypto::MlKemWork kem;
  };
  ByteArray<kMaxCiphertext> text;  // what is decrypted, or what has been encrypted
  ByteArray<kMaxPayload> body;     // of a request
  // The request, from when its body is there until the caller has published it: nothing
  // else needs a value meanwhile.
  MutBytes payload() { return MutBytes(value).first(kMaxPayload + 128); }
};

static_assert(kMaxValueSize >= e2e::SessionRecord::kMaxSerializedSize,
              "a session must fit into the store");
static_assert(kMaxValueSize >= e2e::TheirSenderKeys::kMaxSerializedSize);
static_assert(kMaxValueSize >= kMaxCiphertext + 64, "a mail must fit into the store");
static_assert(kMaxCiphertext >= e2e::encrypted_size(kMaxContent));
static_assert(kMaxPayload >= kMaxCiphertext + 256, "a request or a push with one mail");
static_assert(kMaxPayload >= 1650 * kKemPerPublish + 41 * kOneTimePerPublish + 110,
              "a request with as many keys");
static_assert(kMaxValueSize >= kMaxPayload + 128);

}  // namespace core::messenger
#endif  // CORE_MESSENGER_WORKSPACE_H_
