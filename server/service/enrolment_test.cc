#include "server/service/enrolment.h"

#include "core/api/enrolment.h"
#include "core/crypto/sha2.h"
#include "core/crypto/x25519.h"
#include "server/service/site_test.h"

namespace server::service {
namespace {

class EnrolmentTest : public SiteTest {
 protected:
  core::api::Token invite(const std::string& of, std::int64_t ttl_s = 600) {
    return *site_->service.invite(name(of), ttl_s, site_->wall);
  }
  void expect_not_enrolled(const std::string& of) {
    EXPECT_EQ(store_->find_account(name(of)).error(), core::Error::kNotFound);
  }
};

TEST_P(EnrolmentTest, AnInviteTurnsKeysIntoAnAccountAndACertificate) {
  site_->enrol("bob");
  const auto token = invite("alice");
  EXPECT_EQ(text_of(token.host()), "127.0.0.1");
  EXPECT_EQ(token.port, 8443);
  EXPECT_EQ(token.expires_s, site_->wall.ms / 1000 + 600);
  TestDevice alice("alice", 42);
  const auto enrolment = site_->enrol(alice, token);
  ASSERT_EQ(enrolment.outcome, EnrolOutcome::kAnswered);
  Blob plain(enrolment.body.size());
  const auto size = core::api::open_enrolment(token.secret, core::api::Direction::kResponse,
                                              enrolment.body, plain);
  ASSERT_TRUE(size.ok());
  plain.resize(*size);
  const auto response = core::api::EnrolResponseView::parse(plain);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->code, Code::kOk);
  EXPECT_TRUE(response->name == name("alice"));
  EXPECT_EQ(text_of(response->certificate), "certificate of alice");
  EXPECT_EQ(text_of(response->ca_certificate), "ca certificate");
  EXPECT_EQ(text_of(response->broker_host), "broker.test");
  EXPECT_EQ(response->broker_port, 8883);
  ASSERT_EQ(response->contact.count(), 1u);
  auto contacts = response->contact;
  EXPECT_TRUE(contacts.next()->name == name("bob"));
  const auto account = store_->find_account(name("alice"));
  EXPECT_EQ(account->identity_key, alice.identity_key);
  EXPECT_EQ(account->registration_id, 77u);
  EXPECT_EQ(site_->service.counters().enrolled, 2u);
}

TEST_P(EnrolmentTest, ADeviceSaysHowManyContactsItTakes) {
  site_->enrol("bob");
  site_->enrol("carol");
  site_->enrol("dave");
  TestDevice alice("alice", 42);
  alice.max_contacts = 2;
  const auto token = invite("alice");
  const auto enrolment = site_->enrol(alice, token);
  Blob plain(enrolment.body.size());
  plain.resize(*core::api::open_enrolment(token.secret, core::api::Direction::kResponse,
                                          enrolment.body, plain));
  EXPECT_EQ(core::api::EnrolResponseView::parse(plain)->contact.count(), 2u);
}

TEST_P(EnrolmentTest, WrongUsedAndExpiredTokensAreToldApart) {
  TestDevice alice("alice", 42);
  const auto token = invite("alice");
  core::api::Token wrong;
  wrong.secret = *alice.rng.draw<16>();
  EXPECT_EQ(site_->enrol(alice, wrong).outcome, EnrolOutcome::kWrongToken);
  // The right id, but not sealed under the secret.
  auto tampered = alice.enrol_request(token);
  tampered[40] ^= 1;
  EXPECT_EQ(site_->service.enrol(tampered, site_->wall).outcome, EnrolOutcome::kWrongToken);
  const auto expired = invite("carol", 60);
  site_->wall.ms += 60'000;
  const auto late = site_->enrol(alice, expired);
  EXPECT_EQ(late.outcome, EnrolOutcome::kExpired);
  EXPECT_FALSE(late.text.empty());
  EXPECT_TRUE(late.body.empty());
  expect_not_enrolled("alice");
  ASSERT_EQ(site_->enrol(alice, token).outcome, EnrolOutcome::kAnswered);
  TestDevice mallory("alice", 43);
  EXPECT_EQ(site_->enrol(mallory, token).outcome, EnrolOutcome::kUsed);
  EXPECT_EQ(store_->find_account(name("alice"))->identity_key, alice.identity_key);
}

TEST_P(EnrolmentTest, ADeviceThatMissedTheAnswerGetsItAgain) {
  TestDevice alice("alice", 42);
  const auto token = invite("alice");
  const auto first = site_->enrol(alice, token);
  ASSERT_EQ(first.outcome, EnrolOutcome::kAnswered);
  site_->wall.ms += 3'600'000;  // even after the token's end
  const auto again = site_->enrol(alice, token);
  EXPECT_EQ(again.outcome, EnrolOutcome::kAnswered);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(site_->authority.signed_count, 1);
  // With another certificate request it is another request.
  EXPECT_EQ(site_->enrol(alice, token, "csr 2").outcome, EnrolOutcome::kUsed);
}

TEST_P(EnrolmentTest, RequestsOfAWrongSizeAreMalformed) {
  TestDevice alice("alice", 42);
  const auto token = invite("alice");
  EXPECT_EQ(site_->service.enrol({}, site_->wall).outcome, EnrolOutcome::kMalformed);
  EXPECT_EQ(site_->service.enrol(Blob(48, 1), site_->wall).outcome, EnrolOutcome::kMalformed);
  EXPECT_EQ(site_->service.enrol(Blob(16 * 1024 + 1, 1), site_->wall).outcome,
            EnrolOutcome::kMalformed);
  const auto whole = alice.enrol_request(token);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(site_->service.enrol(core::Bytes(whole).first(size), site_->wall).outcome,
              EnrolOutcome::kAnswered);
  }
  expect_not_enrolled("alice");
  EXPECT_EQ(site_->service.enrol(whole, site_->wall).outcome, EnrolOutcome::kAnswered);
}

TEST_P(EnrolmentTest, TheIdentityKeyMustSignTheRequest) {
  TestDevice alice("alice", 42);
  TestDevice other("alice", 43);
  const auto token = invite("alice");
  alice.private_key = other.private_key.clone();  // the proof is by another key
  const auto refused = site_->enrol(alice, token);
  ASSERT_EQ(refused.outcome, EnrolOutcome::kAnswered);
  EXPECT_TRUE(refused.text.empty());
  EXPECT_EQ(TestSite::code_of(refused, token), Code::kBadSignature);
  expect_not_enrolled("alice");
  // The refusal has not used up the invite.
  EXPECT_EQ(TestSite::code_of(site_->enrol(other, token), token), Code::kOk);
}

TEST_P(EnrolmentTest, WeakKeysAreRefused) {
  TestDevice alice("alice", 42);
  const auto token = invite("alice");
  const auto good = alice.identity_key;
  alice.identity_key = {0x05};  // the point of order 2
  EXPECT_EQ(TestSite::code_of(site_->enrol(alice, token), token), Code::kMalformed);
  alice.identity_key = {0x05, 1};  // of order 4
  EXPECT_EQ(TestSite::code_of(site_->enrol(alice, token), token), Code::kMalformed);
  alice.identity_key = good;
  alice.identity_key[0] = 0x06;
  EXPECT_EQ(TestSite::code_of(site_->enrol(alice, token), token), Code::kMalformed);
  expect_not_enrolled("alice");
}

TEST_P(EnrolmentTest, AKnownKeyIsRefusedUnderAnotherName) {
  auto alice = site_->enrol("alice");
  const auto token = invite("bob");
  EXPECT_EQ(TestSite::code_of(site_->enrol(alice, token), token), Code::kKeyConflict);
  expect_not_enrolled("bob");
}

TEST_P(EnrolmentTest, ANameBelongsToItsFirstKey) {
  auto alice = site_->enrol("alice");
  const auto again = invite("alice");  // issued anew
  TestDevice mallory("alice", 43);
  EXPECT_EQ(TestSite::code_of(site_->enrol(mallory, again), again), Code::kKeyConflict);
  EXPECT_EQ(store_->find_account(name("alice"))->identity_key, alice.identity_key);
  // Its owner can have a new certificate by it.
  EXPECT_EQ(TestSite::code_of(site_->enrol(alice, again), again), Code::kOk);
}

TEST_P(EnrolmentTest, ARevokedNameCanBeGivenToANewKeyOnly) {
  auto alice = site_->enrol_with_keys("alice", 5, 1);
  ASSERT_TRUE(site_->service.revoke(name("alice")).ok());
  const auto token = invite("alice");
  EXPECT_EQ(TestSite::code_of(site_->enrol(alice, token), token), Code::kKeyConflict);
  TestDevice fresh("alice", 77);
  EXPECT_EQ(TestSite::code_of(site_->enrol(fresh, token), token), Code::kOk);
  EXPECT_EQ(site_->ask(fresh, Method::kPublish, fresh.upload({.signed_id = 1})).code, Code::kOk);
  EXPECT_EQ(site_->ask(alice, Method::kAck, ack(0, 1)).code, Code::kBadSignature);
}

TEST_P(EnrolmentTest, ARefusedCertificateRequestEnrolsNobody) {
  TestDevice alice("alice", 42);
  const auto token = invite("alice");
  EXPECT_EQ(TestSite::code_of(site_->enrol(alice, token, "bad"), token), Code::kMalformed);
  expect_not_enrolled("alice");
  const auto down = site_->enrol(alice, token, "down");
  EXPECT_EQ(down.outcome, EnrolOutcome::kFailed);
  EXPECT_TRUE(down.body.empty());
  expect_not_enrolled("alice");
  EXPECT_EQ(TestSite::code_of(site_->enrol(alice, token), token), Code::kOk);
}

// A site whose broker is inside a tunnel.
class TunnelEnrolmentTest : public EnrolmentTest {
 protected:
  void SetUp() override {
    EnrolmentTest::SetUp();
    tunnel_site_ = std::make_unique<TestSite>(*store_, Limits{}, 2,
                                              SiteTunnel{.gateway_key = key_of(1),
                                                         .endpoint_host = "gate.test",
                                                         .endpoint_port = 51820,
                                                         .prefix = {0xfd, 1, 2, 3, 4, 5, 0, 0}});
  }
  void TearDown() override {
    tunnel_site_.reset();
    EnrolmentTest::TearDown();
  }
  static core::ByteArray<32> key_of(std::uint64_t seed) {
    TestRng rng(seed);
    return core::crypto::x25519_public(*core::crypto::x25519_private(rng));
  }
  static Blob blob_key(std::uint64_t seed) {
    const auto key = key_of(seed);
    return {key.begin(), key.end()};
  }
  core::api::Token invite_to_tunnel(const std::string& of) {
    return *tunnel_site_->service.invite(name(of), 600, tunnel_site_->wall);
  }
  Code enrol(TestDevice& device, const core::api::Token& token, const std::string& csr = "csr") {
    return TestSite::code_of(tunnel_site_->enrol(device, token, csr), token);
  }
  store::TunnelPeer peer_of(const std::string& of) {
    return *store_->find_tunnel_peer(store_->find_account(name(of))->id);
  }

  std::unique_ptr<TestSite> tunnel_site_;
};

TEST_P(TunnelEnrolmentTest, TellsTheDeviceItsEndAndTheGatewayTheOther) {
  TestDevice alice("alice", 42);
  alice.tunnel_key = blob_key(10);
  const auto token = invite_to_tunnel("alice");
  const auto enrolment = tunnel_site_->enrol(alice, token);
  Blob plain(enrolment.body.size());
  const auto size = core::api::open_enrolment(token.secret, core::api::Direction::kResponse,
                                              enrolment.body, plain);
  ASSERT_TRUE(size.ok());
  const auto response = core::api::EnrolResponseView::parse(core::Bytes(plain).first(*size));
  ASSERT_TRUE(response.ok() && response->tunnel.has_value());
  const auto& tunnel = *response->tunnel;
  const auto peers = tunnel_site_->service.tunnel_peers();
  ASSERT_EQ(peers->size(), 1u);
  const auto& peer = peers->front();
  EXPECT_TRUE(core::equal_var(peer.public_key, alice.tunnel_key));
  EXPECT_TRUE(core::equal_var(tunnel.gateway_key, key_of(1)));
  EXPECT_TRUE(core::equal_var(tunnel.preshared_key, peer.preshared_key));
  EXPECT_NE(peer.preshared_key, core::ByteArray<32>{});
  EXPECT_EQ(text_of(tunnel.endpoint_host), "gate.test");
  EXPECT_EQ(tunnel.endpoint_port, 51820);
  const core::ByteArray<8> prefix{0xfd, 1, 2, 3, 4, 5, 0, 0};
  EXPECT_TRUE(core::equal_var(tunnel.address.first(8), prefix));
  EXPECT_TRUE(core::equal_var(tunnel.address.last(8),
                              core::Bytes(core::crypto::sha256(alice.tunnel_key)).first(8)));
  EXPECT_TRUE(core::equal_var(tunnel.prefix.first(8), prefix));
  EXPECT_TRUE(core::equal_var(tunnel.prefix.last(8), kGatewayHost));
  EXPECT_EQ(tunnel.prefix_bits, 128);
  EXPECT_EQ(tunnel.mtu, 1280);
  EXPECT_EQ(response->contact.count(), 0u);
}

TEST_P(TunnelEnrolmentTest, TheProofCoversTheTunnelKey) {
  TestDevice alice("alice", 42);
  const auto token = invite_to_tunnel("alice");
  alice.tunnel_key = blob_key(10);
  for (const Blob& claimed : {Blob(), blob_key(11)}) {
    alice.signed_tunnel_key = claimed;
    EXPECT_EQ(enrol(alice, token), Code::kBadSignature);
  }
  alice.signed_tunnel_key = alice.tunnel_key;
  alice.tunnel_key = {};  // taken out on the way
  EXPECT_EQ(enrol(alice, token), Code::kBadSignature);
  expect_not_enrolled("alice");
}

TEST_P(TunnelEnrolmentTest, KeysThatAreMissingWeakOrTheGatewaysAreRefused) {
  TestDevice alice("alice", 42);
  const auto token = invite_to_tunnel("alice");
  Blob weak(32);
  weak[0] = 1;
  for (const Blob& key : {Blob(), Blob(32), weak, blob_key(1)}) {
    alice.tunnel_key = key;
    EXPECT_EQ(enrol(alice, token), Code::kMalformed);
  }
  expect_not_enrolled("alice");
  EXPECT_TRUE(store_->list_tunnel_peers()->empty());
  alice.tunnel_key = blob_key(10);
  EXPECT_EQ(enrol(alice, token), Code::kOk);
}

TEST_P(TunnelEnrolmentTest, ARepeatedRequestGetsTheSamePresharedKey) {
  TestDevice alice("alice", 42);
  alice.tunnel_key = blob_key(10);
  const auto token = invite_to_tunnel("alice");
  const auto first = tunnel_site_->enrol(alice, token);
  const auto before = peer_of("alice");
  const auto again = tunnel_site_->enrol(alice, token);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(peer_of("alice").preshared_key, before.preshared_key);
  // With another tunnel key it is another request.
  alice.tunnel_key = blob_key(11);
  EXPECT_EQ(tunnel_site_->enrol(alice, token).outcome, EnrolOutcome::kUsed);
  EXPECT_EQ(peer_of("alice").public_key, before.public_key);
  // A new invite keeps what belongs to the key, and replaces it with the key.
  alice.tunnel_key = blob_key(10);
  EXPECT_EQ(enrol(alice, invite_to_tunnel("alice")), Code::kOk);
  EXPECT_EQ(peer_of("alice").preshared_key, before.preshared_key);
  alice.tunnel_key = blob_key(11);
  EXPECT_EQ(enrol(alice, invite_to_tunnel("alice")), Code::kOk);
  EXPECT_NE(peer_of("alice").preshared_key, before.preshared_key);
  EXPECT_EQ(store_->list_tunnel_peers()->size(), 1u);
}

TEST_P(TunnelEnrolmentTest, AnAddressBelongsToOneDevice) {
  TestDevice alice("alice", 42), bob("bob", 43);
  alice.tunnel_key = bob.tunnel_key = blob_key(10);
  EXPECT_EQ(enrol(alice, invite_to_tunnel("alice")), Code::kOk);
  const auto token = invite_to_tunnel("bob");
  EXPECT_EQ(enrol(bob, token), Code::kKeyConflict);
  expect_not_enrolled("bob");
  // Revoked, alice's end is gone and its address free.
  ASSERT_TRUE(tunnel_site_->service.revoke(name("alice")).ok());
  EXPECT_TRUE(tunnel_site_->service.tunnel_peers()->empty());
  EXPECT_EQ(enrol(bob, token), Code::kOk);
}

TEST_P(TunnelEnrolmentTest, ARefusedCertificateRequestLeavesNoPeer) {
  TestDevice alice("alice", 42);
  alice.tunnel_key = blob_key(10);
  EXPECT_EQ(enrol(alice, invite_to_tunnel("alice"), "bad"), Code::kMalformed);
  EXPECT_TRUE(store_->list_tunnel_peers()->empty());
}

TEST_P(EnrolmentTest, ASiteWithoutATunnelIgnoresItsKey) {
  TestDevice alice("alice", 42);
  alice.tunnel_key = Blob(32, 9);
  const auto token = invite("alice");
  EXPECT_EQ(TestSite::code_of(site_->enrol(alice, token), token), Code::kOk);
  EXPECT_TRUE(store_->list_tunnel_peers()->empty());
}

TEST_P(EnrolmentTest, InvitesNeedAUsableHost) {
  TestSite nowhere(*store_);
  Service service(*store_, nowhere.authority, nowhere.rng, Site{});
  EXPECT_EQ(service.invite(name("alice"), 60, {0}).error(), core::Error::kMalformed);
}

TEST_P(EnrolmentTest, OldInvitesAreForgotten) {
  invite("alice", 60);
  EXPECT_EQ(site_->service.totals()->invites, 1u);
  site_->wall.ms += 60'001 + 30 * 24 * 3600 * 1000ll;
  site_->poll();
  EXPECT_EQ(site_->service.totals()->invites, 0u);
}

INSTANTIATE_SITE_TEST(EnrolmentTest);
INSTANTIATE_SITE_TEST(TunnelEnrolmentTest);

}  // namespace
}  // namespace server::service
