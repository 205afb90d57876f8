// Runs the tests of the rules over every store.
#ifndef SERVER_SERVICE_SITE_TEST_H_
#define SERVER_SERVICE_SITE_TEST_H_

#include <gtest/gtest.h>

#include "server/service/test_site.h"
#include "server/store/memory.h"
#include "server/store/sqlite.h"

namespace server::service {

enum class Backend : std::uint8_t { kMemory, kSqlite };

class SiteTest : public testing::TestWithParam<Backend> {
 protected:
  SiteTest() {
    if (GetParam() == Backend::kMemory) {
      store_ = std::make_unique<store::MemoryStore>();
    } else {
      std::string why;
      auto opened = store::open_sqlite(folder_.path() / "store.db", why);
      if (!opened) throw std::runtime_error(why);
      store_ = *std::move(opened);
    }
    restart();
  }
  // Another service over the same store: what a server knows after a restart.
  void restart(Limits limits = {}) {
    const auto now = site_ ? site_->now : core::Instant{1'000'000};
    const auto wall = site_ ? site_->wall : core::WallTime{1'700'000'000'000};
    site_ = std::make_unique<TestSite>(*store_, limits, ++restarts_);
    site_->now = now;
    site_->wall = wall;
  }

  store::TestFolder folder_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<TestSite> site_;
  std::uint64_t restarts_ = 0;
};

inline std::string backend_name(const testing::TestParamInfo<Backend>& info) {
  return info.param == Backend::kMemory ? "memory" : "sqlite";
}

#define INSTANTIATE_SITE_TEST(name)                                                           \
  INSTANTIATE_TEST_SUITE_P(Stores, name, testing::Values(Backend::kMemory, Backend::kSqlite), \
                           backend_name)

}  // namespace server::service
#endif  // SERVER_SERVICE_SITE_TEST_H_
