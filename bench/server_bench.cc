// The server's rates on SQLite with synchronous=FULL: bundle take and mail
// append by size of the group commit, and the service with its signatures.
// items_per_second is what counts: time is mostly the disk's.
#include <benchmark/benchmark.h>

#include "server/service/test_site.h"
#include "server/store/sqlite.h"

namespace {

using namespace server::service;
namespace store = server::store;

constexpr std::size_t kMailSize = 512;

std::unique_ptr<store::Store> open_store(const store::TestFolder& folder) {
  std::string why;
  auto opened = store::open_sqlite(folder.path() / "bench.db", why);
  if (!opened) throw std::runtime_error(why);
  return *std::move(opened);
}

void require(bool ok) {
  if (!ok) throw std::runtime_error("the store failed");
}

core::ByteArray<16> next_id(std::uint64_t& counter) {
  // Spread as random ids are, so that the index pages are too.
  const std::uint64_t mixed = ++counter * 0x9e3779b97f4a7c15;
  core::ByteArray<16> out{};
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(mixed >> (8 * i));
  for (std::size_t i = 0; i < 8; ++i) out[8 + i] = static_cast<std::uint8_t>(counter >> (8 * i));
  return out;
}

// One one-time key taken and its answer stored, `range` of them a commit.
void BM_BundleTake(benchmark::State& state) {
  const store::TestFolder folder;
  const auto db = open_store(folder);
  constexpr std::uint32_t kDevices = 200;
  constexpr std::uint32_t kStock = 500;
  std::uint32_t next_key = 1;
  std::vector<store::AccountId> accounts;
  require(db->begin().ok());
  for (std::uint32_t i = 0; i < kDevices; ++i) {
    auto account = store::test_account("device" + std::to_string(i), 0);
    account.identity_key[1] = static_cast<std::uint8_t>(i);
    accounts.push_back(*db->add_account(account));
  }
  require(db->commit().ok());
  const auto refill = [&] {
    require(db->begin().ok());
    std::vector<store::OneTimeKey> keys;
    for (std::uint32_t i = 0; i < kStock; ++i) keys.push_back({next_key++, store::filled<33>(1)});
    for (const auto account : accounts) require(db->add_one_time(account, keys).ok());
    require(db->commit().ok());
  };
  std::uint64_t counter = 0;
  std::uint64_t left = 0;
  const auto batch = static_cast<std::uint64_t>(state.range(0));
  const store::Blob response(1850);
  const auto digest = store::filled<32>(1);
  for (auto _ : state) {
    if (left < batch) {
      state.PauseTiming();
      refill();
      left = std::uint64_t{kDevices} * kStock;
      state.ResumeTiming();
    }
    require(db->begin().ok());
    for (std::uint64_t i = 0; i < batch; ++i, --left) {
      const auto account = accounts[counter % kDevices];
      const auto id = next_id(counter);
      require(db->take_one_time(account).ok());
      require(db->add_answer(account, id, digest, response, {1}).ok());
    }
    require(db->commit().ok());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_BundleTake)->Arg(1)->Arg(16)->Arg(64)->UseRealTime();

// One mail of 512 bytes appended, `range` of them a commit.
void BM_MailAppend(benchmark::State& state) {
  const store::TestFolder folder;
  const auto db = open_store(folder);
  require(db->begin().ok());
  const auto alice = *db->add_account(store::test_account("alice", 1));
  std::vector<store::AccountId> recipients;
  for (std::uint8_t i = 10; i < 60; ++i) {
    recipients.push_back(*db->add_account(store::test_account("r" + std::to_string(i), i)));
  }
  require(db->commit().ok());
  std::uint64_t counter = 0;
  const store::Blob ciphertext(kMailSize, 1);
  for (auto _ : state) {
    require(db->begin().ok());
    for (int i = 0; i < state.range(0); ++i) {
      const auto recipient = recipients[counter % recipients.size()];
      require(db->append_mail({.recipient = recipient,
                               .sender = alice,
                               .mail_id = next_id(counter),
                               .type = 2,
                               .ciphertext = ciphertext,
                               .stored_at = {1},
                               .expires_at = {INT64_MAX}})
                  .ok());
    }
    require(db->commit().ok());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_MailAppend)->Arg(1)->Arg(16)->Arg(64)->UseRealTime();

// Whole requests through the service: batches of `range` signed `send`s with
// `mails` mails each, then one signed `ack` of all by the recipient.
void BM_ServiceSendAndAck(benchmark::State& state) {
  const store::TestFolder folder;
  const auto db = open_store(folder);
  Limits limits;
  limits.max_sender_count = limits.max_mailbox_count;
  limits.request_burst = 1'000'000'000;
  TestSite site(*db, limits);
  auto alice = site.enrol("alice");
  auto bob = site.enrol("bob");
  site.ask(bob, Method::kAck, ack(0, 256));
  std::uint64_t sequence = 0;
  std::uint64_t counter = 0;
  const auto per_request = static_cast<int>(state.range(1));
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<IncomingRequest> requests;
    for (int i = 0; i < state.range(0); ++i) {
      store::Blob body;
      for (int m = 0; m < per_request; ++m) {
        const store::Blob ciphertext(kMailSize, 1);
        const auto id = next_id(counter);
        store::Blob mail(kMailSize + 128);
        const core::api::MailView view{
            .to = name("bob"), .mail_id = id, .type = 2, .ciphertext = ciphertext};
        mail.resize(*view.encode(mail));
        const auto field = mails({mail});
        body.insert(body.end(), field.begin(), field.end());
      }
      requests.push_back(alice.request(Method::kSend, body));
    }
    sequence += static_cast<std::uint64_t>(state.range(0) * per_request);
    const std::vector<IncomingRequest> acks{bob.request(Method::kAck, ack(sequence, 256))};
    state.ResumeTiming();
    benchmark::DoNotOptimize(site.service.handle(requests, site.now, site.wall));
    benchmark::DoNotOptimize(site.service.handle(acks, site.now, site.wall));
  }
  require(site.service.counters().mails_stored == sequence);
  state.SetItemsProcessed(state.iterations() * state.range(0) * per_request);
}
BENCHMARK(BM_ServiceSendAndAck)
    ->Args({1, 1})
    ->Args({16, 1})
    ->Args({64, 1})
    ->Args({16, 16})
    ->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
