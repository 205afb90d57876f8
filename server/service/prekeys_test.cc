#include "server/service/prekeys.h"

#include "core/api/request.h"
#include "core/prekey/bundle.h"
#include "server/service/site_test.h"

namespace server::service {
namespace {

using core::api::BundleResponseView;
using core::api::Notice;
using Upload = TestDevice::Upload;

class PreKeysTest : public SiteTest {
 protected:
  core::api::StatusResponseView status(TestDevice& device) {
    status_ = site_->ask(device, Method::kStatus, {});
    return *core::api::StatusResponseView::parse(status_.body);
  }
  Reply status_;
};

TEST_P(PreKeysTest, AnUploadIsCountedAndComesBackInBundles) {
  auto alice = site_->enrol("alice");
  auto bob = site_->enrol("bob");
  const auto published = site_->ask(
      bob, Method::kPublish,
      bob.upload({.signed_id = 7, .last_resort_id = 9, .one_time_count = 3, .kem_count = 2}));
  ASSERT_EQ(published.code, Code::kOk);
  const auto counts = core::api::PublishResponse::parse(published.body);
  EXPECT_EQ(counts->one_time_count, 3u);
  EXPECT_EQ(counts->one_time_kem_count, 2u);
  const auto reply = site_->ask(alice, Method::kBundle, bundle_request("bob"));
  ASSERT_EQ(reply.code, Code::kOk);
  const auto bundle = BundleResponseView::parse(reply.body);
  ASSERT_TRUE(bundle.ok());
  EXPECT_EQ(bundle->registration_id, 77u);
  EXPECT_EQ(bundle->device_id, 1u);
  EXPECT_TRUE(core::equal_var(bundle->identity_key, bob.identity_key));
  ASSERT_TRUE(bundle->one_time);
  EXPECT_EQ(bundle->one_time->id, 1u);
  EXPECT_EQ(bundle->signed_pre_key.id, 7u);
  EXPECT_EQ(bundle->kem.id, 1u);
  const core::prekey::KemPreKey kem{bundle->kem.id, bundle->kem.public_key, bundle->kem.signature};
  EXPECT_TRUE(core::prekey::verify(bob.identity_key, kem).ok());
}

TEST_P(PreKeysTest, OneWrongSignatureRefusesTheWholeUpload) {
  auto bob = site_->enrol("bob");
  for (int broken = 1; broken <= 3; ++broken) {
    const auto reply = site_->ask(bob, Method::kPublish,
                                  bob.upload({.signed_id = 1,
                                              .last_resort_id = 1,
                                              .one_time_count = 5,
                                              .kem_count = 2,
                                              .broken = broken}));
    EXPECT_EQ(reply.code, Code::kBadSignature) << broken;
    EXPECT_TRUE(reply.body.empty());
    const auto now = status(bob);
    EXPECT_EQ(now.one_time_count, 0u);
    EXPECT_EQ(now.one_time_kem_count, 0u);
    EXPECT_EQ(now.signed_pre_key_id, 0u);
    EXPECT_EQ(now.last_resort_id, 0u);
    EXPECT_TRUE(now.repeated_use_digest.empty());
  }
}

TEST_P(PreKeysTest, IdsOnlyGrow) {
  auto bob = site_->enrol("bob");
  const auto code = [&](const Upload& upload) {
    return site_->ask(bob, Method::kPublish, bob.upload(upload)).code;
  };
  ASSERT_EQ(code({.signed_id = 5, .last_resort_id = 5, .one_time_count = 3, .kem_count = 3}),
            Code::kOk);
  EXPECT_EQ(code({.signed_id = 4}), Code::kKeyConflict);
  EXPECT_EQ(code({.last_resort_id = 4}), Code::kKeyConflict);
  EXPECT_EQ(code({.first_one_time = 3, .one_time_count = 2}), Code::kKeyConflict);
  EXPECT_EQ(code({.first_kem = 3, .kem_count = 2}), Code::kKeyConflict);
  // One part in conflict refuses the others too.
  EXPECT_EQ(code({.signed_id = 6, .first_one_time = 2, .one_time_count = 1}), Code::kKeyConflict);
  EXPECT_EQ(status(bob).signed_pre_key_id, 5u);
  EXPECT_EQ(code({.signed_id = 6, .first_one_time = 4, .one_time_count = 2}), Code::kOk);
  EXPECT_EQ(status(bob).signed_pre_key_id, 6u);
  EXPECT_EQ(status(bob).one_time_count, 5u);
}

TEST_P(PreKeysTest, TheRepeatedUseKeysInUseCanBeUploadedAgain) {
  auto bob = site_->enrol("bob");
  const Upload both{.signed_id = 5, .last_resort_id = 5};
  ASSERT_EQ(site_->ask(bob, Method::kPublish, bob.upload(both)).code, Code::kOk);
  EXPECT_EQ(site_->ask(bob, Method::kPublish, bob.upload(both)).code, Code::kOk);
}

TEST_P(PreKeysTest, TheStockIsLimited) {
  auto bob = site_->enrol("bob");
  const auto code = [&](const Upload& upload) {
    return site_->ask(bob, Method::kPublish, bob.upload(upload)).code;
  };
  EXPECT_EQ(code({.first_one_time = 1, .one_time_count = 100}), Code::kOk);
  EXPECT_EQ(code({.first_one_time = 101, .one_time_count = 99}), Code::kOk);
  EXPECT_EQ(code({.first_one_time = 200, .one_time_count = 2}), Code::kFull);
  EXPECT_EQ(code({.first_one_time = 200, .one_time_count = 1}), Code::kOk);
  for (std::uint32_t first = 1; first <= 25; first += 8) {
    EXPECT_EQ(code({.first_kem = first, .kem_count = 8}), Code::kOk);
  }
  EXPECT_EQ(code({.first_kem = 33, .kem_count = 1}), Code::kFull);
  EXPECT_EQ(status(bob).one_time_count, 200u);
  EXPECT_EQ(status(bob).one_time_kem_count, 32u);
}

TEST_P(PreKeysTest, WithoutOneTimeKeysTheBundleStillWorks) {
  auto alice = site_->enrol("alice");
  auto bob = site_->enrol_with_keys("bob", 1, 1);
  ASSERT_TRUE(site_->ask(alice, Method::kBundle, bundle_request("bob")).code == Code::kOk);
  const auto reply = site_->ask(alice, Method::kBundle, bundle_request("bob"));
  ASSERT_EQ(reply.code, Code::kOk);
  const auto bundle = BundleResponseView::parse(reply.body);
  EXPECT_FALSE(bundle->one_time);
  EXPECT_EQ(bundle->kem.id, 1u);  // the last-resort key
  EXPECT_EQ(status(bob).one_time_count, 0u);
}

TEST_P(PreKeysTest, EveryOneTimeKeyGoesOutOnce) {
  auto bob = site_->enrol_with_keys("bob", 100, 32);
  std::map<std::uint32_t, int> seen;
  std::map<std::uint32_t, int> seen_kem;
  for (int taker = 0; taker < 12; ++taker) {
    auto device = site_->enrol("taker" + std::to_string(taker));
    for (int i = 0; i < 10; ++i) {
      const auto reply = site_->ask(device, Method::kBundle, bundle_request("bob"));
      ASSERT_EQ(reply.code, Code::kOk);
      const auto bundle = BundleResponseView::parse(reply.body);
      if (bundle->one_time) ++seen[bundle->one_time->id];
      ++seen_kem[bundle->kem.id];
    }
  }
  EXPECT_EQ(seen.size(), 100u);
  for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << id;
  EXPECT_EQ(seen_kem.size(), 32u);
  EXPECT_EQ(seen_kem[2], 1);
  EXPECT_EQ(seen_kem[1], 1 + 120 - 32);  // the last-resort key has id 1 too
}

TEST_P(PreKeysTest, ANoticeGoesOutBelowTenKeys) {
  auto alice = site_->enrol("alice");
  auto bob = site_->enrol_with_keys("bob", 11, 8);
  site_->ask(alice, Method::kBundle, bundle_request("bob"));
  EXPECT_TRUE(site_->notices("bob").empty());  // 10 are left
  site_->ask(alice, Method::kBundle, bundle_request("bob"));
  auto notices = site_->notices("bob");
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].kind, Notice::Kind::kLowPreKeys);
  EXPECT_EQ(notices[0].one_time_count, 9u);
  EXPECT_EQ(notices[0].one_time_kem_count, 6u);
  site_->ask(alice, Method::kBundle, bundle_request("bob"));
  EXPECT_TRUE(site_->notices("bob").empty());  // not for every key
  site_->pass(30'000);
  site_->ask(alice, Method::kBundle, bundle_request("bob"));
  EXPECT_EQ(site_->notices("bob").size(), 1u);
}

TEST_P(PreKeysTest, ANoticeGoesOutBelowTwoKemKeys) {
  auto alice = site_->enrol("alice");
  auto bob = site_->enrol_with_keys("bob", 50, 3);
  site_->ask(alice, Method::kBundle, bundle_request("bob"));
  EXPECT_TRUE(site_->notices("bob").empty());
  site_->ask(alice, Method::kBundle, bundle_request("bob"));
  ASSERT_EQ(site_->notices("bob").size(), 1u);
}

TEST_P(PreKeysTest, OneDeviceCannotDrainAnother) {
  auto mallory = site_->enrol("mallory");
  auto alice = site_->enrol("alice");
  auto bob = site_->enrol_with_keys("bob", 50, 32);
  int with_one_time = 0;
  for (int i = 0; i < 40; ++i) {
    const auto reply = site_->ask(mallory, Method::kBundle, bundle_request("bob"));
    ASSERT_EQ(reply.code, Code::kOk);
    if (BundleResponseView::parse(reply.body)->one_time) ++with_one_time;
  }
  EXPECT_EQ(with_one_time, 10);
  EXPECT_EQ(status(bob).one_time_count, 40u);
  const auto reply = site_->ask(alice, Method::kBundle, bundle_request("bob"));
  EXPECT_TRUE(BundleResponseView::parse(reply.body)->one_time);
  site_->pass(10 * 60 * 1000);
  const auto later = site_->ask(mallory, Method::kBundle, bundle_request("bob"));
  EXPECT_TRUE(BundleResponseView::parse(later.body)->one_time);
  const auto again = site_->ask(mallory, Method::kBundle, bundle_request("bob"));
  EXPECT_FALSE(BundleResponseView::parse(again.body)->one_time);
}

TEST_P(PreKeysTest, ABundleSaysWhyThereIsNone) {
  auto alice = site_->enrol("alice");
  auto bob = site_->enrol("bob");
  const auto code = [&](const std::string& of) {
    return site_->ask(alice, Method::kBundle, bundle_request(of)).code;
  };
  EXPECT_EQ(code("carol"), Code::kUnknownDevice);
  EXPECT_EQ(code("bob"), Code::kNoKeys);
  ASSERT_EQ(site_->ask(bob, Method::kPublish, bob.upload({.signed_id = 1})).code, Code::kOk);
  EXPECT_EQ(code("bob"), Code::kNoKeys);  // no last-resort key yet
  ASSERT_TRUE(site_->service.revoke(name("bob")).ok());
  EXPECT_EQ(code("bob"), Code::kRevoked);
  EXPECT_EQ(site_->ask(alice, Method::kBundle, {}).code, Code::kMalformed);
}

TEST_P(PreKeysTest, StatusTellsTheDigestOfTheRepeatedUseKeys) {
  auto bob = site_->enrol("bob");
  const auto upload = bob.upload({.signed_id = 3, .last_resort_id = 4});
  ASSERT_EQ(site_->ask(bob, Method::kPublish, upload).code, Code::kOk);
  const auto view = core::api::PublishRequestView::parse(upload);
  const auto now = status(bob);
  EXPECT_EQ(now.signed_pre_key_id, 3u);
  EXPECT_EQ(now.last_resort_id, 4u);
  EXPECT_TRUE(core::equal_var(
      now.repeated_use_digest,
      core::api::repeated_use_digest(bob.identity_key, *view->signed_pre_key, *view->last_resort)));
  EXPECT_EQ(now.server_time_ms, static_cast<std::uint64_t>(site_->wall.ms));
  EXPECT_EQ(now.mailbox_count, 0u);
}

TEST_P(PreKeysTest, UploadsThatDoNotParseOrAscendAreMalformed) {
  auto bob = site_->enrol("bob");
  auto twice = bob.upload({.first_one_time = 5, .one_time_count = 1});
  const auto lower = bob.upload({.first_one_time = 4, .one_time_count = 1});
  twice.insert(twice.end(), lower.begin(), lower.end());
  EXPECT_EQ(site_->ask(bob, Method::kPublish, twice).code, Code::kMalformed);
  EXPECT_EQ(site_->ask(bob, Method::kPublish, blob_of("garbage")).code, Code::kMalformed);
  EXPECT_EQ(status(bob).one_time_count, 0u);
}

INSTANTIATE_SITE_TEST(PreKeysTest);

}  // namespace
}  // namespace server::service
