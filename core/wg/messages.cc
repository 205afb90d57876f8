#include "core/wg/messages.h"

namespace core::wg {

TransportHeader* transport_header_in(MutBytes datagram) {
  if (datagram.size() < TransportHeader::kMinDatagramSize) return nullptr;
  auto& header = message_at<TransportHeader>(datagram.first<TransportHeader::kSize>());
  return header.type.is(MessageType::kTransport) ? &header : nullptr;
}

}  // namespace core::wg
