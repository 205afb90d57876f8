#include "core/api/message_test_specimens.h"

#include "core/api/message_test_text.h"

namespace core::api {
namespace {
std::string print(const PreKeyView& m);
std::string print(const KemPreKeyView& m);
std::string print(const MailView& m);
std::string print(const ContactView& m);
constexpr auto kPrint = [](const auto& element) { return print(element); };

// The names of ginnel.proto; empty for 0, which is not printed.
const char* name_of(Code code) {
  static const char* const kNames[] = {
      "",        "MALFORMED", "BAD_SIGNATURE", "UNKNOWN_DEVICE", "REVOKED", "KEY_CONFLICT",
      "NO_KEYS", "FULL",      "TOO_LARGE",     "UNKNOWN_METHOD", "BUSY",    "INTERNAL"};
  return kNames[static_cast<std::size_t>(code)];
}

std::string print(const RequestView& m) {
  return Text()
      .bytes("request_id", m.request_id)
      .bytes("body", m.body)
      .bytes("signature", m.signature)
      .str();
}
std::string print(const ResponseView& m) {
  return Text()
      .bytes("request_id", m.request_id)
      .word("code", name_of(m.code))
      .bytes("text", m.text)
      .bytes("body", m.body)
      .str();
}
std::string print(const PreKeyView& m) {
  return Text().number("id", m.id).bytes("public_key", m.public_key).str();
}
std::string print(const SignedPreKeyView& m) {
  return Text()
      .number("id", m.id)
      .bytes("public_key", m.public_key)
      .bytes("signature", m.signature)
      .str();
}
std::string print(const KemPreKeyView& m) {
  return Text()
      .number("id", m.id)
      .bytes("public_key", m.public_key)
      .bytes("signature", m.signature)
      .str();
}
std::string print(const PublishRequestView& m) {
  Text text;
  if (m.signed_pre_key) text.message("signed_pre_key", print(*m.signed_pre_key));
  if (m.last_resort) text.message("last_resort", print(*m.last_resort));
  text.messages("one_time", m.one_time, kPrint).messages("one_time_kem", m.one_time_kem, kPrint);
  return text.word("drop_stock", m.drop_stock ? "true" : "").str();
}
std::string print(const PublishResponse& m) {
  return Text()
      .number("one_time_count", m.one_time_count)
      .number("one_time_kem_count", m.one_time_kem_count)
      .str();
}
std::string print(const Checkpoint& m) {
  return Text().number("generation", m.generation).bytes("seal", m.seal).str();
}
std::string print_end(Text& text, const char* name, const std::optional<Checkpoint>& checkpoint) {
  if (checkpoint) text.message(name, print(*checkpoint));
  return text.str();
}
std::string print(const StatusResponseView& m) {
  Text text;
  text.number("one_time_count", m.one_time_count)
      .number("one_time_kem_count", m.one_time_kem_count)
      .number("signed_pre_key_id", m.signed_pre_key_id)
      .number("last_resort_id", m.last_resort_id)
      .bytes("repeated_use_digest", m.repeated_use_digest)
      .number("mailbox_count", m.mailbox_count)
      .number("server_time_ms", m.server_time_ms);
  return print_end(text, "checkpoint", m.checkpoint);
}
std::string print(const BundleRequestView& m) {
  return Text().bytes("device", m.device.bytes()).str();
}
std::string print(const BundleResponseView& m) {
  Text text;
  text.number("registration_id", m.registration_id)
      .number("device_id", m.device_id)
      .bytes("identity_key", m.identity_key);
  if (m.one_time) text.message("one_time", print(*m.one_time));
  text.message("signed_pre_key", print(m.signed_pre_key)).message("kem", print(m.kem));
  return text.str();
}
std::string print(const MailView& m) {
  Text text;
  text.bytes("to", m.to.bytes()).bytes("from", m.from.bytes()).bytes("mail_id", m.mail_id);
  text.number("type", m.type).bytes("ciphertext", m.ciphertext).number("sequence", m.sequence);
  text.number("stored_at_ms", m.stored_at_ms).number("ttl_s", m.ttl_s);
  auto also_to = m.also_to;
  while (const auto name = also_to.next()) text.bytes("also_to", name->bytes());
  text.number("left_out", m.left_out);
  return text.str();
}
std::string print_mails(const std::string& mails, std::optional<std::uint64_t> after,
                        const std::optional<Checkpoint>& checkpoint) {
  Text text;
  return mails + (after ? "after: " + std::to_string(*after) + '\n' : "") +
         print_end(text, "checkpoint", checkpoint);
}
std::string print(const MailsView& m) {
  return print_mails(Text().messages("mail", m.mail, kPrint).str(), m.after, m.checkpoint);
}
std::string print(const SendResponse& m) {
  Text text;
  for (std::size_t i = 0; i < m.count; ++i) {
    text.word("code", m.code[i] == Code::kOk ? "OK" : name_of(m.code[i]));
  }
  return text.str();
}
std::string print(const AckRequest& m) {
  Text text;
  text.number("through", m.through).number("window", m.window);
  return print_end(text, "checkpoint", m.checkpoint) + Text().number("max_push", m.max_push).str();
}
std::string print(const AckResponse& m) { return Text().number("waiting", m.waiting).str(); }
std::string print(const ContactsRequest& m) {
  return Text().bytes("after", m.after.bytes()).number("max_contacts", m.max_contacts).str();
}
std::string print(const ContactView& m) {
  return Text().bytes("name", m.name.bytes()).bytes("identity_key", m.identity_key).str();
}
std::string print(const ContactsResponseView& m) {
  return Text().messages("contact", m.contact, kPrint).word("more", m.more ? "true" : "").str();
}
std::string print(const RenewRequestView& m) { return Text().bytes("csr", m.csr).str(); }
std::string print(const RenewResponseView& m) {
  return Text().bytes("certificate", m.certificate).str();
}
std::string print(const Notice& m) {
  static const char* const kNames[] = {
      "", "LOW_PREKEYS", "KEY_DRIFT", "RENEWAL_DUE", "CONTACTS_CHANGED", "REVOKED"};
  return Text()
      .word("kind", kNames[static_cast<std::size_t>(m.kind)])
      .number("one_time_count", m.one_time_count)
      .number("one_time_kem_count", m.one_time_kem_count)
      .str();
}
std::string print(const EnrolRequestView& m) {
  return Text()
      .bytes("identity_key", m.identity_key)
      .number("registration_id", m.registration_id)
      .bytes("csr", m.csr)
      .bytes("proof", m.proof)
      .bytes("tunnel_key", m.tunnel_key)
      .number("max_contacts", m.max_contacts)
      .str();
}
std::string print(const TunnelView& m) {
  return Text()
      .bytes("gateway_key", m.gateway_key)
      .bytes("preshared_key", m.preshared_key)
      .bytes("endpoint_host", m.endpoint_host)
      .number("endpoint_port", m.endpoint_port)
      .bytes("address", m.address)
      .bytes("prefix", m.prefix)
      .number("prefix_bits", m.prefix_bits)
      .number("mtu", m.mtu)
      .number("keepalive_s", m.keepalive_s)
      .str();
}
std::string print(const EnrolResponseView& m) {
  Text text;
  text.word("code", name_of(m.code))
      .bytes("text", m.text)
      .bytes("name", m.name.bytes())
      .bytes("certificate", m.certificate)
      .bytes("ca_certificate", m.ca_certificate)
      .bytes("broker_host", m.broker_host)
      .number("broker_port", m.broker_port)
      .messages("contact", m.contact, kPrint);
  if (m.tunnel) text.message("tunnel", print(*m.tunnel));
  return text.str();
}

// N bytes that go through all values, different for each `start`.
template <std::size_t N>
ByteArray<N> pattern(unsigned start) {
  ByteArray<N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = static_cast<std::uint8_t>(start + 7 * i);
  return out;
}

DeviceName name(const char* text) {
  const std::string_view s(text);
  return *DeviceName::parse({reinterpret_cast<const std::uint8_t*>(s.data()), s.size()});
}

// What the specimens' views look at.
struct Material {
  ByteArray<16> id = pattern<16>(200);
  ByteArray<32> digest = pattern<32>(31);
  ByteArray<33> ec_key = pattern<33>(5), other_ec_key = pattern<33>(6);
  ByteArray<64> signature = pattern<64>(90), other_signature = pattern<64>(91);
  ByteArray<1569> kem_key = pattern<1569>(8), other_kem_key = pattern<1569>(9);
  ByteArray<700> der = pattern<700>(48), other_der = pattern<700>(49);
  ByteArray<13> text = label("It \"did\" not.");
};
const Material kMaterial;

enum class Fields { kSome, kAll };

template <class T>
Specimen make(const char* type, Fields fields, std::string text,
              std::function<Result<std::size_t>(MutBytes)> encode) {
  return {type,
          std::move(text),
          fields == Fields::kAll,
          std::move(encode),
          [](Bytes in) -> Result<std::string> { return print(TRY(T::parse(in))); },
          [](Bytes in) -> Status {
            TRY(T::parse(in));
            return {};
          }};
}

template <class T>
Specimen make(const char* type, Fields fields, T view) {
  return make<T>(type, fields, print(view), [view](MutBytes out) { return view.encode(out); });
}

Specimen publish(Fields fields, std::size_t one_time, std::size_t one_time_kem) {
  const auto& m = kMaterial;
  const SignedPreKeyView signed_key{0x7fffffff, m.ec_key, m.signature};
  const KemPreKeyView kem{3, m.kem_key, m.other_signature};
  Text text;
  if (fields == Fields::kAll) {
    text.message("signed_pre_key", print(signed_key)).message("last_resort", print(kem));
  }
  const auto ec_at = [](std::size_t i) {
    return PreKeyView{static_cast<std::uint32_t>(100 * i + 1), kMaterial.other_ec_key};
  };
  const auto kem_at = [](std::size_t i) {
    return KemPreKeyView{static_cast<std::uint32_t>(i + 1), kMaterial.other_kem_key,
                         kMaterial.signature};
  };
  for (std::size_t i = 0; i < one_time; ++i) text.message("one_time", print(ec_at(i)));
  for (std::size_t i = 0; i < one_time_kem; ++i) text.message("one_time_kem", print(kem_at(i)));
  if (fields == Fields::kAll) text.word("drop_stock", "true");
  return make<PublishRequestView>("PublishRequest", fields, text.str(),
                                  [=](MutBytes out) -> Result<std::size_t> {
                                    PublishRequestWriter writer(out);
                                    if (fields == Fields::kAll) {
                                      TRY(writer.signed_pre_key(signed_key));
                                      TRY(writer.last_resort(kem));
                                    }
                                    for (std::size_t i = 0; i < one_time; ++i)
                                      TRY(writer.one_time(ec_at(i)));
                                    for (std::size_t i = 0; i < one_time_kem; ++i)
                                      TRY(writer.one_time_kem(kem_at(i)));
                                    if (fields == Fields::kAll) TRY(writer.drop_stock());
                                    return writer.finish();
                                  });
}

MailView mail_at(std::size_t i) {
  return {.to = name("bob"),
          .from = name("alice.example_1-2"),
          .mail_id = kMaterial.id,
          .type = 3,
          .ciphertext = Bytes(kMaterial.der).first(i + 1),
          .sequence = UINT64_MAX - i,
          .stored_at_ms = 1800000000000,
          .ttl_s = UINT32_MAX};
}

Checkpoint checkpoint_at(std::uint64_t generation) {
  Checkpoint checkpoint{.generation = generation};
  copy(Bytes(kMaterial.signature).first(Checkpoint::kSealSize), checkpoint.seal);
  return checkpoint;
}

Specimen mails(const char* type, std::size_t count, std::optional<std::uint64_t> after = {},
               std::optional<Checkpoint> checkpoint = {}) {
  Text text;
  for (std::size_t i = 0; i < count; ++i) text.message("mail", print(mail_at(i)));
  return make<MailsView>(type, Fields::kAll, print_mails(text.str(), after, checkpoint),
                         [=](MutBytes out) -> Result<std::size_t> {
                           MailsWriter writer(out);
                           for (std::size_t i = 0; i < count; ++i) TRY(writer.add(mail_at(i)));
                           if (after) TRY(writer.after(*after));
                           if (checkpoint) TRY(writer.checkpoint(*checkpoint));
                           return writer.finish();
                         });
}

Specimen contacts(Fields fields, std::size_t count) {
  const ContactView contact{name("carol"), kMaterial.ec_key};
  const bool more = fields == Fields::kAll;
  Text text;
  for (std::size_t i = 0; i < count; ++i) text.message("contact", print(contact));
  text.word("more", more ? "true" : "");
  return make<ContactsResponseView>("ContactsResponse", fields, text.str(),
                                    [=](MutBytes out) -> Result<std::size_t> {
                                      ProtobufWriter writer(out);
                                      for (std::size_t i = 0; i < count; ++i) {
                                        TRY(append_contact(writer, 1, contact));
                                      }
                                      if (more) writer.varint(2, 1);
                                      return writer.finish();
                                    });
}

TunnelView tunnel() {
  const auto& m = kMaterial;
  return {.gateway_key = m.digest,
          .preshared_key = Bytes(m.ec_key).last<32>(),
          .endpoint_host = m.text,
          .endpoint_port = 51820,
          .address = m.id,
          .prefix = Bytes(m.digest).last<16>(),
          .prefix_bits = 128,
          .mtu = 1280,
          .keepalive_s = 25};
}

Specimen enrol_response(std::size_t count) {
  const auto& m = kMaterial;
  const EnrolResponseView response{.code = Code::kOk,
                                   .text = m.text,
                                   .name = name("dave"),
                                   .certificate = m.der,
                                   .ca_certificate = m.other_der,
                                   .broker_host = m.text,
                                   .broker_port = 65535};
  const ContactView contact{name("x"), m.other_ec_key};
  Text text;
  for (std::size_t i = 0; i < count; ++i) text.message("contact", print(contact));
  return make<EnrolResponseView>("EnrolResponse", Fields::kAll, print(response) + text.str(),
                                 [=](MutBytes out) -> Result<std::size_t> {
                                   ProtobufWriter writer(out);
                                   const auto size = TRY(response.encode(out));
                                   ProtobufWriter tail(out.subspan(size));
                                   for (std::size_t i = 0; i < count; ++i) {
                                     TRY(append_contact(tail, 8, contact));
                                   }
                                   return size + TRY(tail.finish());
                                 });
}

}  // namespace

std::vector<std::uint8_t> Specimen::encoded() const {
  std::vector<std::uint8_t> out(256 * 1024);
  const auto size = encode(out);
  CHECK(size.ok());
  out.resize(*size);
  out.shrink_to_fit();  // a read past the end is seen
  return out;
}

std::vector<Specimen> specimens() {
  constexpr auto kAll = Fields::kAll, kSome = Fields::kSome;
  const auto& m = kMaterial;
  const PreKeyView ec{1, m.ec_key}, other_ec{0x7fffffff, m.other_ec_key};
  const SignedPreKeyView signed_key{2, m.ec_key, m.signature};
  const SignedPreKeyView other_signed_key{129, m.other_ec_key, m.other_signature};
  const KemPreKeyView kem{3, m.kem_key, m.signature};
  const KemPreKeyView other_kem{70000, m.other_kem_key, m.other_signature};
  SendResponse all_codes{};
  for (int i = 0; i < 256; ++i) all_codes.code[all_codes.count++] = static_cast<Code>(i % 12);
  SendResponse one_code{};
  one_code.count = 1;
  static constexpr ByteArray<10> kTwoNames{0x4a, 5, 'c', 'a', 'r', 'o', 'l', 0x4a, 1, 'd'};
  MailView group_mail = mail_at(3);
  group_mail.also_to = Repeated<DeviceName>(kTwoNames, 9, 2);
  return {
      make<RequestView>("Request", kAll, {m.id, m.der, m.signature}),
      make<RequestView>("Request", kAll, {m.id, m.text, m.other_signature}),
      make<RequestView>("Request", kSome, {m.id}),
      make<ResponseView>("Response", kAll, {m.id, Code::kInternal, m.text, m.der}),
      make<ResponseView>("Response", kAll, {m.id, Code::kMalformed, m.text, m.other_der}),
      make<ResponseView>("Response", kSome, {m.id}),
      make<PreKeyView>("PreKey", kAll, ec),
      make<PreKeyView>("PreKey", kAll, other_ec),
      make<SignedPreKeyView>("SignedPreKey", kAll, signed_key),
      make<SignedPreKeyView>("SignedPreKey", kAll, other_signed_key),
      make<KemPreKeyView>("KemPreKey", kAll, kem),
      make<KemPreKeyView>("KemPreKey", kAll, other_kem),
      publish(kAll, 100, 8),
      publish(kSome, 1, 1),
      publish(kSome, 0, 0),
      make<PublishResponse>("PublishResponse", kAll, {1, UINT32_MAX}),
      make<PublishResponse>("PublishResponse", kAll, {300, 8}),
      make<PublishResponse>("PublishResponse", kSome, {}),
      make<StatusResponseView>(
          "StatusResponse", kAll,
          {1, 2, 0x7fffffff, 4, m.digest, UINT64_MAX, 1800000000000, checkpoint_at(1)}),
      make<StatusResponseView>("StatusResponse", kAll,
                               {128, 2, 3, 4, m.digest, 5, 6, checkpoint_at(7)}),
      make<Checkpoint>("Checkpoint", kAll, checkpoint_at(1)),
      make<Checkpoint>("Checkpoint", kAll, checkpoint_at(Checkpoint::kMaxGeneration)),
      make<StatusResponseView>("StatusResponse", kSome, {}),
      make<BundleRequestView>("BundleRequest", kAll, {name("a")}),
      make<BundleRequestView>("BundleRequest", kAll,
                              {name("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
                                    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz9")}),
      make<BundleResponseView>("BundleResponse", kAll, {16380, 1, m.ec_key, ec, signed_key, kem}),
      make<BundleResponseView>("BundleResponse", kAll,
                               {1, 2, m.other_ec_key, other_ec, other_signed_key, other_kem}),
      make<BundleResponseView>("BundleResponse", kSome,
                               {1, 1, m.ec_key, std::nullopt, signed_key, kem}),
      make<MailView>("Mail", kAll, mail_at(3)),
      make<MailView>("Mail", kAll, mail_at(600)),
      make<MailView>("Mail", kSome, {.mail_id = m.id, .ciphertext = m.text}),
      make<MailView>("Mail", kSome, group_mail),
      make<MailView>("Mail", kSome, {.mail_id = m.id, .left_out = 65536}),
      mails("SendRequest", 1, {}, checkpoint_at(300)),
      mails("SendRequest", 64),
      mails("MailPush", 3),
      mails("MailPush", 1, 0),  // said, although it is the default
      mails("MailPush", 2, UINT64_MAX),
      make<SendResponse>("SendResponse", kAll, all_codes),
      make<SendResponse>("SendResponse", kAll, one_code),
      make<SendResponse>("SendResponse", kSome, {}),
      make<AckRequest>("AckRequest", kAll, {UINT64_MAX, UINT32_MAX, checkpoint_at(5), UINT32_MAX}),
      make<AckRequest>("AckRequest", kAll, {7, 64, checkpoint_at(6), 3072}),
      make<AckRequest>("AckRequest", kSome, {}),
      make<AckResponse>("AckResponse", kAll, {1}),
      make<AckResponse>("AckResponse", kAll, {UINT64_MAX}),
      make<AckResponse>("AckResponse", kSome, {}),
      make<ContactsRequest>("ContactsRequest", kAll, {name("bob"), 100}),
      make<ContactsRequest>("ContactsRequest", kSome, {}),
      make<ContactView>("Contact", kAll, {name("bob"), m.ec_key}),
      make<ContactView>("Contact", kAll, {name("b.o_b-2"), m.other_ec_key}),
      contacts(kAll, 100),
      contacts(kSome, 0),
      make<RenewRequestView>("RenewRequest", kAll, {m.der}),
      make<RenewResponseView>("RenewResponse", kAll, {m.der}),
      make<Notice>("Notice", kAll, {Notice::Kind::kLowPreKeys, 9, 3}),
      make<Notice>("Notice", kAll, {Notice::Kind::kRevoked, 1, 1}),
      make<Notice>("Notice", kSome, {}),
      make<EnrolRequestView>("EnrolRequest", kAll, {m.ec_key, 1, m.der, m.signature, m.digest, 16}),
      make<EnrolRequestView>("EnrolRequest", kAll,
                             {m.other_ec_key, 16380, m.other_der, m.other_signature,
                              Bytes(m.other_ec_key).last<32>(), UINT32_MAX}),
      enrol_response(3),
      enrol_response(0),
      make<TunnelView>("Tunnel", kAll, tunnel()),
      make<EnrolResponseView>("EnrolResponse", kAll,
                              {.name = name("dave"),
                               .certificate = m.der,
                               .ca_certificate = m.other_der,
                               .broker_host = m.text,
                               .broker_port = 1,
                               .tunnel = tunnel()}),
      make<EnrolResponseView>("EnrolResponse", kSome, {.code = Code::kRevoked, .text = m.text}),
  };
}

}  // namespace core::api
