// The n-th call of the store fails, for every n: nothing is half done, nothing
// is answered that is not stored, and the repetition works.
#include <functional>

#include "server/service/failing_store.h"
#include "server/service/site_test.h"

namespace server::service {
namespace {

class FaultsTest : public SiteTest {
 protected:
  // A site over a store that fails at the n-th call from the moment on that
  // `prepare` has run. Calls `attempt` with it, for n = 1, 2, ... until an
  // attempt gets through without a failure.
  struct Setting {
    FailingStore store;
    TestSite site;
    TestDevice alice, bob;
    Setting(store::Store& behind, std::uint64_t seed, const std::string& suffix)
        : store(behind),
          site(store, {}, seed),
          alice(site.enrol("alice" + suffix)),
          bob(site.enrol_with_keys("bob" + suffix, 20, 4)),
          bob_name("bob" + suffix) {}
    std::string bob_name;
  };
  int for_every_failure(const std::function<void(Setting&)>& attempt) {
    for (int n = 1; n < 200; ++n) {
      Setting setting(*store_, 100 + static_cast<std::uint64_t>(n), std::to_string(n));
      setting.site.out.clear();
      setting.store.fail_at(n);
      attempt(setting);
      if (testing::Test::HasFatalFailure() || !setting.store.failed()) return n;
    }
    ADD_FAILURE() << "never got through";
    return 0;
  }
};

store::PreKeyState stock(store::Store& store, const std::string& of) {
  return *store.pre_key_state(store.find_account(name(of))->id);
}

TEST_P(FaultsTest, ABundleIsTakenWholeOrNotAtAll) {
  const int calls = for_every_failure([&](Setting& s) {
    const auto request = s.alice.request(Method::kBundle, bundle_request(s.bob_name));
    s.site.handle({request});
    const bool failed = s.store.failed();
    EXPECT_EQ(s.site.take("ginnel/1/down/" + text_of(s.alice.device.bytes()) + "/reply").empty(),
              failed);
    EXPECT_EQ(stock(*store_, s.bob_name).one_time_count, failed ? 20u : 19u);
    EXPECT_EQ(stock(*store_, s.bob_name).one_time_kem_count, failed ? 4u : 3u);
    s.store.fail_at(0);
    const auto reply = s.site.ask(request);
    EXPECT_EQ(reply.code, Code::kOk);
    EXPECT_EQ(stock(*store_, s.bob_name).one_time_count, 19u);
    EXPECT_EQ(stock(*store_, s.bob_name).one_time_kem_count, 3u);
  });
  EXPECT_GT(calls, 8);
}

TEST_P(FaultsTest, AnUploadIsStoredWholeOrNotAtAll) {
  const int calls = for_every_failure([&](Setting& s) {
    const auto request = s.alice.request(
        Method::kPublish,
        s.alice.upload({.signed_id = 1, .last_resort_id = 1, .one_time_count = 3, .kem_count = 2}));
    const auto of = text_of(s.alice.device.bytes());
    s.site.handle({request});
    const bool failed = s.store.failed();
    EXPECT_EQ(s.site.take("ginnel/1/down/" + of + "/reply").empty(), failed);
    EXPECT_EQ(stock(*store_, of).one_time_count, failed ? 0u : 3u);
    EXPECT_EQ(stock(*store_, of).highest_signed, failed ? 0u : 1u);
    s.store.fail_at(0);
    EXPECT_EQ(s.site.ask(request).code, Code::kOk);
    EXPECT_EQ(stock(*store_, of).one_time_count, 3u);
    EXPECT_EQ(stock(*store_, of).one_time_kem_count, 2u);
  });
  EXPECT_GT(calls, 9);
}

TEST_P(FaultsTest, MailIsStoredWholeOrNotAtAllAndPushedInOrder) {
  const int calls = for_every_failure([&](Setting& s) {
    s.store.fail_at(0);
    const int n = static_cast<int>(std::stoi(s.bob_name.substr(3)));
    s.site.ask(s.bob, Method::kAck, ack(0, 10));
    s.store.fail_at(n);
    const auto request = s.alice.request(
        Method::kSend, mails({s.alice.mail(s.bob_name, 1), s.alice.mail(s.bob_name, 2)}));
    const auto alice_reply = "ginnel/1/down/" + text_of(s.alice.device.bytes()) + "/reply";
    s.site.handle({request});
    const auto bob = store_->find_account(name(s.bob_name))->id;
    const auto count = store_->mail_load(bob, bob)->count;
    EXPECT_TRUE(count == 0 || count == 2) << count;
    EXPECT_EQ(s.site.take(alice_reply).empty(), count == 0);
    s.store.fail_at(0);
    EXPECT_EQ(s.site.ask(request).code, Code::kOk);
    EXPECT_EQ(store_->mail_load(bob, bob)->count, 2u);
    s.site.pass(1000);  // a push whose read failed comes a second later
    EXPECT_EQ(s.site.pushed(s.bob_name), (std::vector<std::uint64_t>{1, 2}));
  });
  EXPECT_GT(calls, 9);
}

TEST_P(FaultsTest, AnAckDeletesOnlyWhenItIsAnswered) {
  for_every_failure([&](Setting& s) {
    const int n = static_cast<int>(std::stoi(s.bob_name.substr(3)));
    s.store.fail_at(0);
    s.site.send(s.alice, mails({s.alice.mail(s.bob_name, 1), s.alice.mail(s.bob_name, 2)}));
    s.store.fail_at(n);
    const auto request = s.bob.request(Method::kAck, ack(1, 0));
    const auto reply = "ginnel/1/down/" + s.bob_name + "/reply";
    s.site.out.clear();
    s.site.handle({request});
    const auto bob = store_->find_account(name(s.bob_name))->id;
    EXPECT_EQ(store_->mail_load(bob, bob)->count, s.store.failed() ? 2u : 1u);
    EXPECT_EQ(s.site.take(reply).empty(), s.store.failed());
    s.store.fail_at(0);
    EXPECT_EQ(s.site.ask(request).code, Code::kOk);
    EXPECT_EQ(store_->mail_load(bob, bob)->count, 1u);
  });
}

TEST_P(FaultsTest, EnrolmentHappensWholeOrNotAtAll) {
  const int calls = for_every_failure([&](Setting& s) {
    s.store.fail_at(0);
    const int n = static_cast<int>(std::stoi(s.bob_name.substr(3)));
    const std::string of = "carol" + std::to_string(n);
    const auto token = *s.site.service.invite(name(of), 60, s.site.wall);
    TestDevice carol(of, 1'000'000 + static_cast<std::uint64_t>(n));
    s.store.fail_at(n);
    const auto first = s.site.enrol(carol, token);
    EXPECT_EQ(first.outcome, s.store.failed() ? EnrolOutcome::kFailed : EnrolOutcome::kAnswered);
    EXPECT_EQ(store_->find_account(name(of)).ok(), !s.store.failed());
    s.store.fail_at(0);
    EXPECT_EQ(TestSite::code_of(s.site.enrol(carol, token), token), Code::kOk);
    EXPECT_TRUE(store_->find_account(name(of)).ok());
  });
  EXPECT_GT(calls, 7);
}

TEST_P(FaultsTest, InvitesAndRevocationsHappenWholeOrNotAtAll) {
  for_every_failure([&](Setting& s) {
    const auto before = store_->totals()->invites;
    const auto invited = s.site.service.invite(name("dave"), 60, s.site.wall);
    EXPECT_EQ(store_->totals()->invites, before + (invited.ok() ? 1 : 0));
    const auto revoked = s.site.service.revoke(s.bob.device);
    EXPECT_EQ(store_->find_account(s.bob.device)->state == store::AccountState::kRevoked,
              revoked.ok());
  });
}

TEST_P(FaultsTest, UpkeepGoesOnAfterAFailure) {
  for_every_failure([&](Setting& s) {
    s.site.now.ms += 60'000;
    s.site.poll();
    EXPECT_EQ(s.site.service.next_deadline(), s.site.now + 60'000);
    s.site.pass(60'000);
  });
}

// One request that the store cannot take does not stop the others of a batch.
TEST_P(FaultsTest, OnlyTheRequestThatFailsGoesUnanswered) {
  Setting s(*store_, 50, "x");
  s.site.out.clear();
  std::vector<IncomingRequest> requests;
  for (std::uint8_t i = 1; i <= 5; ++i) {
    requests.push_back(s.alice.request(Method::kSend, mails({s.alice.mail("bobx", i)})));
  }
  s.store.fail_at(20);  // somewhere in the batch; its retry works
  s.site.handle(requests);
  EXPECT_TRUE(s.store.failed());
  EXPECT_EQ(s.site.take("ginnel/1/down/alicex/reply").size(), 5u);
  EXPECT_EQ(s.site.service.counters().mails_stored, 5u);
}

INSTANTIATE_SITE_TEST(FaultsTest);

}  // namespace
}  // namespace server::service
