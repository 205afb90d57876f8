#include "server/service/test_site.h"

#include <stdexcept>

#include "core/api/enrolment.h"
#include "core/api/request.h"
#include "core/crypto/x25519.h"

namespace server::service {

core::Status TestRng::fill(core::MutBytes out) {
  for (auto& byte : out) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<std::uint8_t>(state_ >> 56);
  }
  return {};
}

core::Result<std::vector<std::uint8_t>> TestAuthority::sign(core::Bytes csr_der,
                                                            const core::DeviceName& device) {
  if (text_of(csr_der) == "bad") return core::Error::kMalformed;
  if (text_of(csr_der) == "down") return core::Error::kStore;
  ++signed_count;
  return blob_of("certificate of " + text_of(device.bytes()));
}

std::string text_of(core::Bytes bytes) { return {bytes.begin(), bytes.end()}; }
Blob blob_of(const std::string& text) { return {text.begin(), text.end()}; }

namespace {

template <class Message>
Blob encode(const Message& message, std::size_t room = 4096) {
  Blob out(room);
  const auto size = message.encode(out);
  if (!size) throw std::runtime_error("does not encode");
  out.resize(*size);
  return out;
}

Blob finished(Blob out, core::Result<std::size_t> size) {
  if (!size) throw std::runtime_error("does not encode");
  out.resize(*size);
  return out;
}

}  // namespace

TestDevice::TestDevice(const std::string& of, std::uint64_t seed) : device(name(of)), rng(seed) {
  private_key = *core::crypto::x25519_private(rng);
  identity_key[0] = 0x05;
  core::copy(core::crypto::x25519_public(private_key), core::MutBytes(identity_key).subspan(1));
}

core::ByteArray<16> TestDevice::new_request_id() {
  core::ByteArray<16> out;
  (void)rng.fill(out);
  return out;
}

IncomingRequest TestDevice::request(Method method, const Blob& body) {
  return request(method, body, new_request_id());
}

IncomingRequest TestDevice::request(Method method, const Blob& body,
                                    const core::ByteArray<16>& request_id) {
  core::ByteArray<core::api::kMaxTopicSize> topic;
  const auto topic_size = core::api::up_topic(device, method, topic);
  Blob payload(body.size() + 128);
  const auto size =
      core::api::encode_request(device, method, request_id, body, private_key, rng, payload);
  return {text_of(core::Bytes(topic).first(*topic_size)), finished(std::move(payload), size)};
}

Blob TestDevice::upload(const Upload& upload) {
  Blob out(64 * 1024);
  core::api::PublishRequestWriter writer(out);
  const auto sign = [&](core::Bytes key, bool broken) {
    auto signature = *core::crypto::xeddsa_sign(private_key, key, rng);
    if (broken) signature[5] ^= 1;
    return signature;
  };
  const auto curve_key = [](std::uint32_t id) {
    core::ByteArray<33> key{0x05};
    for (std::size_t i = 0; i < 4; ++i) key[1 + i] = static_cast<std::uint8_t>(id >> (8 * i));
    return key;
  };
  const auto kem_key = [](std::uint32_t id) {
    core::ByteArray<1569> key{0x08};
    for (std::size_t i = 0; i < 4; ++i) key[1 + i] = static_cast<std::uint8_t>(id >> (8 * i));
    return key;
  };
  bool ok = true;
  if (upload.signed_id != 0) {
    const auto key = curve_key(upload.signed_id);
    const auto signature = sign(key, upload.broken == 1);
    ok &= writer.signed_pre_key({upload.signed_id, key, signature}).ok();
  }
  if (upload.last_resort_id != 0) {
    const auto key = kem_key(upload.last_resort_id);
    const auto signature = sign(key, upload.broken == 2);
    ok &= writer.last_resort({upload.last_resort_id, key, signature}).ok();
  }
  for (std::uint32_t i = 0; i < upload.one_time_count; ++i) {
    const auto key = curve_key(upload.first_one_time + i);
    ok &= writer.one_time({upload.first_one_time + i, key}).ok();
  }
  for (std::uint32_t i = 0; i < upload.kem_count; ++i) {
    const auto key = kem_key(upload.first_kem + i);
    const auto signature = sign(key, upload.broken == 3 && i + 1 == upload.kem_count);
    ok &= writer.one_time_kem({upload.first_kem + i, key, signature}).ok();
  }
  if (!ok) throw std::runtime_error("upload too large");
  return finished(std::move(out), writer.finish());
}

Blob TestDevice::mail(const std::string& to, std::uint8_t mail_id, std::size_t size,
                      std::uint32_t ttl_s) {
  const Blob ciphertext(size, mail_id);
  const auto id = store::filled<16>(mail_id);
  return encode(core::api::MailView{.to = name(to),
                                    .from = name("mallory"),  // the server must not believe it
                                    .mail_id = id,
                                    .type = 2,
                                    .ciphertext = ciphertext,
                                    .ttl_s = ttl_s},
                size + 512);
}

Blob TestDevice::mail_to(const std::vector<std::string>& to, std::uint8_t mail_id,
                         std::size_t size) {
  Blob names(core::api::AlsoToWriter::kMaxSize);
  core::api::AlsoToWriter also_to(names);
  for (std::size_t i = 1; i < to.size(); ++i) {
    if (!also_to.add(name(to[i]))) throw std::runtime_error("too many recipients");
  }
  const Blob ciphertext(size, mail_id);
  const auto id = store::filled<16>(mail_id);
  return encode(core::api::MailView{.to = name(to[0]),
                                    .mail_id = id,
                                    .type = 7,
                                    .ciphertext = ciphertext,
                                    .also_to = also_to.names()},
                size + 512 + names.size());
}

Blob TestDevice::enrol_request(const core::api::Token& token, const std::string& csr) {
  const Blob csr_der = blob_of(csr);
  const core::api::EnrolmentProof proven(token.secret, identity_key, registration_id, csr_der,
                                         signed_tunnel_key ? *signed_tunnel_key : tunnel_key);
  const auto proof = *core::crypto::xeddsa_sign(private_key, proven.message(), rng);
  const auto plain = encode(core::api::EnrolRequestView{.identity_key = identity_key,
                                                        .registration_id = registration_id,
                                                        .csr = csr_der,
                                                        .proof = proof,
                                                        .tunnel_key = tunnel_key,
                                                        .max_contacts = max_contacts});
  Blob out(plain.size() + core::api::kEnrolOverhead);
  return finished(out, core::api::seal_enrolment(token.secret, core::api::Direction::kRequest,
                                                 plain, rng, out));
}

Blob bundle_request(const std::string& of) {
  return encode(core::api::BundleRequestView{.device = name(of)});
}

Blob mails(std::initializer_list<Blob> list) {
  Blob out;
  for (const auto& mail : list) {
    Blob field(mail.size() + 16);
    core::ProtobufWriter writer(field);
    writer.bytes(1, mail);
    field = finished(std::move(field), writer.finish());
    out.insert(out.end(), field.begin(), field.end());
  }
  return out;
}

Blob ack(std::uint64_t through, std::uint32_t window, std::uint32_t max_push) {
  return encode(core::api::AckRequest{.through = through, .window = window, .max_push = max_push});
}

TestSite::TestSite(store::Store& the_store, Limits limits, std::uint64_t seed,
                   std::optional<SiteTunnel> tunnel)
    : store(the_store),
      rng(seed * 7919),
      service(store, authority, rng,
              {.host = "127.0.0.1",
               .port = 8443,
               .ca_fingerprint = store::filled<16>(3),
               .ca_certificate = blob_of("ca certificate"),
               .broker_host = "broker.test",
               .broker_port = 8883,
               .tunnel = std::move(tunnel)},
              limits),
      next_seed_(seed * 1000) {}

Enrolment TestSite::enrol(TestDevice& device, const core::api::Token& token,
                          const std::string& csr) {
  return service.enrol(device.enrol_request(token, csr), wall);
}

Code TestSite::code_of(const Enrolment& enrolment, const core::api::Token& token) {
  Blob plain(enrolment.body.size());
  const auto size = core::api::open_enrolment(token.secret, core::api::Direction::kResponse,
                                              enrolment.body, plain);
  if (!size) throw std::runtime_error("the sealed answer does not open");
  plain.resize(*size);
  const auto response = core::api::EnrolResponseView::parse(plain);
  if (!response) throw std::runtime_error("the sealed answer does not parse");
  return response->code;
}

TestDevice TestSite::enrol(const std::string& of) {
  TestDevice device(of, next_seed_++);
  const auto token = service.invite(name(of), 600, wall);
  if (!token) throw std::runtime_error("no invite");
  const auto enrolment = enrol(device, *token);
  if (enrolment.outcome != EnrolOutcome::kAnswered || code_of(enrolment, *token) != Code::kOk) {
    throw std::runtime_error("not enrolled: " + of);
  }
  return device;
}

TestDevice TestSite::enrol_with_keys(const std::string& of, std::uint32_t one_time,
                                     std::uint32_t kem) {
  auto device = enrol(of);
  std::uint32_t first_kem = 1;
  TestDevice::Upload upload{.signed_id = 1, .last_resort_id = 1, .one_time_count = one_time};
  do {
    upload.kem_count = std::min(kem, 8u);
    upload.first_kem = first_kem;
    if (ask(device, Method::kPublish, device.upload(upload)).code != Code::kOk) {
      throw std::runtime_error("keys refused");
    }
    first_kem += upload.kem_count;
    kem -= upload.kem_count;
    upload.one_time_count = 0;
  } while (kem > 0);
  return device;
}

void TestSite::handle(const std::vector<IncomingRequest>& requests) {
  for (auto& publish : service.handle(requests, now, wall)) out.push_back(std::move(publish));
}

void TestSite::poll() {
  for (auto& publish : service.poll(now, wall)) out.push_back(std::move(publish));
}

void TestSite::pass(std::int64_t ms) {
  const core::Instant end = now + ms;
  while (service.next_deadline() <= end) {
    const auto due = std::max(now, service.next_deadline());
    wall.ms += due.ms - now.ms;
    now = due;
    poll();
    if (service.next_deadline() <= now) throw std::runtime_error("the deadline stands still");
  }
  wall.ms += end.ms - now.ms;
  now = end;
}

Reply TestSite::ask(const IncomingRequest& request) {
  const auto begin = out.size();
  handle({request});
  for (std::size_t i = begin; i < out.size(); ++i) {
    if (!out[i].topic.ends_with("/reply")) continue;
    const auto response = core::api::ResponseView::parse(out[i].payload);
    if (!response) throw std::runtime_error("the response does not parse");
    return {core::to_array(response->request_id),
            response->code,
            text_of(response->text),
            {response->body.begin(), response->body.end()},
            out[i].payload};
  }
  throw std::runtime_error("no reply");
}

Reply TestSite::ask(TestDevice& device, Method method, const Blob& body) {
  return ask(device.request(method, body));
}

std::vector<Code> TestSite::send(TestDevice& from, const Blob& body) {
  const auto reply = ask(from, Method::kSend, body);
  const auto response = core::api::SendResponse::parse(reply.body);
  if (reply.code != Code::kOk || !response) throw std::runtime_error("not sent");
  return {response->code.begin(), response->code.begin() + response->count};
}

std::vector<OutgoingPublish> TestSite::take(const std::string& topic) {
  std::vector<OutgoingPublish> taken;
  std::erase_if(out, [&](OutgoingPublish& publish) {
    const bool wanted = publish.topic == topic;
    if (wanted) taken.push_back(publish);
    return wanted;
  });
  return taken;
}

std::vector<std::vector<TestSite::Pushed>> TestSite::pushes(const std::string& device) {
  std::vector<std::vector<Pushed>> all;
  for (const auto& publish : take("ginnel/1/down/" + device + "/mail")) {
    const auto view = core::api::MailsView::parse(publish.payload);
    if (!view) throw std::runtime_error("the push does not parse");
    auto rest = view->mail;
    auto& push = all.emplace_back();
    while (const auto mail = rest.next()) {
      push.push_back({mail->sequence,
                      text_of(mail->from.bytes()),
                      {mail->ciphertext.begin(), mail->ciphertext.end()},
                      mail->left_out});
    }
  }
  return all;
}

std::vector<std::uint64_t> TestSite::pushed(const std::string& device) {
  std::vector<std::uint64_t> out_sequences;
  for (const auto& push : pushes(device)) {
    for (const auto& mail : push) out_sequences.push_back(mail.sequence);
  }
  return out_sequences;
}

std::vector<core::api::Notice> TestSite::notices(const std::string& device) {
  std::vector<core::api::Notice> all;
  for (const auto& publish : take("ginnel/1/down/" + device + "/notice")) {
    const auto notice = core::api::Notice::parse(publish.payload);
    if (!notice) throw std::runtime_error("the notice does not parse");
    all.push_back(*notice);
  }
  return all;
}

}  // namespace server::service
