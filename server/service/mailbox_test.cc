#include "server/service/mailbox.h"

#include "server/service/site_test.h"

namespace server::service {
namespace {

using Codes = std::vector<Code>;
using Sequences = std::vector<std::uint64_t>;

class MailboxTest : public SiteTest {
 protected:
  MailboxTest() : alice_(site_->enrol("alice")), bob_(site_->enrol("bob")) {}

  std::uint64_t waiting(TestDevice& device, std::uint64_t through, std::uint32_t window) {
    const auto reply = site_->ask(device, Method::kAck, ack(through, window));
    EXPECT_EQ(reply.code, Code::kOk);
    return core::api::AckResponse::parse(reply.body)->waiting;
  }

  TestDevice alice_, bob_;
};

TEST_P(MailboxTest, MailIsStoredThenPushedThenDeletedByTheAck) {
  EXPECT_EQ(site_->send(alice_, mails({alice_.mail("bob", 1), alice_.mail("bob", 2)})),
            (Codes{Code::kOk, Code::kOk}));
  EXPECT_TRUE(site_->pushed("bob").empty());  // bob is not there
  EXPECT_EQ(waiting(bob_, 0, 10), 2u);
  auto pushes = site_->pushes("bob");
  ASSERT_EQ(pushes.size(), 1u);
  ASSERT_EQ(pushes[0].size(), 2u);
  EXPECT_EQ(pushes[0][0].sequence, 1u);
  EXPECT_EQ(pushes[0][0].from, "alice");  // whatever the sender claims
  EXPECT_EQ(pushes[0][0].ciphertext, Blob(10, 1));
  EXPECT_EQ(pushes[0][1].sequence, 2u);
  EXPECT_EQ(store_->mail_load(2, 1)->count, 2u);  // still there
  EXPECT_EQ(waiting(bob_, 1, 10), 1u);
  EXPECT_EQ(waiting(bob_, 2, 10), 0u);
  EXPECT_EQ(store_->mail_load(2, 1)->count, 0u);
}

TEST_P(MailboxTest, MailIsPushedAtOnceToADeviceThatIsThere) {
  waiting(bob_, 0, 10);
  site_->send(alice_, mails({alice_.mail("bob", 1)}));
  EXPECT_EQ(site_->pushed("bob"), Sequences{1});
}

TEST_P(MailboxTest, ADeviceCanNeitherReadNorAcknowledgeAnothersMail) {
  site_->send(alice_, mails({alice_.mail("bob", 1)}));
  auto mallory = site_->enrol("mallory");
  waiting(mallory, 5, 10);
  EXPECT_TRUE(site_->pushed("mallory").empty());
  EXPECT_EQ(store_->mail_load(2, 1)->count, 1u);
  // Under bob's topic, but signed by another key.
  auto forged = mallory.request(Method::kAck, ack(1, 10));
  forged.topic = bob_.request(Method::kAck, {}).topic;
  EXPECT_EQ(site_->ask(forged).code, Code::kBadSignature);
  EXPECT_EQ(store_->mail_load(2, 1)->count, 1u);
}

TEST_P(MailboxTest, AMailIsStoredOnce) {
  const auto one = mails({alice_.mail("bob", 1)});
  EXPECT_EQ(site_->send(alice_, one), Codes{Code::kOk});
  EXPECT_EQ(site_->send(alice_, one), Codes{Code::kOk});  // another request, the same mail
  EXPECT_EQ(waiting(bob_, 0, 10), 1u);
  EXPECT_EQ(waiting(bob_, 1, 10), 0u);
  EXPECT_EQ(site_->send(alice_, one), Codes{Code::kOk});  // even after its delivery
  EXPECT_EQ(waiting(bob_, 1, 10), 0u);
  EXPECT_EQ(site_->service.counters().mails_stored, 1u);
  EXPECT_EQ(site_->service.counters().mails_repeated, 2u);
}

TEST_P(MailboxTest, EachMailHasItsOwnCode) {
  auto carol = site_->enrol("carol");
  ASSERT_TRUE(site_->service.revoke(name("carol")).ok());
  EXPECT_EQ(site_->send(alice_, mails({alice_.mail("nobody", 1), alice_.mail("bob", 2),
                                       alice_.mail("carol", 3), alice_.mail("bob", 4, 64513),
                                       alice_.mail("bob", 5, 64512)})),
            (Codes{Code::kUnknownDevice, Code::kOk, Code::kRevoked, Code::kTooLarge, Code::kOk}));
  EXPECT_EQ(waiting(bob_, 0, 0), 2u);
}

TEST_P(MailboxTest, AMailWithoutARecipientIsMalformed) {
  Blob mail = alice_.mail("bob", 1);
  mail.erase(mail.begin(), mail.begin() + 5);  // field 1, "bob"
  EXPECT_EQ(site_->send(alice_, mails({mail})), Codes{Code::kMalformed});
  EXPECT_EQ(site_->ask(alice_, Method::kSend, {}).code, Code::kMalformed);
  EXPECT_EQ(site_->ask(alice_, Method::kSend, blob_of("xyz")).code, Code::kMalformed);
}

TEST_P(MailboxTest, AMailboxIsLimitedInNumberAndBytes) {
  Limits limits;
  limits.max_mailbox_count = 3;
  limits.max_mailbox_bytes = 100;
  restart(limits);
  EXPECT_EQ(site_->send(alice_, mails({alice_.mail("bob", 1, 40), alice_.mail("bob", 2, 40)})),
            (Codes{Code::kOk, Code::kOk}));
  EXPECT_EQ(site_->send(alice_, mails({alice_.mail("bob", 3, 21)})), Codes{Code::kFull});
  EXPECT_EQ(site_->send(alice_, mails({alice_.mail("bob", 4, 10)})), Codes{Code::kOk});
  EXPECT_EQ(site_->send(alice_, mails({alice_.mail("bob", 5, 1)})), Codes{Code::kFull});
  waiting(bob_, 1, 0);
  EXPECT_EQ(site_->send(alice_, mails({alice_.mail("bob", 5, 1)})), Codes{Code::kOk});
}

TEST_P(MailboxTest, OrderHoldsWhenAMailboxIsFull) {
  Limits limits;
  limits.max_mailbox_bytes = 100;
  restart(limits);
  auto carol = site_->enrol("carol");
  EXPECT_EQ(site_->send(alice_, mails({alice_.mail("bob", 1, 90), alice_.mail("bob", 2, 20),
                                       alice_.mail("bob", 3, 5), alice_.mail("carol", 4, 5)})),
            (Codes{Code::kOk, Code::kFull, Code::kFull, Code::kOk}));
}

TEST_P(MailboxTest, OneMailGoesToManyAndEachRecipientHasItsOwnCode) {
  Limits limits;
  limits.max_mailbox_count = 2;
  restart(limits);
  auto carol = site_->enrol("carol");
  auto dave = site_->enrol("dave");
  site_->enrol("eve");
  ASSERT_TRUE(site_->service.revoke(name("eve")).ok());
  site_->send(alice_, mails({alice_.mail("carol", 1), alice_.mail("carol", 2)}));
  const auto to_all = alice_.mail_to({"bob", "nobody", "carol", "eve", "dave"}, 3);
  // The codes of one mail, then that of the next. Carol's mailbox is full and
  // stays so within the request.
  EXPECT_EQ(site_->send(alice_, mails({to_all, alice_.mail("carol", 4, 1)})),
            (Codes{Code::kOk, Code::kUnknownDevice, Code::kFull, Code::kRevoked, Code::kOk,
                   Code::kFull}));
  EXPECT_EQ(waiting(bob_, 0, 10), 1u);
  EXPECT_EQ(waiting(dave, 0, 10), 1u);
  const auto pushes = site_->pushes("dave");
  ASSERT_EQ(pushes.size(), 1u);
  EXPECT_EQ(pushes[0][0].from, "alice");
  EXPECT_EQ(pushes[0][0].ciphertext, Blob(10, 3));
  // Again, once carol has room: only she gets it.
  EXPECT_EQ(waiting(carol, 2, 10), 0u);
  EXPECT_EQ(site_->send(alice_, mails({alice_.mail_to({"carol", "bob", "dave"}, 3)})),
            (Codes{Code::kOk, Code::kOk, Code::kOk}));
  EXPECT_EQ(waiting(carol, 2, 10), 1u);
  EXPECT_EQ(waiting(bob_, 0, 10), 1u);
  EXPECT_EQ(waiting(dave, 0, 10), 1u);
  EXPECT_EQ(site_->service.counters().mails_stored, 5u);
  EXPECT_EQ(site_->service.counters().mails_repeated, 2u);
}

TEST_P(MailboxTest, ARequestHasNoMoreThan256Recipients) {
  std::vector<std::string> names(64, "bob");
  Blob body;
  for (std::uint8_t i = 0; i < 4; ++i) {
    const auto one = mails({alice_.mail_to(names, i)});
    body.insert(body.end(), one.begin(), one.end());
  }
  EXPECT_EQ(site_->send(alice_, body), Codes(256, Code::kOk));
  EXPECT_EQ(waiting(bob_, 0, 0), 4u);  // named twice, stored once
  const auto one = mails({alice_.mail("bob", 9)});
  body.insert(body.end(), one.begin(), one.end());
  EXPECT_EQ(site_->ask(alice_, Method::kSend, body).code, Code::kMalformed);
  EXPECT_EQ(waiting(bob_, 0, 0), 4u);
}

TEST_P(MailboxTest, OneSenderCannotFillAMailbox) {
  Limits limits;
  limits.max_sender_count = 2;
  restart(limits);
  auto carol = site_->enrol("carol");
  site_->send(alice_, mails({alice_.mail("bob", 1), alice_.mail("bob", 2)}));
  EXPECT_EQ(site_->send(alice_, mails({alice_.mail("bob", 3)})), Codes{Code::kFull});
  EXPECT_EQ(site_->send(carol, mails({carol.mail("bob", 3)})), Codes{Code::kOk});
}

TEST_P(MailboxTest, MailExpires) {
  Limits limits;
  limits.mail_kept_ms = 100'000;
  restart(limits);
  site_->send(alice_, mails({alice_.mail("bob", 1, 10, 50), alice_.mail("bob", 2, 10, 5000),
                             alice_.mail("bob", 3, 10, 0)}));
  site_->wall.ms += 50'000;
  waiting(bob_, 0, 10);
  EXPECT_EQ(site_->pushed("bob"), (Sequences{2, 3}));
  site_->wall.ms += 50'000;
  site_->poll();
  EXPECT_EQ(waiting(bob_, 0, 10), 0u);
  EXPECT_EQ(site_->service.totals()->mails, 0u);
}

TEST_P(MailboxTest, TheWindowBoundsWhatIsInFlight) {
  for (std::uint8_t i = 1; i <= 9; ++i) site_->send(alice_, mails({alice_.mail("bob", i)}));
  waiting(bob_, 0, 3);
  EXPECT_EQ(site_->pushed("bob"), (Sequences{1, 2, 3}));
  site_->send(alice_, mails({alice_.mail("bob", 10)}));
  EXPECT_TRUE(site_->pushed("bob").empty());
  waiting(bob_, 2, 3);
  EXPECT_EQ(site_->pushed("bob"), (Sequences{4, 5}));
  waiting(bob_, 5, 0);
  EXPECT_TRUE(site_->pushed("bob").empty());
  waiting(bob_, 5, 1);
  EXPECT_EQ(site_->pushed("bob"), Sequences{6});
}

TEST_P(MailboxTest, APushIsBoundedInSize) {
  for (std::uint8_t i = 1; i <= 5; ++i) {
    site_->send(alice_, mails({alice_.mail("bob", i, 15'000)}));
  }
  site_->send(alice_, mails({alice_.mail("bob", 6, 60'000)}));
  waiting(bob_, 0, 10);
  const auto pushes = site_->pushes("bob");
  ASSERT_EQ(pushes.size(), 4u);
  EXPECT_EQ(pushes[0].size(), 2u);
  EXPECT_EQ(pushes[2].size(), 1u);
  EXPECT_EQ(pushes[3].size(), 1u);  // a large one goes alone
  EXPECT_EQ(pushes[3][0].ciphertext.size(), 60'000u);
}

// A device that has little room gets no push above it: one that it cannot take
// would be lost, and with it all that follows.
TEST_P(MailboxTest, ADeviceSaysHowLargeAPushItTakes) {
  std::uint8_t id = 0;
  for (const std::size_t size : {900, 900, 900, 2900, 2000, 60'000, 10}) {
    site_->send(alice_, mails({alice_.mail("bob", ++id, size)}));
  }
  site_->ask(bob_, Method::kAck, ack(0, 10, 3000));
  for (const auto& publish : site_->out) EXPECT_LE(publish.payload.size(), 3000u);
  const auto pushes = site_->pushes("bob");
  ASSERT_EQ(pushes.size(), 5u);
  EXPECT_EQ(pushes[0].size(), 3u);
  EXPECT_EQ(pushes[1].at(0).ciphertext.size(), 2900u);
  EXPECT_EQ(pushes[2].at(0).ciphertext.size(), 2000u);
  // It is told of what it has no room for.
  EXPECT_EQ(pushes[3].at(0).sequence, 6u);
  EXPECT_EQ(pushes[3].at(0).left_out, 60'000u);
  EXPECT_TRUE(pushes[3].at(0).ciphertext.empty());
  EXPECT_EQ(pushes[4].at(0).sequence, 7u);
  // It may say anew what it takes, and too little counts as the least.
  const auto first_of_next = [&](std::uint32_t max_push) {
    site_->ask(bob_, Method::kAck, ack(5, 10, max_push));
    site_->pass(1000);
    return site_->pushes("bob").at(0).at(0);
  };
  site_->ask(bob_, Method::kAck, ack(5, 10));
  EXPECT_EQ(first_of_next(0).ciphertext.size(), 60'000u);
  EXPECT_EQ(first_of_next(1).left_out, 60'000u);
}

TEST_P(MailboxTest, AMailWithoutItsTextIsMalformed) {
  const core::ByteArray<16> id{};
  Blob mail(64);
  const core::api::MailView left_out{.to = name("bob"), .mail_id = id, .left_out = 100};
  mail.resize(*left_out.encode(mail));
  EXPECT_EQ(site_->send(alice_, mails({mail})), Codes{Code::kMalformed});
}

TEST_P(MailboxTest, WhatIsNotAcknowledgedIsPushedAgain) {
  waiting(bob_, 0, 10);
  site_->send(alice_, mails({alice_.mail("bob", 1), alice_.mail("bob", 2)}));
  EXPECT_EQ(site_->pushed("bob"), (Sequences{1, 2}));
  site_->pass(19'999);
  EXPECT_TRUE(site_->pushed("bob").empty());
  site_->pass(1);
  EXPECT_EQ(site_->pushed("bob"), (Sequences{1, 2}));
  waiting(bob_, 1, 10);
  site_->pass(20'000);
  EXPECT_EQ(site_->pushed("bob"), Sequences{2});
  waiting(bob_, 2, 10);
  site_->pass(80'000);
  EXPECT_TRUE(site_->pushed("bob").empty());
}

TEST_P(MailboxTest, AnAckWithoutProgressBringsThePushForward) {
  waiting(bob_, 0, 10);
  site_->send(alice_, mails({alice_.mail("bob", 1)}));
  EXPECT_EQ(site_->pushed("bob"), Sequences{1});
  site_->pass(300);
  waiting(bob_, 0, 10);  // it has connected again, say
  EXPECT_TRUE(site_->pushed("bob").empty());
  site_->pass(700);
  EXPECT_EQ(site_->pushed("bob"), Sequences{1});
}

TEST_P(MailboxTest, NothingIsPushedToADeviceThatIsGone) {
  waiting(bob_, 0, 10);
  site_->pass(90'000);
  site_->send(alice_, mails({alice_.mail("bob", 1)}));
  EXPECT_TRUE(site_->pushed("bob").empty());
  waiting(bob_, 0, 10);
  EXPECT_EQ(site_->pushed("bob"), Sequences{1});
}

TEST_P(MailboxTest, AfterARestartTheNextAckBringsTheMail) {
  waiting(bob_, 0, 10);
  restart();
  site_->send(alice_, mails({alice_.mail("bob", 1)}));
  EXPECT_TRUE(site_->pushed("bob").empty());
  waiting(bob_, 0, 10);
  EXPECT_EQ(site_->pushed("bob"), Sequences{1});
}

TEST_P(MailboxTest, AnAckAheadOfTheServerIsHeeded) {
  // As after a backup of the server was restored.
  waiting(bob_, 500, 10);
  site_->send(alice_, mails({alice_.mail("bob", 1)}));
  EXPECT_EQ(site_->pushed("bob"), Sequences{501});
  EXPECT_EQ(site_->ask(bob_, Method::kAck, ack(UINT64_MAX, 1)).code, Code::kMalformed);
}

INSTANTIATE_SITE_TEST(MailboxTest);

}  // namespace
}  // namespace server::service
