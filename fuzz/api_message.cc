// The first byte chooses a message of core/api; the rest is parsed as it.
// What parses must encode in no more bytes than it came in, to a message that
// encodes to itself.
#include <vector>

#include "core/api/message.h"

namespace {

using core::Bytes;

// Takes part in the result, so that every byte of every view is read.
volatile std::uint8_t sink;
void read(Bytes bytes) {
  for (const std::uint8_t b : bytes) sink = static_cast<std::uint8_t>(sink ^ b);
}

template <class T>
std::vector<std::uint8_t> encoded(const T& message, std::size_t room) {
  std::vector<std::uint8_t> out(room);
  const auto size = message.encode(out);
  CHECK(size.ok());
  out.resize(*size);
  return out;
}

template <class T>
void round_trip(Bytes in) {
  const auto message = T::parse(in);
  if (!message) return;
  const auto once = encoded(*message, in.size() + 1);  // one code takes 3 bytes packed, 2 not
  const auto again = T::parse(once);
  CHECK(again.ok());
  CHECK(encoded(*again, once.size()) == once);
}

template <class T>
void walk(core::api::Repeated<T> elements, std::size_t most) {
  CHECK(elements.count() <= most);
  std::size_t count = 0;
  while (const auto element = elements.next()) {
    ++count;
    CHECK(!encoded(*element, 70000).empty());
  }
  CHECK(count == elements.count());
}

void publish(Bytes in) {
  const auto message = core::api::PublishRequestView::parse(in);
  if (!message) return;
  if (message->signed_pre_key) read(message->signed_pre_key->signature);
  if (message->last_resort) read(message->last_resort->public_key);
  walk(message->one_time, 100);
  walk(message->one_time_kem, 8);
}

void mails(Bytes in) {
  const auto message = core::api::MailsView::parse(in);
  if (!message) return;
  walk(message->mail, 64);
  std::vector<std::uint8_t> out(in.size());
  core::api::MailsWriter writer(out);
  auto mail = message->mail;
  while (const auto element = mail.next()) CHECK(writer.add(*element).ok());
  if (message->after) CHECK(writer.after(*message->after).ok());
  CHECK(writer.count() == message->mail.count() && writer.count() > 0);
}

void contacts(Bytes in) {
  const auto message = core::api::ContactsResponseView::parse(in);
  if (message) walk(message->contact, 100);
}

void enrol_response(Bytes in) {
  const auto message = core::api::EnrolResponseView::parse(in);
  if (!message) return;
  read(message->text);
  read(message->certificate);
  read(message->ca_certificate);
  read(message->broker_host);
  walk(message->contact, 100);
  if (message->tunnel) read(message->tunnel->endpoint_host);
  round_trip<core::api::EnrolResponseView>(in);
}

using Parser = void (*)(Bytes);
constexpr Parser kParsers[] = {
    round_trip<core::api::RequestView>,
    round_trip<core::api::ResponseView>,
    round_trip<core::api::PreKeyView>,
    round_trip<core::api::SignedPreKeyView>,
    round_trip<core::api::KemPreKeyView>,
    publish,
    round_trip<core::api::PublishResponse>,
    round_trip<core::api::StatusResponseView>,
    round_trip<core::api::BundleRequestView>,
    round_trip<core::api::BundleResponseView>,
    round_trip<core::api::MailView>,
    mails,
    round_trip<core::api::SendResponse>,
    round_trip<core::api::AckRequest>,
    round_trip<core::api::AckResponse>,
    round_trip<core::api::ContactsRequest>,
    round_trip<core::api::ContactView>,
    contacts,
    round_trip<core::api::RenewRequestView>,
    round_trip<core::api::RenewResponseView>,
    round_trip<core::api::Notice>,
    round_trip<core::api::EnrolRequestView>,
    enrol_response,
    round_trip<core::api::TunnelView>,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || data[0] >= std::size(kParsers)) return 0;
  kParsers[data[0]](Bytes(data + 1, size - 1));
  return 0;
}
