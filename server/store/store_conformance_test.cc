// What store.h promises, of every implementation.
#include <gtest/gtest.h>

#include <filesystem>

#include "server/store/memory.h"
#include "server/store/sqlite.h"
#include "server/store/test_values.h"

namespace server::store {
namespace {

using core::Error;

struct Backend {
  std::string name;
  std::unique_ptr<Store> (*open)(const std::filesystem::path& folder);
};

std::unique_ptr<Store> open_memory(const std::filesystem::path&) {
  return std::make_unique<MemoryStore>();
}

std::unique_ptr<Store> open_file(const std::filesystem::path& folder) {
  std::string why;
  auto store = open_sqlite(folder / "store.db", why);
  if (!store) throw std::runtime_error(why);
  return *std::move(store);
}

class StoreConformance : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    store_ = GetParam().open(folder_.path());
    ASSERT_TRUE(store_->begin().ok());
    alice_ = *store_->add_account(test_account("alice", 1));
    bob_ = *store_->add_account(test_account("bob", 2));
  }
  void TearDown() override {
    store_->rollback();
    store_.reset();
  }

  // Commits what was done so far and goes on in a new transaction.
  void commit() {
    ASSERT_TRUE(store_->commit().ok());
    ASSERT_TRUE(store_->begin().ok());
  }
  void rollback() {
    store_->rollback();
    ASSERT_TRUE(store_->begin().ok());
  }
  Result<std::uint64_t> append(AccountId to, AccountId from, std::uint8_t mail_id,
                               std::int64_t expires_at_ms = 1'000'000, std::size_t size = 10) {
    const Blob ciphertext(size, mail_id);
    return store_->append_mail({.recipient = to,
                                .sender = from,
                                .mail_id = filled<16>(mail_id),
                                .type = 2,
                                .ciphertext = ciphertext,
                                .stored_at = {1000},
                                .expires_at = {expires_at_ms}});
  }
  std::vector<std::uint64_t> sequences(AccountId of, std::uint64_t after = 0,
                                       std::size_t count = 100, std::size_t bytes = 1 << 20,
                                       std::int64_t now_ms = 2000) {
    std::vector<std::uint64_t> out;
    const auto mails = store_->read_mail(of, after, count, bytes, {now_ms});
    for (const auto& mail : *mails) out.push_back(mail.sequence);
    return out;
  }

  TestFolder folder_;
  std::unique_ptr<Store> store_;
  AccountId alice_ = 0, bob_ = 0;
};

using Sequences = std::vector<std::uint64_t>;

TEST_P(StoreConformance, FindsWhatWasAdded) {
  const auto alice = store_->find_account(name("alice"));
  ASSERT_TRUE(alice.ok());
  EXPECT_EQ(alice->id, alice_);
  EXPECT_TRUE(alice->name == name("alice"));
  EXPECT_EQ(alice->identity_key, filled<33>(1));
  EXPECT_EQ(alice->registration_id, 1001u);
  EXPECT_EQ(alice->enrolled_at.ms, 500);
  EXPECT_EQ(alice->state, AccountState::kActive);
  EXPECT_EQ(store_->find_account(name("carol")).error(), Error::kNotFound);
  EXPECT_TRUE(*store_->key_owner(filled<33>(2)) == name("bob"));
  EXPECT_EQ(store_->key_owner(filled<33>(3)).error(), Error::kNotFound);
}

TEST_P(StoreConformance, KeepsANameAndAKeyForTheFirst) {
  EXPECT_EQ(store_->add_account(test_account("alice", 9)).error(), Error::kReplay);
  EXPECT_EQ(store_->add_account(test_account("carol", 1)).error(), Error::kReplay);
  commit();  // the refusals have not ended the transaction
  EXPECT_EQ(store_->find_account(name("carol")).error(), Error::kNotFound);
  EXPECT_EQ(store_->find_account(name("alice"))->identity_key, filled<33>(1));
}

TunnelPeer test_peer(AccountId account, std::uint8_t value) {
  return {.account = account,
          .host = filled<8>(value),
          .public_key = filled<32>(value),
          .preshared_key = filled<32>(static_cast<std::uint8_t>(value + 100))};
}

TEST_P(StoreConformance, ATunnelsPeersHaveAnAddressEach) {
  EXPECT_EQ(store_->find_tunnel_peer(alice_).error(), Error::kNotFound);
  EXPECT_EQ(store_->put_tunnel_peer(test_peer(99, 1)).error(), Error::kNotFound);
  ASSERT_TRUE(store_->put_tunnel_peer(test_peer(alice_, 7)).ok());
  ASSERT_TRUE(store_->put_tunnel_peer(test_peer(bob_, 5)).ok());
  EXPECT_EQ(store_->put_tunnel_peer(test_peer(bob_, 7)).error(), Error::kReplay);
  commit();  // the refusal has changed nothing
  const auto alice = store_->find_tunnel_peer(alice_);
  ASSERT_TRUE(alice.ok());
  EXPECT_EQ(alice->account, alice_);
  EXPECT_EQ(alice->host, filled<8>(7));
  EXPECT_EQ(alice->public_key, filled<32>(7));
  EXPECT_EQ(alice->preshared_key, filled<32>(107));
  auto all = store_->list_tunnel_peers();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].account, bob_);
  EXPECT_EQ((*all)[1].account, alice_);
  // Another key in place of the first, whose address is then free.
  ASSERT_TRUE(store_->put_tunnel_peer(test_peer(alice_, 9)).ok());
  ASSERT_TRUE(store_->put_tunnel_peer(test_peer(bob_, 7)).ok());
  EXPECT_EQ(store_->list_tunnel_peers()->size(), 2u);
  ASSERT_TRUE(store_->revoke_account(bob_).ok());
  EXPECT_EQ(store_->find_tunnel_peer(bob_).error(), Error::kNotFound);
  EXPECT_EQ(store_->list_tunnel_peers()->size(), 1u);
  rollback();
  EXPECT_EQ(store_->find_tunnel_peer(bob_)->host, filled<8>(5));
}

TEST_P(StoreConformance, ListsByNameInPages) {
  ASSERT_TRUE(store_->add_account(test_account("al", 3)).ok());
  ASSERT_TRUE(store_->add_account(test_account("b-", 4)).ok());
  const auto names = [&](const core::DeviceName& after, std::size_t limit) {
    std::string out;
    const auto accounts = store_->list_accounts(after, limit);
    for (const auto& account : *accounts) {
      out.append(account.name.bytes().begin(), account.name.bytes().end()).append(" ");
    }
    return out;
  };
  EXPECT_EQ(names({}, 10), "al alice b- bob ");
  EXPECT_EQ(names({}, 2), "al alice ");
  EXPECT_EQ(names(name("alice"), 2), "b- bob ");
  EXPECT_EQ(names(name("bob"), 2), "");
}

TEST_P(StoreConformance, RollsBackWithoutATrace) {
  commit();
  ASSERT_TRUE(store_->add_account(test_account("carol", 3)).ok());
  ASSERT_TRUE(append(bob_, alice_, 1).ok());
  const OneTimeKey key{1, filled<33>(7)};
  ASSERT_TRUE(store_->add_one_time(bob_, {&key, 1}).ok());
  ASSERT_TRUE(store_->take_one_time(bob_).ok());
  rollback();
  EXPECT_EQ(store_->find_account(name("carol")).error(), Error::kNotFound);
  EXPECT_EQ(store_->key_owner(filled<33>(3)).error(), Error::kNotFound);
  EXPECT_TRUE(sequences(bob_).empty());
  EXPECT_FALSE(*store_->mail_known(alice_, bob_, filled<16>(1)));
  EXPECT_EQ(store_->pre_key_state(bob_)->highest_one_time, 0u);
  EXPECT_EQ(*append(bob_, alice_, 1), 1u);  // the number was not used up
}

TEST_P(StoreConformance, RollingBackNothingIsHarmless) {
  store_->rollback();
  store_->rollback();
  ASSERT_TRUE(store_->begin().ok());
}

TEST_P(StoreConformance, RevocationDropsKeysMailAndAnswers) {
  const OneTimeKey key{5, filled<33>(7)};
  ASSERT_TRUE(store_->add_one_time(bob_, {&key, 1}).ok());
  ASSERT_TRUE(store_->put_repeated(bob_, RepeatedKind::kSigned, test_signed(5)).ok());
  ASSERT_TRUE(append(bob_, alice_, 1).ok());
  ASSERT_TRUE(append(alice_, bob_, 2).ok());
  ASSERT_TRUE(store_->add_answer(bob_, filled<16>(1), filled<32>(1), Blob{1}, {1}).ok());
  ASSERT_TRUE(store_->revoke_account(bob_).ok());
  commit();
  EXPECT_EQ(store_->find_account(name("bob"))->state, AccountState::kRevoked);
  EXPECT_EQ(store_->take_one_time(bob_).error(), Error::kNotFound);
  EXPECT_EQ(store_->pre_key_state(bob_)->one_time_count, 0u);
  EXPECT_EQ(store_->get_repeated(bob_, RepeatedKind::kSigned).error(), Error::kNotFound);
  EXPECT_TRUE(sequences(bob_).empty());
  EXPECT_EQ(store_->mail_load(bob_, alice_)->sender_count, 0u);
  EXPECT_EQ(sequences(alice_), Sequences{1});  // what bob has sent stays
  EXPECT_EQ(store_->find_answer(bob_, filled<16>(1)).error(), Error::kNotFound);
  EXPECT_EQ(store_->revoke_account(999).error(), Error::kNotFound);
}

TEST_P(StoreConformance, ARevokedNameTakesANewKeyButNeverAKnownOne) {
  EXPECT_EQ(store_->renew_account(test_account("bob", 9)).error(), Error::kOutOfOrder);
  EXPECT_EQ(store_->renew_account(test_account("carol", 9)).error(), Error::kNotFound);
  ASSERT_TRUE(append(bob_, alice_, 1).ok());
  ASSERT_TRUE(store_->put_repeated(bob_, RepeatedKind::kSigned, test_signed(50)).ok());
  ASSERT_TRUE(store_->revoke_account(bob_).ok());
  EXPECT_EQ(store_->renew_account(test_account("bob", 2)).error(), Error::kReplay);  // its own
  EXPECT_EQ(store_->renew_account(test_account("bob", 1)).error(), Error::kReplay);  // alice's
  EXPECT_EQ(store_->find_account(name("bob"))->state, AccountState::kRevoked);
  ASSERT_TRUE(store_->renew_account(test_account("bob", 9)).ok());
  commit();
  const auto bob = store_->find_account(name("bob"));
  EXPECT_EQ(bob->id, bob_);
  EXPECT_EQ(bob->state, AccountState::kActive);
  EXPECT_EQ(bob->identity_key, filled<33>(9));
  EXPECT_TRUE(*store_->key_owner(filled<33>(2)) == name("bob"));
  EXPECT_EQ(store_->add_account(test_account("carol", 2)).error(), Error::kReplay);
  EXPECT_EQ(store_->pre_key_state(bob_)->highest_signed, 0u);
  EXPECT_EQ(*append(bob_, alice_, 2), 2u);  // sequence numbers go on
}

TEST_P(StoreConformance, AnInviteIsUsedOnce) {
  const Invite invite{.id = filled<8>(1),
                      .name = name("carol"),
                      .secret = filled<16>(2),
                      .expires_at = {5000},
                      .used_at = {},
                      .request_digest = {},
                      .response = {}};
  ASSERT_TRUE(store_->add_invite(invite).ok());
  EXPECT_EQ(store_->add_invite(invite).error(), Error::kReplay);
  auto found = store_->find_invite(filled<8>(1));
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->name == name("carol"));
  EXPECT_EQ(found->secret, filled<16>(2));
  EXPECT_EQ(found->expires_at.ms, 5000);
  EXPECT_FALSE(found->used_at);
  const Blob response{1, 2, 3};
  EXPECT_EQ(store_->use_invite(filled<8>(2), {1}, filled<32>(1), response).error(),
            Error::kNotFound);
  ASSERT_TRUE(store_->use_invite(filled<8>(1), {7}, filled<32>(1), response).ok());
  EXPECT_EQ(store_->use_invite(filled<8>(1), {8}, filled<32>(2), {}).error(), Error::kReplay);
  commit();
  found = store_->find_invite(filled<8>(1));
  EXPECT_EQ(found->used_at->ms, 7);
  EXPECT_EQ(found->request_digest, filled<32>(1));
  EXPECT_EQ(found->response, response);
  EXPECT_EQ(*store_->forget_invites({5000}, 10), 0u);
  EXPECT_EQ(*store_->forget_invites({5001}, 10), 1u);
  EXPECT_EQ(store_->find_invite(filled<8>(1)).error(), Error::kNotFound);
}

TEST_P(StoreConformance, IdsOfPrekeysOnlyGrow) {
  ASSERT_TRUE(store_->put_repeated(bob_, RepeatedKind::kSigned, test_signed(5)).ok());
  EXPECT_EQ(store_->put_repeated(bob_, RepeatedKind::kSigned, test_signed(5)).error(),
            Error::kReplay);
  EXPECT_EQ(store_->put_repeated(bob_, RepeatedKind::kSigned, test_signed(4)).error(),
            Error::kReplay);
  ASSERT_TRUE(store_->put_repeated(bob_, RepeatedKind::kLastResort, test_last_resort(4)).ok());
  const std::vector<OneTimeKey> keys{{3, filled<33>(1)}, {5, filled<33>(2)}};
  ASSERT_TRUE(store_->add_one_time(bob_, keys).ok());
  const std::vector<OneTimeKey> again{{5, filled<33>(3)}, {6, filled<33>(4)}};
  EXPECT_EQ(store_->add_one_time(bob_, again).error(), Error::kReplay);
  const std::vector<OneTimeKemKey> kem{{2, Blob(1569, 1), filled<64>(1)}};
  ASSERT_TRUE(store_->add_one_time_kem(bob_, kem).ok());
  EXPECT_EQ(store_->add_one_time_kem(bob_, kem).error(), Error::kReplay);
  ASSERT_TRUE(store_->take_one_time(bob_).ok());
  ASSERT_TRUE(store_->take_one_time(bob_).ok());
  EXPECT_EQ(store_->add_one_time(bob_, keys).error(), Error::kReplay);  // although taken
  commit();
  const auto state = store_->pre_key_state(bob_);
  EXPECT_EQ(state->one_time_count, 0u);
  EXPECT_EQ(state->one_time_kem_count, 1u);
  EXPECT_EQ(state->highest_signed, 5u);
  EXPECT_EQ(state->highest_last_resort, 4u);
  EXPECT_EQ(state->highest_one_time, 5u);
  EXPECT_EQ(state->highest_one_time_kem, 2u);
}

TEST_P(StoreConformance, RepeatedKeysReplaceEachOther) {
  EXPECT_EQ(store_->get_repeated(bob_, RepeatedKind::kSigned).error(), Error::kNotFound);
  ASSERT_TRUE(store_->put_repeated(bob_, RepeatedKind::kSigned, test_signed(5)).ok());
  ASSERT_TRUE(store_->put_repeated(bob_, RepeatedKind::kSigned, test_signed(6)).ok());
  ASSERT_TRUE(store_->put_repeated(bob_, RepeatedKind::kLastResort, test_last_resort(1)).ok());
  const auto key = store_->get_repeated(bob_, RepeatedKind::kSigned);
  EXPECT_EQ(key->id, 6u);
  EXPECT_EQ(key->public_key, Blob(33, 6));
  EXPECT_EQ(key->signature, filled<64>(6));
  EXPECT_EQ(store_->get_repeated(bob_, RepeatedKind::kLastResort)->public_key, Blob(1569, 1));
}

TEST_P(StoreConformance, OneTimeKeysGoOutOnceInOrder) {
  std::vector<OneTimeKey> keys;
  std::vector<OneTimeKemKey> kem;
  for (std::uint8_t i = 1; i <= 20; ++i) {
    keys.push_back({i, filled<33>(i)});
    kem.push_back({i, Blob(1569, i), filled<64>(i)});
  }
  ASSERT_TRUE(store_->add_one_time(bob_, keys).ok());
  ASSERT_TRUE(store_->add_one_time_kem(bob_, kem).ok());
  for (std::uint8_t i = 1; i <= 20; ++i) {
    const auto key = store_->take_one_time(bob_);
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(key->id, i);
    EXPECT_EQ(key->public_key, filled<33>(i));
    const auto kem_key = store_->take_one_time_kem(bob_);
    ASSERT_TRUE(kem_key.ok());
    EXPECT_EQ(kem_key->id, i);
    EXPECT_EQ(kem_key->public_key, Blob(1569, i));
    EXPECT_EQ(kem_key->signature, filled<64>(i));
    EXPECT_EQ(store_->pre_key_state(bob_)->one_time_count, 20u - i);
    EXPECT_EQ(store_->pre_key_state(bob_)->one_time_kem_count, 20u - i);
  }
  EXPECT_EQ(store_->take_one_time(bob_).error(), Error::kNotFound);
  EXPECT_EQ(store_->take_one_time_kem(bob_).error(), Error::kNotFound);
  EXPECT_EQ(store_->take_one_time(alice_).error(), Error::kNotFound);
}

TEST_P(StoreConformance, DroppedOneTimeKeysAreGoneAndTheirIdsStayUsed) {
  const OneTimeKey key{5, filled<33>(7)};
  const OneTimeKemKey kem{6, Blob(1569, 7), filled<64>(7)};
  for (const auto owner : {alice_, bob_}) {
    ASSERT_TRUE(store_->add_one_time(owner, {&key, 1}).ok());
    ASSERT_TRUE(store_->add_one_time_kem(owner, {&kem, 1}).ok());
  }
  ASSERT_TRUE(store_->drop_one_time(bob_).ok());
  commit();
  const auto state = *store_->pre_key_state(bob_);
  EXPECT_EQ(state.one_time_count, 0u);
  EXPECT_EQ(state.one_time_kem_count, 0u);
  EXPECT_EQ(state.highest_one_time, 5u);
  EXPECT_EQ(state.highest_one_time_kem, 6u);
  EXPECT_EQ(store_->take_one_time(bob_).error(), Error::kNotFound);
  EXPECT_EQ(store_->take_one_time_kem(bob_).error(), Error::kNotFound);
  EXPECT_EQ(store_->pre_key_state(alice_)->one_time_count, 1u);
  EXPECT_EQ(store_->take_one_time_kem(alice_)->id, 6u);
}

TEST_P(StoreConformance, KeepsTheHighestCheckpointOfEachIdentity) {
  EXPECT_EQ(store_->checkpoint(bob_).error(), Error::kNotFound);
  ASSERT_TRUE(store_->note_checkpoint(bob_, {7, filled<48>(7)}).ok());
  ASSERT_TRUE(store_->note_checkpoint(bob_, {6, filled<48>(6)}).ok());
  ASSERT_TRUE(store_->note_checkpoint(bob_, {7, filled<48>(8)}).ok());
  commit();
  EXPECT_EQ(store_->checkpoint(bob_)->generation, 7u);
  EXPECT_EQ(store_->checkpoint(bob_)->seal, filled<48>(7));
  EXPECT_EQ(store_->checkpoint(alice_).error(), Error::kNotFound);
  const std::uint64_t most = std::uint64_t{1} << 53;
  ASSERT_TRUE(store_->note_checkpoint(bob_, {most, filled<48>(9)}).ok());
  EXPECT_EQ(store_->checkpoint(bob_)->generation, most);
  ASSERT_TRUE(store_->revoke_account(bob_).ok());
  ASSERT_TRUE(store_->renew_account(test_account("bob", 9)).ok());
  EXPECT_EQ(store_->checkpoint(bob_).error(), Error::kNotFound) << "another identity, from 0";
}

TEST_P(StoreConformance, MailIsNumberedPerRecipient) {
  EXPECT_EQ(*append(bob_, alice_, 1), 1u);
  EXPECT_EQ(*append(bob_, bob_, 1), 2u);
  EXPECT_EQ(*append(alice_, bob_, 1), 1u);
  EXPECT_EQ(*append(bob_, alice_, 2), 3u);
  commit();
  const auto mails = store_->read_mail(bob_, 1, 10, 1000, {2000});
  ASSERT_EQ(mails->size(), 2u);
  const StoredMail& mail = (*mails)[1];
  EXPECT_EQ(mail.sequence, 3u);
  EXPECT_TRUE(mail.sender == name("alice"));
  EXPECT_EQ(mail.mail_id, filled<16>(2));
  EXPECT_EQ(mail.type, 2u);
  EXPECT_EQ(mail.ciphertext, Blob(10, 2));
  EXPECT_EQ(mail.stored_at.ms, 1000);
}

TEST_P(StoreConformance, AMailIsStoredOnceEvenAfterItsDelivery) {
  ASSERT_TRUE(append(bob_, alice_, 1).ok());
  EXPECT_EQ(append(bob_, alice_, 1).error(), Error::kReplay);
  ASSERT_TRUE(store_->acknowledge(bob_, 1).ok());
  EXPECT_EQ(append(bob_, alice_, 1).error(), Error::kReplay);
  EXPECT_TRUE(*store_->mail_known(alice_, bob_, filled<16>(1)));
  EXPECT_FALSE(*store_->mail_known(bob_, alice_, filled<16>(1)));
  EXPECT_EQ(*append(alice_, alice_, 1), 1u);  // another recipient: another mail
  EXPECT_EQ(*store_->forget_mail_ids({1000}, 10), 0u);
  EXPECT_EQ(*store_->forget_mail_ids({1001}, 10), 2u);
  EXPECT_EQ(*append(bob_, alice_, 1), 2u);
}

TEST_P(StoreConformance, ReadsWithinItsLimits) {
  for (std::uint8_t i = 1; i <= 5; ++i) ASSERT_TRUE(append(bob_, alice_, i).ok());
  EXPECT_EQ(sequences(bob_, 0, 2), (Sequences{1, 2}));
  EXPECT_EQ(sequences(bob_, 3, 9), (Sequences{4, 5}));
  EXPECT_EQ(sequences(bob_, 0, 9, 30), (Sequences{1, 2, 3}));
  EXPECT_EQ(sequences(bob_, 0, 9, 29), (Sequences{1, 2}));
  EXPECT_EQ(sequences(bob_, 0, 9, 1), Sequences{1});  // at least one
  EXPECT_TRUE(sequences(bob_, 0, 0).empty());
}

TEST_P(StoreConformance, AnAcknowledgementIsCumulative) {
  for (std::uint8_t i = 1; i <= 5; ++i) ASSERT_TRUE(append(bob_, alice_, i).ok());
  EXPECT_EQ(*store_->acknowledge(bob_, 3), 2u);
  EXPECT_EQ(*store_->acknowledge(bob_, 2), 2u);
  EXPECT_EQ(sequences(bob_), (Sequences{4, 5}));
  EXPECT_EQ(*store_->acknowledge(alice_, 0), 0u);
  EXPECT_EQ(*store_->acknowledge(bob_, 100), 0u);
  EXPECT_EQ(*append(bob_, alice_, 6), 101u);  // above what the device has seen
}

TEST_P(StoreConformance, CountsWhatWaits) {
  ASSERT_TRUE(append(bob_, alice_, 1, 1'000'000, 100).ok());
  ASSERT_TRUE(append(bob_, alice_, 2, 1'000'000, 50).ok());
  ASSERT_TRUE(append(bob_, bob_, 3, 1'000'000, 7).ok());
  const auto expect_load = [&](AccountId sender, std::array<std::uint64_t, 4> want) {
    const auto load = store_->mail_load(bob_, sender);
    ASSERT_TRUE(load.ok());
    EXPECT_EQ((std::array{load->count, load->bytes, load->sender_count, load->sender_bytes}), want);
  };
  expect_load(alice_, {3, 157, 2, 150});
  expect_load(bob_, {3, 157, 1, 7});
  ASSERT_TRUE(store_->acknowledge(bob_, 1).ok());
  expect_load(alice_, {2, 57, 1, 50});
  ASSERT_TRUE(store_->acknowledge(bob_, 3).ok());
  expect_load(alice_, {0, 0, 0, 0});
}

TEST_P(StoreConformance, MailExpires) {
  ASSERT_TRUE(append(bob_, alice_, 1, 3000).ok());
  ASSERT_TRUE(append(bob_, alice_, 2, 9000).ok());
  ASSERT_TRUE(append(bob_, alice_, 3, 3001).ok());
  EXPECT_EQ(sequences(bob_, 0, 9, 1000, 2999), (Sequences{1, 2, 3}));
  EXPECT_EQ(sequences(bob_, 0, 9, 1000, 3000), (Sequences{2, 3}));
  EXPECT_EQ(*store_->expire_mail({5000}, 1), 1u);
  EXPECT_EQ(*store_->expire_mail({5000}, 9), 1u);
  EXPECT_EQ(*store_->expire_mail({5000}, 9), 0u);
  EXPECT_EQ(sequences(bob_, 0, 9, 1000, 0), Sequences{2});
  EXPECT_EQ(store_->mail_load(bob_, alice_)->sender_count, 1u);
  EXPECT_EQ(store_->mail_load(bob_, alice_)->bytes, 10u);
}

TEST_P(StoreConformance, KeepsTheFirstAnswer) {
  const Blob response{4, 5, 6};
  EXPECT_EQ(store_->find_answer(bob_, filled<16>(1)).error(), Error::kNotFound);
  ASSERT_TRUE(store_->add_answer(bob_, filled<16>(1), filled<32>(2), response, {1000}).ok());
  EXPECT_EQ(store_->add_answer(bob_, filled<16>(1), filled<32>(3), {}, {1000}).error(),
            Error::kReplay);
  ASSERT_TRUE(store_->add_answer(alice_, filled<16>(1), filled<32>(3), {}, {2000}).ok());
  commit();
  const auto answer = store_->find_answer(bob_, filled<16>(1));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->digest, filled<32>(2));
  EXPECT_EQ(answer->response, response);
  EXPECT_TRUE(store_->find_answer(alice_, filled<16>(1))->response.empty());
  EXPECT_EQ(*store_->forget_answers({2000}, 9), 1u);
  EXPECT_EQ(store_->find_answer(bob_, filled<16>(1)).error(), Error::kNotFound);
  EXPECT_TRUE(store_->find_answer(alice_, filled<16>(1)).ok());
}

TEST_P(StoreConformance, TrimsTheOldestAnswersOfADeviceThatHasTooMany) {
  for (std::uint8_t i = 9; i >= 1; --i) {  // ids fall as they come
    ASSERT_TRUE(store_->add_answer(bob_, filled<16>(i), filled<32>(1), {}, {1000}).ok());
  }
  ASSERT_TRUE(store_->add_answer(alice_, filled<16>(1), filled<32>(1), {}, {10}).ok());
  EXPECT_EQ(*store_->trim_answers(9, 100), 0u);
  EXPECT_EQ(*store_->trim_answers(5, 3), 3u);
  EXPECT_EQ(*store_->trim_answers(5, 100), 1u);
  EXPECT_EQ(*store_->trim_answers(5, 100), 0u);
  for (std::uint8_t i = 1; i <= 9; ++i) {
    EXPECT_EQ(store_->find_answer(bob_, filled<16>(i)).ok(), i <= 5) << int{i};
  }
  EXPECT_TRUE(store_->find_answer(alice_, filled<16>(1)).ok());
  EXPECT_EQ(*store_->forget_answers({5000}, 100), 6u);
  EXPECT_EQ(store_->totals()->answers, 0u);
  EXPECT_EQ(*store_->trim_answers(0, 100), 0u);
}

TEST_P(StoreConformance, Totals) {
  ASSERT_TRUE(append(bob_, alice_, 1, 1'000'000, 100).ok());
  ASSERT_TRUE(append(alice_, bob_, 1, 1'000'000, 20).ok());
  const OneTimeKey key{1, filled<33>(7)};
  ASSERT_TRUE(store_->add_one_time(bob_, {&key, 1}).ok());
  ASSERT_TRUE(store_->revoke_account(alice_).ok());
  const auto totals = store_->totals();
  ASSERT_TRUE(totals.ok());
  EXPECT_EQ(totals->devices, 1u);
  EXPECT_EQ(totals->revoked, 1u);
  EXPECT_EQ(totals->mails, 1u);
  EXPECT_EQ(totals->mail_bytes, 100u);
  EXPECT_EQ(totals->one_time_keys, 1u);
  EXPECT_EQ(totals->one_time_kem_keys, 0u);
  EXPECT_EQ(totals->answers, 0u);
  EXPECT_EQ(totals->invites, 0u);
}

INSTANTIATE_TEST_SUITE_P(Backends, StoreConformance,
                         testing::Values(Backend{"memory", open_memory},
                                         Backend{"sqlite", open_file}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace server::store
