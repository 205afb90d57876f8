#include "server/service/service.h"

#include "core/api/request.h"
#include "server/service/site_test.h"

namespace server::service {
namespace {

class ServiceTest : public SiteTest {
 protected:
  ServiceTest() : alice_(site_->enrol("alice")), bob_(site_->enrol_with_keys("bob", 20, 4)) {}
  Counters counters() const { return site_->service.counters(); }
  std::uint32_t one_time_left() {
    return store_->pre_key_state(store_->find_account(name("bob"))->id)->one_time_count;
  }

  TestDevice alice_, bob_;
};

TEST_P(ServiceTest, RepliesGoToTheDeviceOfTheTopicWithItsRequestId) {
  const auto id = alice_.new_request_id();
  site_->handle({alice_.request(Method::kStatus, {}, id)});
  const auto replies = site_->take("ginnel/1/down/alice/reply");
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].correlation, id);
  EXPECT_EQ(replies[0].expiry_s, 60u);
  const auto response = core::api::ResponseView::parse(replies[0].payload);
  EXPECT_TRUE(core::equal_var(response->request_id, id));
}

TEST_P(ServiceTest, ARepeatedRequestGetsTheFirstAnswerAndChangesNothing) {
  auto carol = site_->enrol("carol");
  const std::vector<IncomingRequest> requests{
      carol.request(Method::kPublish,
                    carol.upload({.signed_id = 1, .last_resort_id = 1, .one_time_count = 2})),
      alice_.request(Method::kBundle, bundle_request("bob")),
      alice_.request(Method::kSend, mails({alice_.mail("bob", 1)})),
      bob_.request(Method::kAck, ack(0, 0)),
      alice_.request(Method::kStatus, {}),
      alice_.request(Method::kContacts, {}),
      alice_.request(Method::kRenew, blob_of("\n\3csr")),
  };
  std::vector<Blob> first;
  for (const auto& request : requests) {
    const auto reply = site_->ask(request);
    EXPECT_EQ(reply.code, Code::kOk) << request.topic;
    first.push_back(reply.bytes);
  }
  const auto left = one_time_left();
  const auto signed_count = site_->authority.signed_count;
  site_->wall.ms += 5000;  // would show in a new status
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(site_->ask(requests[i]).bytes, first[i]) << requests[i].topic;
  }
  EXPECT_EQ(one_time_left(), left);
  EXPECT_EQ(site_->authority.signed_count, signed_count);
  EXPECT_EQ(counters().repeated, requests.size());
  EXPECT_EQ(counters().mails_stored, 1u);
  // Those that change something are remembered over a restart too.
  restart();
  for (const std::size_t i : {0, 1, 2, 6}) {
    EXPECT_EQ(site_->ask(requests[i]).bytes, first[i]) << requests[i].topic;
  }
  EXPECT_EQ(one_time_left(), left);
}

TEST_P(ServiceTest, ARepetitionInTheSameBatchIsOneToo) {
  const auto request = alice_.request(Method::kBundle, bundle_request("bob"));
  const auto state = alice_.request(Method::kStatus, {});
  site_->handle({request, state, request, state, request});
  const auto replies = site_->take("ginnel/1/down/alice/reply");
  ASSERT_EQ(replies.size(), 5u);
  EXPECT_EQ(replies[0].payload, replies[2].payload);
  EXPECT_EQ(replies[0].payload, replies[4].payload);
  EXPECT_EQ(replies[1].payload, replies[3].payload);
  EXPECT_EQ(one_time_left(), 19u);
}

TEST_P(ServiceTest, TheAnswerIsRememberedEvenIfItIsARefusal) {
  const auto request = alice_.request(Method::kBundle, bundle_request("carol"));
  const auto first = site_->ask(request);
  EXPECT_EQ(first.code, Code::kUnknownDevice);
  site_->enrol_with_keys("carol", 1, 1);
  EXPECT_EQ(site_->ask(request).bytes, first.bytes);
  EXPECT_EQ(site_->ask(alice_, Method::kBundle, bundle_request("carol")).code, Code::kOk);
}

TEST_P(ServiceTest, ARequestIdIsGoodForOneRequest) {
  const auto id = alice_.new_request_id();
  const auto first = site_->ask(alice_.request(Method::kBundle, bundle_request("bob"), id));
  EXPECT_EQ(first.code, Code::kOk);
  EXPECT_EQ(site_->ask(alice_.request(Method::kBundle, bundle_request("alice"), id)).code,
            Code::kMalformed);
  EXPECT_EQ(site_->ask(alice_.request(Method::kStatus, {}, id)).code, Code::kMalformed);
  EXPECT_EQ(site_->ask(alice_.request(Method::kBundle, bundle_request("bob"), id)).bytes,
            first.bytes);
  // Another device's ids are its own.
  EXPECT_EQ(site_->ask(bob_.request(Method::kStatus, {}, id)).code, Code::kOk);
}

TEST_P(ServiceTest, AnswersAreForgottenAfterSevenDays) {
  const auto request = alice_.request(Method::kBundle, bundle_request("bob"));
  const auto first = site_->ask(request);
  site_->wall.ms += 7 * 24 * 3600 * 1000ll;
  site_->poll();
  EXPECT_EQ(site_->ask(request).bytes, first.bytes);
  site_->wall.ms += 1;
  site_->now.ms += 60'000;
  site_->poll();
  EXPECT_NE(site_->ask(request).bytes, first.bytes);
}

TEST_P(ServiceTest, RequestsMustBeSignedByTheIdentityKey) {
  auto mallory = site_->enrol("mallory");
  for (const Method method :
       {Method::kPublish, Method::kBundle, Method::kSend, Method::kAck, Method::kRenew}) {
    // Signed by another key.
    TestDevice forger("bob", 4711);
    EXPECT_EQ(site_->ask(forger.request(method, bundle_request("alice"))).code,
              Code::kBadSignature);
    // Not signed.
    auto unsigned_request = forger.request(Method::kStatus, bundle_request("alice"));
    unsigned_request.topic = bob_.request(method, {}).topic;
    EXPECT_EQ(site_->ask(unsigned_request).code, Code::kBadSignature);
    // Signed for another method.
    auto other = bob_.request(method == Method::kAck ? Method::kSend : Method::kAck, ack(1, 1));
    other.topic = bob_.request(method, {}).topic;
    EXPECT_EQ(site_->ask(other).code, Code::kBadSignature);
  }
  EXPECT_EQ(counters().bad_signature, 15u);
  // A refused forgery has not used up the request id.
  const auto id = bob_.new_request_id();
  TestDevice forger("bob", 4711);
  site_->ask(forger.request(Method::kAck, ack(0, 1), id));
  EXPECT_EQ(site_->ask(bob_.request(Method::kAck, ack(0, 1), id)).code, Code::kOk);
}

TEST_P(ServiceTest, HostileInputIsCountedAndDropped) {
  const auto good = alice_.request(Method::kStatus, {});
  site_->out.clear();
  site_->handle({
      {"", {}},
      {"ginnel/1/up/00/alice/status", good.payload},  // another shard
      {"ginnel/1/down/alice/reply", good.payload},
      {good.topic + "/more", good.payload},
  });
  EXPECT_EQ(counters().dropped_topic, 4u);
  site_->handle({{good.topic, {}}, {good.topic, blob_of("garbage")}, {good.topic, Blob(15, 0)}});
  EXPECT_EQ(counters().dropped_payload, 3u);
  TestDevice stranger("stranger", 5);
  site_->handle({stranger.request(Method::kStatus, {})});
  EXPECT_EQ(counters().dropped_unknown, 1u);
  EXPECT_TRUE(site_->out.empty());
}

TEST_P(ServiceTest, WhatHasARequestIdGetsAnAnswer) {
  auto request = alice_.request(Method::kStatus, {});
  request.payload.push_back(0xff);  // no field
  EXPECT_EQ(site_->ask(request).code, Code::kMalformed);
  auto unknown = alice_.request(Method::kStatus, {});
  unknown.topic.replace(unknown.topic.rfind('/'), std::string::npos, "/dance");
  EXPECT_EQ(site_->ask(unknown).code, Code::kUnknownMethod);
  EXPECT_EQ(site_->ask(alice_.request(Method::kStatus, Blob(256 * 1024, 0))).code, Code::kTooLarge);
  EXPECT_EQ(counters().malformed, 3u);
}

TEST_P(ServiceTest, ADeviceThatFloodsIsToldToSlowDown) {
  Limits limits;
  limits.request_burst = 5;
  limits.requests_per_second = 2;
  restart(limits);
  const auto code = [&](TestDevice& device) {
    return site_->ask(device, Method::kBundle, bundle_request("carol")).code;
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(code(alice_), Code::kUnknownDevice);
  const auto refused = alice_.request(Method::kBundle, bundle_request("carol"));
  EXPECT_EQ(site_->ask(refused).code, Code::kBusy);
  EXPECT_EQ(code(bob_), Code::kUnknownDevice);  // others are served
  site_->pass(499);
  EXPECT_EQ(site_->ask(refused).code, Code::kBusy);
  site_->pass(1);
  EXPECT_EQ(site_->ask(refused).code, Code::kUnknownDevice);  // BUSY was not kept
  EXPECT_EQ(code(alice_), Code::kBusy);
  EXPECT_EQ(counters().too_many, 3u);
}

TEST_P(ServiceTest, KeepsOnlySoManyAnswersOfADevice) {
  Limits limits;
  limits.answers_kept = 3;
  restart(limits);
  std::vector<IncomingRequest> requests;
  std::vector<Blob> first;
  for (int i = 0; i < 5; ++i) {
    requests.push_back(alice_.request(Method::kBundle, bundle_request("bob")));
    first.push_back(site_->ask(requests.back()).bytes);
  }
  site_->poll();
  for (std::size_t i = 2; i < 5; ++i) EXPECT_EQ(site_->ask(requests[i]).bytes, first[i]);
  EXPECT_NE(site_->ask(requests[0]).bytes, first[0]);
}

TEST_P(ServiceTest, ARevokedDeviceIsRefusedEverything) {
  ASSERT_TRUE(site_->service.revoke(name("bob")).ok());
  EXPECT_EQ(site_->service.revoke(name("bob")).error(), core::Error::kReplay);
  EXPECT_EQ(site_->service.revoke(name("nobody")).error(), core::Error::kNotFound);
  for (const Method method : {Method::kPublish, Method::kStatus, Method::kBundle, Method::kSend,
                              Method::kAck, Method::kContacts, Method::kRenew}) {
    EXPECT_EQ(site_->ask(bob_, method, {}).code, Code::kRevoked);
  }
  site_->poll();
  const auto notices = site_->notices("bob");
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].kind, core::api::Notice::Kind::kRevoked);
}

TEST_P(ServiceTest, AnotherProcessesRevocationHoldsAtOnce) {
  const auto bob = store_->find_account(name("bob"))->id;
  ASSERT_TRUE(store_->begin().ok());
  ASSERT_TRUE(store_->revoke_account(bob).ok());
  ASSERT_TRUE(store_->commit().ok());
  EXPECT_EQ(site_->ask(bob_, Method::kStatus, {}).code, Code::kRevoked);
}

TEST_P(ServiceTest, ContactsAreAllOthersInPages) {
  for (int i = 0; i < 150; ++i) {
    ASSERT_TRUE(store_->begin().ok());
    auto account = store::test_account("device" + std::to_string(1000 + i), 0);
    account.identity_key[1] = static_cast<std::uint8_t>(i);
    ASSERT_TRUE(store_->add_account(account).ok());
    ASSERT_TRUE(store_->commit().ok());
  }
  ASSERT_TRUE(site_->service.revoke(name("device1149")).ok());
  std::vector<std::string> names;
  core::api::ContactsRequest request;
  for (bool more = true; more;) {
    Blob body(80);
    body.resize(*request.encode(body));
    const auto reply = site_->ask(alice_, Method::kContacts, body);
    ASSERT_EQ(reply.code, Code::kOk);
    const auto page = core::api::ContactsResponseView::parse(reply.body);
    ASSERT_TRUE(page.ok());
    EXPECT_LE(page->contact.count(), 100u);
    auto rest = page->contact;
    while (const auto contact = rest.next()) {
      names.push_back(text_of(contact->name.bytes()));
      request.after = contact->name;
    }
    more = page->more;
  }
  ASSERT_EQ(names.size(), 150u);  // bob and 149 devices
  request = {.after = name("bob"), .max_contacts = 3};
  Blob body(80);
  body.resize(*request.encode(body));
  const auto few = site_->ask(alice_, Method::kContacts, body);
  const auto page = core::api::ContactsResponseView::parse(few.body);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->contact.count(), 3u);
  EXPECT_TRUE(page->more);
  EXPECT_EQ(names[0], "bob");
  EXPECT_EQ(names[149], "device1148");
}

TEST_P(ServiceTest, RenewalSignsForTheDevicesOwnName) {
  const auto reply = site_->ask(alice_, Method::kRenew, blob_of("\n\3csr"));
  ASSERT_EQ(reply.code, Code::kOk);
  EXPECT_EQ(text_of(core::api::RenewResponseView::parse(reply.body)->certificate),
            "certificate of alice");
  EXPECT_EQ(site_->ask(alice_, Method::kRenew, blob_of("\n\3bad")).code, Code::kMalformed);
  EXPECT_EQ(site_->ask(alice_, Method::kRenew, {}).code, Code::kMalformed);
  const auto down = alice_.request(Method::kRenew, blob_of("\n\4down"));
  EXPECT_EQ(site_->ask(down).code, Code::kInternal);
  EXPECT_EQ(store_->totals()->answers, 1u + 3u);  // bob's upload, and not the last
}

TEST_P(ServiceTest, ALargeBatchIsAnsweredInOrder) {
  std::vector<IncomingRequest> requests;
  std::vector<core::ByteArray<16>> ids;
  for (std::uint8_t i = 1; i <= 64; ++i) {
    ids.push_back(alice_.new_request_id());
    requests.push_back(alice_.request(Method::kSend, mails({alice_.mail("bob", i)}), ids.back()));
  }
  requests[10].payload.back() ^= 1;  // the signature
  site_->handle(requests);
  const auto replies = site_->take("ginnel/1/down/alice/reply");
  ASSERT_EQ(replies.size(), 64u);
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(replies[i].correlation, ids[i]);
  EXPECT_EQ(core::api::ResponseView::parse(replies[10].payload)->code, Code::kBadSignature);
  site_->ask(bob_, Method::kAck, ack(0, 100));
  const auto pushes = site_->pushes("bob");
  ASSERT_EQ(pushes.size(), 1u);
  ASSERT_EQ(pushes[0].size(), 63u);
  for (std::size_t i = 0; i < 63; ++i) {
    EXPECT_EQ(pushes[0][i].ciphertext[0], i < 10 ? i + 1 : i + 2);
  }
}

TEST_P(ServiceTest, DeadlinesAreHonest) {
  site_->poll();
  EXPECT_EQ(site_->service.next_deadline(), site_->now + 60'000);  // upkeep
  site_->ask(bob_, Method::kAck, ack(0, 10));
  site_->ask(alice_, Method::kSend, mails({alice_.mail("bob", 1)}));
  EXPECT_EQ(site_->service.next_deadline(), site_->now + 20'000);  // the push's repetition
  site_->poll();                                                   // early: nothing
  EXPECT_EQ(site_->pushed("bob").size(), 1u);
  ASSERT_TRUE(site_->service.revoke(name("alice")).ok());
  EXPECT_LE(site_->service.next_deadline(), site_->now);  // notices wait
  site_->poll();
  EXPECT_EQ(site_->notices("alice").size(), 1u);
  EXPECT_EQ(site_->notices("bob").size(), 1u);  // contacts have changed
}

INSTANTIATE_SITE_TEST(ServiceTest);

}  // namespace
}  // namespace server::service
