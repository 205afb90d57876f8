// Many takers at once: threads over one service, and processes over one file.
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "server/service/site_test.h"

namespace server::service {
namespace {

using core::api::BundleResponseView;

constexpr int kTakers = 8;
constexpr int kTakesEach = 20;

class ConcurrencyTest : public SiteTest {};

TEST_P(ConcurrencyTest, ThreadsNeverGetTheSameKey) {
  Limits limits;
  limits.bundle_burst = kTakesEach;
  restart(limits);
  site_->enrol_with_keys("bob", 100, 32);
  std::vector<TestDevice> takers;
  for (int i = 0; i < kTakers; ++i) takers.push_back(site_->enrol("taker" + std::to_string(i)));
  std::vector<std::vector<OutgoingPublish>> outs(kTakers);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kTakers; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTakesEach; ++i) {
        const std::vector<IncomingRequest> batch{
            takers[t].request(Method::kBundle, bundle_request("bob"))};
        for (auto& out : site_->service.handle(batch, site_->now, site_->wall)) {
          if (out.correlation) outs[t].push_back(std::move(out));
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::multiset<std::uint32_t> one_time;
  std::multiset<std::uint32_t> kem;
  for (const auto& out : outs) {
    ASSERT_EQ(out.size(), static_cast<std::size_t>(kTakesEach));
    for (const auto& publish : out) {
      const auto response = core::api::ResponseView::parse(publish.payload);
      const auto bundle = BundleResponseView::parse(response->body);
      ASSERT_TRUE(bundle.ok());
      if (bundle->one_time) one_time.insert(bundle->one_time->id);
      kem.insert(bundle->kem.id);
    }
  }
  EXPECT_EQ(one_time.size(), 100u);
  EXPECT_EQ(std::set(one_time.begin(), one_time.end()).size(), 100u);
  for (std::uint32_t id = 2; id <= 32; ++id) EXPECT_EQ(kem.count(id), 1u) << id;
}

INSTANTIATE_SITE_TEST(ConcurrencyTest);

// One taking process: its own connection and service over the same file.
int take_in_a_process(const std::filesystem::path& folder, int index) {
  std::string why;
  auto opened = store::open_sqlite(folder / "store.db", why);
  if (!opened) return 1;
  Limits limits;
  limits.bundle_burst = 1000;
  TestSite site(**opened, limits, 500 + static_cast<std::uint64_t>(index));
  auto taker = site.enrol("taker" + std::to_string(index));
  std::ofstream out(folder / ("keys" + std::to_string(index)));
  for (int i = 0; i < kTakesEach; ++i) {
    const auto request = taker.request(Method::kBundle, bundle_request("bob"));
    for (;;) {
      site.handle({request});
      const auto replies = site.take("ginnel/1/down/taker" + std::to_string(index) + "/reply");
      if (replies.empty()) continue;  // the file was busy for too long: repeat
      const auto response = core::api::ResponseView::parse(replies.back().payload);
      const auto bundle = BundleResponseView::parse(response->body);
      if (!bundle) return 2;
      if (bundle->one_time) out << bundle->one_time->id << "\n";
      break;
    }
  }
  return 0;
}

TEST(ConcurrencyOfProcesses, NeverGetTheSameKey) {
  const store::TestFolder folder;
  {
    std::string why;
    auto opened = store::open_sqlite(folder.path() / "store.db", why);
    ASSERT_TRUE(opened.ok()) << why;
    TestSite site(**opened);
    site.enrol_with_keys("bob", 100, 0);
  }
  std::vector<pid_t> children;
  for (int i = 0; i < kTakers; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(take_in_a_process(folder.path(), i));
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  std::multiset<int> keys;
  for (int i = 0; i < kTakers; ++i) {
    std::ifstream in(folder.path() / ("keys" + std::to_string(i)));
    for (int key = 0; in >> key;) keys.insert(key);
  }
  EXPECT_EQ(keys.size(), 100u);
  EXPECT_EQ(std::set(keys.begin(), keys.end()).size(), 100u);
}

}  // namespace
}  // namespace server::service
