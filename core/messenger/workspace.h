// The messenger's scratch memory, so that the caller says where it lies.
#ifndef CORE_MESSENGER_WORKSPACE_H_
#define CORE_MESSENGER_WORKSPACE_H_

#include "core/api/message.h"
#include "core/crypto/mlkem.h"
#include "core/e2e/record.h"
#include "core/e2e/sender_key.h"
#include "core/messenger/limits.h"

namespace core::messenger {

// About 910 kB on Linux. Contents do not matter before the first call; between
// calls it holds the session used last, and after poll() the request to publish.
struct Workspace {
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  e2e::SessionRecord record;
  e2e::TheirSenderKeys sender_keys;  // of one member; empty between calls
  crypto::MlKemWork kem;
  ByteArray<crypto::kKyber1024PublicKeySize> kem_key;
  ByteArray<kMaxValueSize> value;        // a value of the store
  ByteArray<kMaxCiphertext> text;        // what is decrypted, or what has been encrypted
  ByteArray<kMaxPayload> body;           // of a request
  ByteArray<kMaxPayload + 128> payload;  // the request
};

static_assert(kMaxValueSize >= e2e::SessionRecord::kMaxSerializedSize,
              "a session must fit into the store");
static_assert(kMaxValueSize >= e2e::TheirSenderKeys::kMaxSerializedSize);
static_assert(kMaxValueSize >= kMaxCiphertext + 64, "a mail must fit into the store");
static_assert(kMaxCiphertext >= e2e::encrypted_size(kMaxContent));
static_assert(kMaxPayload >= kMaxCiphertext + 128, "a request with one mail");

}  // namespace core::messenger
#endif  // CORE_MESSENGER_WORKSPACE_H_
