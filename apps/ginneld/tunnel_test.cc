#include <gtest/gtest.h>
#include <sys/stat.h>

#include "apps/ginneld/gateway.h"
#include "server/broker/files.h"
#include "server/store/test_values.h"

namespace ginneld {
namespace {

class TunnelIdentityTest : public testing::Test {
 protected:
  std::optional<TunnelIdentity> open(const std::string& endpoint = {}) {
    auto opened = TunnelIdentity::open(folder(), endpoint);
    if (!opened) throw std::runtime_error(opened.error().text);
    return *std::move(opened);
  }
  DataFolder folder() const { return {at_.path()}; }
  server::store::TestFolder at_;
};

TEST_F(TunnelIdentityTest, IsMadeOnceAndRemembered) {
  EXPECT_FALSE(open().has_value());
  const auto made = open("gate.example.org");
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->host, "gate.example.org");
  EXPECT_EQ(made->port, 51820);
  EXPECT_EQ(made->prefix[0], 0xfd);
  EXPECT_EQ(made->prefix[6] | made->prefix[7], 0);
  struct stat info {};
  ASSERT_EQ(::stat(folder().tunnel().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  for (const char* endpoint : {"", "gate.example.org", "other.example.org:1"}) {
    const auto again = open(endpoint);
    EXPECT_TRUE(core::equal_var(again->private_key.view(), made->private_key.view()));
    EXPECT_EQ(again->prefix, made->prefix);
  }
  EXPECT_EQ(open()->host, "other.example.org");
  EXPECT_EQ(open()->port, 1);
}

TEST_F(TunnelIdentityTest, TwoSitesDiffer) {
  server::store::TestFolder other;
  const auto one = open("a"), two = *TunnelIdentity::open({other.path()}, "a");
  EXPECT_FALSE(core::equal_var(one->private_key.view(), two->private_key.view()));
  EXPECT_NE(one->prefix, two->prefix);
}

TEST_F(TunnelIdentityTest, TakesNamesAndAddresses) {
  const std::tuple<const char*, const char*, int> kGood[] = {
      {"10.0.0.1", "10.0.0.1", 51820},
      {"10.0.0.1:7", "10.0.0.1", 7},
      {"2001:db8::1", "2001:db8::1", 51820},
      {"[2001:db8::1]:65535", "2001:db8::1", 65535},
      {"[2001:db8::1]", "2001:db8::1", 51820}};
  for (const auto& [text, host, port] : kGood) {
    EXPECT_EQ(open(text)->host, host);
    EXPECT_EQ(open(text)->port, port);
  }
  for (const char* bad : {":1", "gate:", "gate:0", "gate:65536", "gate:x", "[::1", "[::1]x",
                          "[::1]:", "a b", "gate\nPostUp", "a/b"}) {
    EXPECT_FALSE(TunnelIdentity::open(folder(), bad).ok()) << bad;
  }
}

TEST_F(TunnelIdentityTest, IsNotMadeAnewInPlaceOfADamagedOne) {
  open("gate");
  auto text = **server::broker::read_file(folder().tunnel());
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    ASSERT_TRUE(server::broker::write_file(folder().tunnel(), text.substr(0, size), 0600).ok());
    EXPECT_FALSE(TunnelIdentity::open(folder(), "gate").ok()) << size;
  }
}

TEST_F(TunnelIdentityTest, EndpointsAreThoseOfPeersThatWereHeard) {
  const std::string key(64, 'a'), other(64, 'b'), third(64, 'c');
  const Endpoints found = endpoints_in({{"private_key", third},
                                        {"public_key", key},
                                        {"endpoint", "192.0.2.1:5"},
                                        {"last_handshake_time_sec", "17"},
                                        {"public_key", other},
                                        {"endpoint", "192.0.2.2:5"},
                                        {"last_handshake_time_sec", "0"},
                                        {"public_key", third},
                                        {"last_handshake_time_sec", "17"}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.begin()->second, "192.0.2.1:5");
  const auto path = folder().endpoints();
  EXPECT_TRUE(load_endpoints(path).empty());
  ASSERT_TRUE(save_endpoints(found, path).ok());
  EXPECT_EQ(load_endpoints(path), found);
  ASSERT_TRUE(server::broker::write_file(path, "aa 1.2.3.4:5\n" + key + " a;b\n", 0600).ok());
  EXPECT_TRUE(load_endpoints(path).empty());
}

TEST_F(TunnelIdentityTest, AGatewayNeedsANameForItsInterface) {
  Gateway gateway(*open("gate"), "no/name", folder().endpoints());
  EXPECT_EQ(gateway.start({}).error().kind, Failure::Kind::kBadInput);
}

}  // namespace
}  // namespace ginneld
