// A test's way to read what it was sent.
#ifndef CORE_WG_MESSAGE_IN_TEST_H_
#define CORE_WG_MESSAGE_IN_TEST_H_

#include "core/wg/messages.h"

namespace core::wg {

// The message that a datagram is, in place; nullptr if it is none.
template <class Message>
Message* message_in(MutBytes datagram) {
  if (!is_message<Message>(datagram)) return nullptr;
  return &message_at<Message>(datagram.first<Message::kSize>());
}

}  // namespace core::wg
#endif  // CORE_WG_MESSAGE_IN_TEST_H_
