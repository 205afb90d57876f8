#include <gtest/gtest.h>

#include "core/api/message.h"
#include "core/api/message_test_specimens.h"

namespace core::api {
namespace {

// The first full specimen of a type.
Specimen full(const std::string& type) {
  for (const auto& specimen : specimens()) {
    if (specimen.is_full && specimen.type == type) return specimen;
  }
  ADD_FAILURE() << "no specimen of " << type;
  return {};
}

// The specimen with one field replaced by `fields`.
std::vector<std::uint8_t> replaced(const Specimen& specimen, std::uint32_t number,
                                   const std::vector<RawField>& fields) {
  std::vector<RawField> out;
  bool done = false;
  for (const auto& field : split(specimen.encoded())) {
    if (field.number != number) {
      out.push_back(field);
    } else if (!done) {
      out.insert(out.end(), fields.begin(), fields.end());
      done = true;
    }
  }
  EXPECT_TRUE(done) << specimen.type << " has no field " << number;
  return join(out);
}

bool accepts_size(const Specimen& specimen, std::uint32_t number, std::size_t size) {
  return specimen
      .parse(replaced(specimen, number,
                      {bytes_field(number, std::vector<std::uint8_t>(size, std::uint8_t{'a'}))}))
      .ok();
}
bool accepts_value(const Specimen& specimen, std::uint32_t number, std::uint64_t value) {
  return specimen.parse(replaced(specimen, number, {varint_field(number, value)})).ok();
}
bool accepts_absence(const Specimen& specimen, std::uint32_t number) {
  return specimen.parse(replaced(specimen, number, {})).ok();
}

struct SizeRule {
  const char* type;
  std::uint32_t number;
  std::size_t least, most;
  bool may_be_absent;
};

TEST(MessageLimits, BytesFieldsHaveTheirSizes) {
  const SizeRule kRules[] = {
      {"Request", 1, 16, 16, false},
      {"Request", 2, 0, 100000, true},
      {"Request", 3, 64, 64, true},
      {"Response", 1, 16, 16, false},
      {"Response", 3, 0, 256, true},
      {"PreKey", 2, 33, 33, false},
      {"SignedPreKey", 2, 33, 33, false},
      {"SignedPreKey", 3, 64, 64, false},
      {"KemPreKey", 2, 1569, 1569, false},
      {"KemPreKey", 3, 64, 64, false},
      {"StatusResponse", 5, 32, 32, true},
      {"Checkpoint", 2, 48, 48, false},
      {"BundleRequest", 1, 1, 64, false},
      {"BundleResponse", 3, 33, 33, false},
      {"Mail", 1, 1, 64, true},
      {"Mail", 2, 1, 64, true},
      {"Mail", 3, 16, 16, false},
      {"Mail", 5, 1, 65536, false},
      {"ContactsRequest", 1, 1, 64, true},
      {"Contact", 1, 1, 64, false},
      {"Contact", 2, 33, 33, false},
      {"RenewRequest", 1, 1, 2048, false},
      {"RenewResponse", 1, 1, 4096, false},
      {"EnrolRequest", 1, 33, 33, false},
      {"EnrolRequest", 3, 1, 2048, false},
      {"EnrolRequest", 4, 64, 64, false},
      {"EnrolRequest", 5, 32, 32, true},
      {"Tunnel", 1, 32, 32, false},
      {"Tunnel", 2, 32, 32, false},
      {"Tunnel", 3, 1, 255, false},
      {"Tunnel", 5, 16, 16, false},
      {"Tunnel", 6, 16, 16, false},
      {"EnrolResponse", 2, 0, 256, true},
      {"EnrolResponse", 3, 1, 64, false},
      {"EnrolResponse", 4, 1, 4096, false},
      {"EnrolResponse", 5, 1, 4096, false},
      {"EnrolResponse", 6, 1, 255, false},
  };
  for (const auto& rule : kRules) {
    SCOPED_TRACE(std::string(rule.type) + " field " + std::to_string(rule.number));
    const auto specimen = full(rule.type);
    EXPECT_TRUE(accepts_size(specimen, rule.number, rule.least));
    EXPECT_TRUE(accepts_size(specimen, rule.number, rule.most));
    if (rule.least > 1) {
      EXPECT_FALSE(accepts_size(specimen, rule.number, rule.least - 1));
    }
    if (rule.most < 100000) {
      EXPECT_FALSE(accepts_size(specimen, rule.number, rule.most + 1));
    }
    EXPECT_EQ(accepts_size(specimen, rule.number, 0), rule.may_be_absent);
    EXPECT_EQ(accepts_absence(specimen, rule.number), rule.may_be_absent);
  }
}

TEST(MessageLimits, NamesAreDeviceNames) {
  for (const auto& [type, number] : {std::pair{"BundleRequest", 1u},
                                     {"Mail", 1u},
                                     {"Mail", 2u},
                                     {"ContactsRequest", 1u},
                                     {"Contact", 1u},
                                     {"EnrolResponse", 3u}}) {
    for (const char* bad : {"A", ".", "..", "a/b", "a#", "+", "a b", "\x80"}) {
      const std::string text(bad);
      const auto specimen = full(type);
      EXPECT_FALSE(
          specimen
              .parse(replaced(specimen, number, {bytes_field(number, {text.begin(), text.end()})}))
              .ok())
          << type << ' ' << bad;
    }
  }
}

TEST(MessageLimits, KeyIdsAre31BitsAndNotZero) {
  for (const char* type : {"PreKey", "SignedPreKey", "KemPreKey"}) {
    const auto specimen = full(type);
    EXPECT_TRUE(accepts_value(specimen, 1, 1)) << type;
    EXPECT_TRUE(accepts_value(specimen, 1, 0x7fffffff)) << type;
    EXPECT_FALSE(accepts_value(specimen, 1, 0)) << type;
    EXPECT_FALSE(accepts_value(specimen, 1, 0x80000000)) << type;
    EXPECT_FALSE(accepts_absence(specimen, 1)) << type;
  }
  for (const std::uint32_t number : {3u, 4u}) {  // where 0 means that there is none
    const auto specimen = full("StatusResponse");
    EXPECT_TRUE(accepts_value(specimen, number, 0));
    EXPECT_TRUE(accepts_value(specimen, number, 0x7fffffff));
    EXPECT_FALSE(accepts_value(specimen, number, 0x80000000));
  }
}

TEST(MessageLimits, GenerationsAreExactInEveryNumberFormatAndNotZero) {
  const auto specimen = full("Checkpoint");
  EXPECT_TRUE(accepts_value(specimen, 1, 1));
  EXPECT_TRUE(accepts_value(specimen, 1, Checkpoint::kMaxGeneration));
  EXPECT_FALSE(accepts_value(specimen, 1, 0));
  EXPECT_FALSE(accepts_value(specimen, 1, Checkpoint::kMaxGeneration + 1));
  EXPECT_FALSE(accepts_absence(specimen, 1));
}

TEST(MessageLimits, RegistrationIdsAreThoseOfSignal) {
  const auto specimen = full("EnrolRequest");
  EXPECT_TRUE(accepts_value(specimen, 2, 1));
  EXPECT_TRUE(accepts_value(specimen, 2, 16380));
  EXPECT_FALSE(accepts_value(specimen, 2, 0));
  EXPECT_FALSE(accepts_value(specimen, 2, 16381));
  EXPECT_FALSE(accepts_absence(specimen, 2));
}

TEST(MessageLimits, PortsAre16BitsAndNotZero) {
  const auto specimen = full("EnrolResponse");
  EXPECT_TRUE(accepts_value(specimen, 7, 1));
  EXPECT_TRUE(accepts_value(specimen, 7, 65535));
  EXPECT_FALSE(accepts_value(specimen, 7, 0));
  EXPECT_FALSE(accepts_value(specimen, 7, 65536));
}

TEST(MessageLimits, NumbersOfATunnelHaveTheirRanges) {
  const auto specimen = full("Tunnel");
  struct Rule {
    std::uint32_t number;
    std::uint64_t least, most;
  };
  for (const Rule& rule :
       {Rule{4, 1, 65535}, Rule{7, 1, 128}, Rule{8, 1280, 65535}, Rule{9, 0, 65535}}) {
    EXPECT_TRUE(accepts_value(specimen, rule.number, rule.least)) << rule.number;
    EXPECT_TRUE(accepts_value(specimen, rule.number, rule.most)) << rule.number;
    EXPECT_FALSE(accepts_value(specimen, rule.number, rule.most + 1)) << rule.number;
    EXPECT_EQ(accepts_absence(specimen, rule.number), rule.least == 0) << rule.number;
    if (rule.least > 0) {
      EXPECT_FALSE(accepts_value(specimen, rule.number, rule.least - 1)) << rule.number;
    }
  }
}

TEST(MessageLimits, AMalformedTunnelMakesTheAnswerMalformed) {
  auto fields = split(full("EnrolResponse").encoded());
  fields.push_back(bytes_field(9, full("Tunnel").encoded()));
  ASSERT_TRUE(EnrolResponseView::parse(join(fields)).ok());
  EXPECT_TRUE(EnrolResponseView::parse(join(fields))->tunnel.has_value());
  fields.back() = bytes_field(9, {0x08});
  EXPECT_EQ(EnrolResponseView::parse(join(fields)).error(), Error::kMalformed);
}

TEST(MessageLimits, RepeatedFieldsHaveALargestCount) {
  struct Rule {
    const char* type;
    std::uint32_t number;
    std::size_t most;
  };
  for (const Rule& rule :
       {Rule{"PublishRequest", 3, 100}, Rule{"PublishRequest", 4, 8}, Rule{"SendRequest", 1, 64},
        Rule{"MailPush", 1, 64}, Rule{"ContactsResponse", 1, 100}, Rule{"EnrolResponse", 8, 100}}) {
    const auto specimen = full(rule.type);
    RawField element{};
    for (const auto& field : split(specimen.encoded())) {
      if (field.number == rule.number) element = field;
    }
    const auto accepts = [&](std::size_t count) {
      return specimen.parse(replaced(specimen, rule.number, std::vector<RawField>(count, element)))
          .ok();
    };
    EXPECT_TRUE(accepts(1)) << rule.type;
    EXPECT_TRUE(accepts(rule.most)) << rule.type;
    EXPECT_FALSE(accepts(rule.most + 1)) << rule.type;
    EXPECT_EQ(accepts(0), rule.number != 1 || rule.most == 100) << rule.type;  // no mails: refused
  }
}

TEST(MessageLimits, AMalformedPartMakesTheWholeMalformed) {
  for (const auto& [type, number] : {std::pair{"PublishRequest", 1u},
                                     {"PublishRequest", 2u},
                                     {"PublishRequest", 3u},
                                     {"PublishRequest", 4u},
                                     {"BundleResponse", 4u},
                                     {"BundleResponse", 5u},
                                     {"BundleResponse", 6u},
                                     {"SendRequest", 1u},
                                     {"SendRequest", 3u},
                                     {"StatusResponse", 8u},
                                     {"AckRequest", 3u},
                                     {"ContactsResponse", 1u},
                                     {"EnrolResponse", 8u}}) {
    const auto specimen = full(type);
    EXPECT_FALSE(specimen.parse(replaced(specimen, number, {bytes_field(number, {0x08})})).ok())
        << type << " field " << number;
  }
  EXPECT_TRUE(accepts_absence(full("BundleResponse"), 4));
  EXPECT_FALSE(accepts_absence(full("BundleResponse"), 5));
  EXPECT_FALSE(accepts_absence(full("BundleResponse"), 6));
}

TEST(MessageLimits, AnEnrolmentThatFailedNeedsNothingButItsCode) {
  auto response = EnrolResponseView::parse(join({varint_field(1, 4)}));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->code, Code::kRevoked);
  // And hands out nothing else.
  const auto bytes = replaced(full("EnrolResponse"), 7, {varint_field(7, 1), varint_field(1, 4)});
  response = EnrolResponseView::parse(bytes);
  ASSERT_TRUE(response.ok());
  EXPECT_FALSE(response->text.empty());
  EXPECT_TRUE(response->name.empty());
  EXPECT_TRUE(response->certificate.empty());
  EXPECT_EQ(response->broker_port, 0);
  EXPECT_EQ(response->contact.count(), 0u);
}

TEST(MessageLimits, CodesAndKindsOfLaterVersionsHaveAMeaning) {
  const auto id = bytes_field(1, std::vector<std::uint8_t>(16));
  EXPECT_EQ(ResponseView::parse(join({id, varint_field(2, 12)}))->code, Code::kInternal);
  EXPECT_EQ(ResponseView::parse(join({id, varint_field(2, 1000)}))->code, Code::kInternal);
  EXPECT_EQ(Notice::parse(join({varint_field(1, 6)}))->kind, Notice::Kind::kNone);
  const auto codes = SendResponse::parse(join({bytes_field(1, {0, 0xff, 0x7f, 3})}));
  ASSERT_TRUE(codes.ok());
  ASSERT_EQ(codes->count, 3u);
  EXPECT_EQ(codes->code[1], Code::kInternal);
  EXPECT_EQ(codes->code[2], Code::kUnknownDevice);
}

TEST(MessageLimits, CodesOfASendResponseArePackedOrNot) {
  const auto mixed =
      SendResponse::parse(join({varint_field(1, 0), bytes_field(1, {7, 8}), varint_field(1, 10)}));
  ASSERT_TRUE(mixed.ok());
  ASSERT_EQ(mixed->count, 4u);
  EXPECT_EQ(mixed->code[0], Code::kOk);
  EXPECT_EQ(mixed->code[2], Code::kTooLarge);
  EXPECT_EQ(mixed->code[3], Code::kBusy);
  EXPECT_TRUE(SendResponse::parse(join(std::vector(256, varint_field(1, 0)))).ok());
  EXPECT_FALSE(SendResponse::parse(join(std::vector(257, varint_field(1, 0)))).ok());
  EXPECT_FALSE(SendResponse::parse(join({bytes_field(1, std::vector<std::uint8_t>(257))})).ok());
  EXPECT_FALSE(SendResponse::parse(join({bytes_field(1, {0x80})})).ok());
  EXPECT_FALSE(SendResponse::parse(join({bytes_field(1, {0x80, 0x80, 0x80, 0x80, 0x10})})).ok());
}

TEST(MessageLimits, AMailHasUpTo64RecipientsAndARequest256) {
  const ByteArray<16> id{};
  const ByteArray<5> text = label("hello");
  const auto recipient = *DeviceName::parse(label("bob"));
  std::vector<std::uint8_t> names(AlsoToWriter::kMaxSize), out(100000);
  AlsoToWriter also_to(names);
  for (int i = 0; i < 63; ++i) ASSERT_TRUE(also_to.add(recipient).ok());
  EXPECT_EQ(also_to.add(recipient).error(), Error::kFull);
  const MailView mail{
      .to = recipient, .mail_id = id, .ciphertext = text, .also_to = also_to.names()};
  EXPECT_EQ(mail.recipients(), 64u);
  std::vector<std::uint8_t> encoded(*mail.encode(out));
  std::copy_n(out.begin(), encoded.size(), encoded.begin());
  EXPECT_EQ(MailView::parse(encoded)->recipients(), 64u);
  const auto one_more = join({bytes_field(9, {'b', 'o', 'b'})});
  auto many = encoded;
  many.insert(many.end(), one_more.begin(), one_more.end());
  EXPECT_EQ(MailView::parse(many).error(), Error::kMalformed);
  auto empty = encoded;
  empty.resize(encoded.size() - 5);  // 62 more names, and one without a letter
  empty.insert(empty.end(), {0x4a, 0x00});
  EXPECT_EQ(MailView::parse(empty).error(), Error::kMalformed);

  MailsWriter writer(out);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(writer.add(mail).ok());
  const MailView single{.to = recipient, .mail_id = id, .ciphertext = text};
  EXPECT_EQ(writer.add(single).error(), Error::kFull);
  EXPECT_TRUE(MailsView::parse(writer.written()).ok());
  std::vector<std::uint8_t> request(writer.written().begin(), writer.written().end());
  MailsWriter another(out);
  ASSERT_TRUE(another.add(single).ok());
  request.insert(request.end(), another.written().begin(), another.written().end());
  EXPECT_EQ(MailsView::parse(request).error(), Error::kMalformed);
}

TEST(MessageLimits, WritersStopAtTheLimitAndKeepWhatTheyHave) {
  std::vector<std::uint8_t> out(100000);
  const ByteArray<16> id{};
  const ByteArray<5> text = label("hello");
  const MailView mail{.mail_id = id, .ciphertext = text};
  MailsWriter writer(out);
  for (std::size_t i = 0; i < kMaxMailsPerRequest; ++i) ASSERT_TRUE(writer.add(mail).ok());
  EXPECT_EQ(writer.add(mail).error(), Error::kFull);
  EXPECT_EQ(writer.count(), 64u);
  EXPECT_EQ(*writer.finish(), 64 * mail.field_size());
  EXPECT_EQ(MailsView::parse(writer.written())->mail.count(), 64u);

  // One that does not fit leaves room for a smaller one.
  const MailView large{.mail_id = id, .ciphertext = Bytes(out).first(100)};
  MailsWriter narrow(MutBytes(out).first(2 * mail.field_size() + 50));
  ASSERT_TRUE(narrow.add(mail).ok());
  EXPECT_EQ(narrow.add(large).error(), Error::kFull);
  ASSERT_TRUE(narrow.add(mail).ok());
  EXPECT_EQ(narrow.after(UINT64_MAX).ok(), 50 >= MailsWriter::kAfterSize);
  MailsWriter exact(MutBytes(out).first(mail.field_size() + 1));
  ASSERT_TRUE(exact.add(mail).ok());
  EXPECT_EQ(exact.after(0).error(), Error::kFull);
  EXPECT_EQ(*exact.finish(), mail.field_size());

  const ByteArray<33> key{5};
  PublishRequestWriter publish(out);
  for (std::uint32_t i = 1; i <= 100; ++i) ASSERT_TRUE(publish.one_time({i, key}).ok());
  EXPECT_EQ(publish.one_time({101, key}).error(), Error::kFull);
  const ByteArray<1569> kem_key{8};
  const ByteArray<64> signature{};
  for (std::uint32_t i = 1; i <= 8; ++i) {
    ASSERT_TRUE(publish.one_time_kem({i, kem_key, signature}).ok());
  }
  EXPECT_EQ(publish.one_time_kem({9, kem_key, signature}).error(), Error::kFull);
  const auto parsed = PublishRequestView::parse(Bytes(out).first(*publish.finish()));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->one_time.count(), 100u);
  EXPECT_EQ(parsed->one_time_kem.count(), 8u);
}

}  // namespace
}  // namespace core::api
