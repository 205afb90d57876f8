#include "server/broker/authority.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstring>

#include "test/broker/pki.h"

namespace server::broker {
namespace {

using core::WallTime;
using test::csr;
using Certificate = std::unique_ptr<X509, decltype([](X509* c) { X509_free(c); })>;

constexpr std::int64_t kDayMs = 24 * 3600 * 1000;
constexpr WallTime kNow{1'800'000'000'000};  // 2027-01-15

Certificate parse(const std::vector<std::uint8_t>& der) {
  const std::uint8_t* at = der.data();
  return Certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

std::string common_name(X509* certificate) {
  char text[128] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof(text));
  return text;
}

class AuthorityTest : public ::testing::Test {
 protected:
  std::vector<std::uint8_t> issue(const std::vector<std::uint8_t>& request) {
    auto made = authority_.issue_device(request, test::device_name("alice"), kNow);
    EXPECT_TRUE(made.ok()) << made.error().text;
    return made.ok() ? *made : std::vector<std::uint8_t>();
  }
  Failure::Kind refusal(const std::vector<std::uint8_t>& request) {
    const auto made = authority_.issue_device(request, test::device_name("alice"), kNow);
    EXPECT_FALSE(made.ok());
    return made.ok() ? Failure::Kind::kSystem : made.error().kind;
  }

  test::Folder folder_;
  Authority authority_ = *Authority::open(folder_.path(), kNow);
  test::Key key_ = test::p256_key();
};

TEST_F(AuthorityTest, KeepsItsRootAndItsKeyPrivate) {
  const auto again = Authority::open(folder_.path(), WallTime{kNow.ms + kDayMs});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->fingerprint(), authority_.fingerprint());
  struct stat status {};
  ASSERT_EQ(stat((folder_ / "ca.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(test::read_text(folder_ / "ca.crt"), authority_.certificate_pem());
  EXPECT_EQ(test::read_text(folder_ / "ca.crt").find("PRIVATE"), std::string::npos);
}

TEST_F(AuthorityTest, OfTwoSitesDiffer) {
  const test::Folder other;
  EXPECT_NE(Authority::open(other.path(), kNow)->fingerprint(), authority_.fingerprint());
}

TEST_F(AuthorityTest, MakesNoNewRootInPlaceOfADamagedOne) {
  const std::string whole = test::read_text(folder_ / "ca.pem");
  for (const std::string& damaged :
       {std::string(), whole.substr(0, whole.size() / 2), std::string("garbage"),
        test::pem_of(test::p256_key().get()) + authority_.certificate_pem()}) {
    test::write_text(folder_ / "ca.pem", damaged);
    const auto opened = Authority::open(folder_.path(), kNow);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().kind, Failure::Kind::kBadInput);
    EXPECT_EQ(test::read_text(folder_ / "ca.pem"), damaged);
  }
}

TEST_F(AuthorityTest, SurvivesAFirstStartThatWasCutOff) {
  const test::Folder folder;
  test::write_text(folder / "ca.pem.new", "-----BEGIN PRIV");  // written, not yet in its place
  const auto opened = Authority::open(folder.path(), kNow);
  ASSERT_TRUE(opened.ok());
  std::filesystem::remove(folder / "ca.crt");  // or cut off between the two files
  EXPECT_EQ(Authority::open(folder.path(), kNow)->fingerprint(), opened->fingerprint());
  EXPECT_EQ(test::read_text(folder / "ca.crt"), opened->certificate_pem());
}

TEST_F(AuthorityTest, NamesADeviceAsTheServerDoesAndNotAsTheRequestSays) {
  const auto made = parse(issue(csr(key_.get(), "@ginneld")));
  ASSERT_TRUE(made);
  EXPECT_EQ(common_name(made.get()), "alice");
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(made.get())), 1);
  EXPECT_EQ(EVP_PKEY_eq(X509_get0_pubkey(made.get()), key_.get()), 1);
}

TEST_F(AuthorityTest, MakesDeviceCertificatesForTlsClientsOnly) {
  const auto made = parse(issue(csr(key_.get(), "alice")));
  ASSERT_TRUE(made);
  EXPECT_EQ(X509_check_purpose(made.get(), X509_PURPOSE_SSL_CLIENT, 0), 1);
  EXPECT_EQ(X509_check_purpose(made.get(), X509_PURPOSE_SSL_SERVER, 0), 0);
  EXPECT_EQ(X509_check_ca(made.get()), 0);
  EXPECT_EQ(X509_get_extension_flags(made.get()) & EXFLAG_INVALID, 0u);
}

TEST_F(AuthorityTest, DatesADeviceCertificateBackFiveMinutesForNinetyDays) {
  const auto made = parse(issue(csr(key_.get(), "alice")));
  ASSERT_TRUE(made);
  tm start{}, end{};
  ASSERT_EQ(ASN1_TIME_to_tm(X509_get0_notBefore(made.get()), &start), 1);
  ASSERT_EQ(ASN1_TIME_to_tm(X509_get0_notAfter(made.get()), &end), 1);
  EXPECT_EQ(timegm(&start), kNow.ms / 1000 - 300);
  EXPECT_EQ(timegm(&end), kNow.ms / 1000 + 90 * 24 * 3600);
}

TEST_F(AuthorityTest, NeverRepeatsASerialNumber) {
  const auto request = csr(key_.get(), "alice");
  const auto first = parse(issue(request)), second = parse(issue(request));
  EXPECT_NE(
      ASN1_INTEGER_cmp(X509_get0_serialNumber(first.get()), X509_get0_serialNumber(second.get())),
      0);
  EXPECT_EQ(ASN1_STRING_length(X509_get0_serialNumber(first.get())), 16);
}

TEST_F(AuthorityTest, AcceptsNamesOfTheLongestSize) {
  const std::string name(64, 'n');
  const auto made = authority_.issue_device(csr(key_.get(), "x"), test::device_name(name), kNow);
  ASSERT_TRUE(made.ok()) << made.error().text;
  EXPECT_EQ(common_name(parse(*made).get()), name);
}

TEST_F(AuthorityTest, RefusesEveryKeyButP256) {
  EXPECT_EQ(refusal(csr(test::ec_key("P-384").get(), "a")), Failure::Kind::kBadKey);
  EXPECT_EQ(refusal(csr(test::ec_key("P-224").get(), "a")), Failure::Kind::kBadKey);
  EXPECT_EQ(refusal(csr(test::ec_key("secp256k1").get(), "a")), Failure::Kind::kBadKey);
  EXPECT_EQ(refusal(csr(test::rsa_key(2048).get(), "a")), Failure::Kind::kBadKey);
  EXPECT_EQ(refusal(csr(test::rsa_key(1024).get(), "a")), Failure::Kind::kBadKey);
  EXPECT_EQ(refusal(csr(test::ed25519_key().get(), "a", nullptr)), Failure::Kind::kBadKey);
  EXPECT_EQ(refusal(csr(test::explicit_p256_key().get(), "a")), Failure::Kind::kBadKey);
}

TEST_F(AuthorityTest, RefusesARequestThatItsKeyHasNotSigned) {
  auto request = csr(key_.get(), "alice");
  request[request.size() - 1] ^= 1;
  EXPECT_EQ(refusal(request), Failure::Kind::kBadInput);
  EXPECT_EQ(refusal(csr(key_.get(), "alice", EVP_sha1())), Failure::Kind::kBadInput);
}

TEST_F(AuthorityTest, RefusesEveryTruncationAndEveryFlippedByte) {
  const auto request = csr(key_.get(), "alice");
  for (std::size_t size = 0; size < request.size(); ++size) {
    const std::vector<std::uint8_t> part(request.begin(),
                                         request.begin() + static_cast<long>(size));
    EXPECT_EQ(refusal(part), Failure::Kind::kBadInput) << size;
  }
  for (std::size_t i = 0; i < request.size(); ++i) {
    auto changed = request;
    changed[i] ^= 0x55;
    EXPECT_NE(refusal(changed), Failure::Kind::kSystem) << i;
  }
}

TEST_F(AuthorityTest, RefusesTrailingBytesAndOversize) {
  auto request = csr(key_.get(), "alice");
  request.push_back(0);
  EXPECT_EQ(refusal(request), Failure::Kind::kBadInput);
  EXPECT_EQ(refusal(std::vector<std::uint8_t>(kMaxCsrSize + 1, 0x30)), Failure::Kind::kBadInput);
}

TEST_F(AuthorityTest, PutsHostsIntoTheServersCertificate) {
  const std::vector<std::string> hosts{"gate.example", "192.0.2.7", "::1"};
  const auto pem = authority_.issue_server(hosts, kNow);
  ASSERT_TRUE(pem.ok()) << pem.error().text;
  EXPECT_FALSE(must_renew(*pem, authority_, hosts, kNow));
  EXPECT_TRUE(must_renew(*pem, authority_, std::vector<std::string>{"other.example"}, kNow));
  EXPECT_TRUE(must_renew(*pem, authority_, std::vector<std::string>{"192.0.2.8"}, kNow));
}

TEST_F(AuthorityTest, RefusesHostsThatWouldAddOtherNames) {
  for (const std::string host : {"", "a,DNS:b", "a b", "*.example", "-a", ".a", "a/b", "a_b"}) {
    EXPECT_FALSE(authority_.issue_server(std::vector{host}, kNow).ok()) << host;
  }
}

TEST_F(AuthorityTest, RenewsWhenAThirdOfTheLifeIsLeft) {
  const auto pem = *authority_.issue_client(kServerUser, kNow, 90);
  EXPECT_FALSE(must_renew(pem, authority_, {}, kNow));
  EXPECT_FALSE(must_renew(pem, authority_, {}, WallTime{kNow.ms + 59 * kDayMs}));
  EXPECT_TRUE(must_renew(pem, authority_, {}, WallTime{kNow.ms + 61 * kDayMs}));
  EXPECT_TRUE(must_renew(pem, authority_, {}, WallTime{kNow.ms + 91 * kDayMs}));
  EXPECT_TRUE(must_renew(pem, authority_, {}, WallTime{kNow.ms - kDayMs}));
}

TEST_F(AuthorityTest, RenewsWhatAnotherAuthorityMadeOrWhatIsDamaged) {
  const test::Folder other;
  const auto foreign = Authority::open(other.path(), kNow)->issue_client(kServerUser, kNow);
  EXPECT_TRUE(must_renew(*foreign, authority_, {}, kNow));
  EXPECT_TRUE(must_renew("", authority_, {}, kNow));
  const auto own = *authority_.issue_client(kServerUser, kNow);
  EXPECT_TRUE(must_renew(own.substr(0, own.size() / 2), authority_, {}, kNow));
}

TEST_F(AuthorityTest, KeepsTheServersCertificatesUntilTheyAreDue) {
  const std::vector<std::string> hosts{"localhost"};
  EXPECT_TRUE(*ensure_server_certificates(authority_, folder_.path(), hosts, kNow));
  const auto before = test::read_text(folder_ / "server.pem");
  EXPECT_FALSE(*ensure_server_certificates(authority_, folder_.path(), hosts, kNow));
  EXPECT_EQ(test::read_text(folder_ / "server.pem"), before);
  const WallTime later{kNow.ms + 250 * kDayMs};
  EXPECT_TRUE(*ensure_server_certificates(authority_, folder_.path(), hosts, later));
  EXPECT_NE(test::read_text(folder_ / "server.pem"), before);
}

TEST_F(AuthorityTest, NeverMakesACertificateThatOutlivesTheRoot) {
  const WallTime late{kNow.ms + (kRootDays - 10) * kDayMs};
  const auto made = authority_.issue_device(csr(key_.get(), "a"), test::device_name("a"), late);
  ASSERT_TRUE(made.ok());
  const auto root =
      parse({authority_.certificate_der().begin(), authority_.certificate_der().end()});
  EXPECT_EQ(
      ASN1_TIME_compare(X509_get0_notAfter(parse(*made).get()), X509_get0_notAfter(root.get())), 0);
}

}  // namespace
}  // namespace server::broker
