#include "ports/linux/tunnel.h"

#include <gtest/gtest.h>

#include "ports/linux/test_folder.h"
#include "ports/linux/wg_interface.h"

namespace ports::linux_os {
namespace {

TunnelSettings settings() {
  TunnelSettings out;
  for (std::uint8_t i = 0; i < 32; ++i) {
    out.private_key.mut()[i] = i;
    out.preshared_key.mut()[i] = static_cast<std::uint8_t>(0xff - i);
    out.gateway_key[i] = 0xa9;
  }
  out.endpoint_host = "gate.example.org";
  out.endpoint_port = 51820;
  out.address = {0xfd, 1, 2, 3, 4, 5, 0, 0, 0x9a, 0, 0, 0, 0, 0, 0, 7};
  out.prefix = {0xfd, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  out.prefix_bits = 128;
  out.mtu = 1280;
  out.keepalive_s = 25;
  return out;
}

// Keys by Python's base64 module.
TEST(Tunnel, IsWrittenForWgQuick) {
  EXPECT_EQ(wg_quick_file(settings()).reveal(),
            "[Interface]\n"
            "PrivateKey = AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
            "Address = fd01:203:405:0:9a00::7/128\n"
            "MTU = 1280\n"
            "\n"
            "[Peer]\n"
            "PublicKey = qampqampqampqampqampqampqampqampqampqampqak=\n"
            "PresharedKey = //79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=\n"
            "Endpoint = gate.example.org:51820\n"
            "AllowedIPs = fd01:203:405::1/128\n"
            "PersistentKeepalive = 25\n");
}

TEST(Tunnel, AnAddressAsEndpointGetsBrackets) {
  auto tunnel = settings();
  tunnel.endpoint_host = "2001:db8::1";
  tunnel.keepalive_s = 0;
  const auto file = wg_quick_file(tunnel);
  const std::string text(file.reveal());
  EXPECT_NE(text.find("Endpoint = [2001:db8::1]:51820\n"), std::string::npos);
  EXPECT_EQ(text.find("PersistentKeepalive"), std::string::npos);
}

TEST(Tunnel, IsWrittenForTheConfigurationSocket) {
  EXPECT_EQ(interface_request(settings(), "192.0.2.1:51820").reveal(),
            "set=1\n"
            "private_key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
            "replace_peers=true\n"
            "public_key=a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9\n"
            "preshared_key=fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0\n"
            "endpoint=192.0.2.1:51820\n"
            "persistent_keepalive_interval=25\n"
            "allowed_ip=fd01:203:405::1/128\n\n");
}

TEST(Tunnel, IsNotUpOnAMachineWithoutItsAddress) {
  EXPECT_EQ(tunnel_state(settings()).interface, "");
  const auto down = tunnel_down(settings());
  ASSERT_TRUE(down.ok());
  EXPECT_FALSE(*down);
}

TEST(Tunnel, NamesOfInterfacesAreShortAndPlain) {
  for (const char* good : {"a", "ginnel0", "wg-1_x.y=", "abcdefghijklmno"}) {
    EXPECT_TRUE(is_interface_name(good)) << good;
  }
  for (const char* bad : {"", ".", "-f", "a/b", "a b", "abcdefghijklmnop", "..", "x;y"}) {
    EXPECT_FALSE(is_interface_name(bad)) << bad;
    EXPECT_EQ(tunnel_up(settings(), bad).error().kind, ProblemKind::kInput) << bad;
  }
}

TEST(Tunnel, InterfacesThatNobodyServesAreToldApart) {
  const auto answer = ask_interface("ginnel-nobody", SecretText("get=1\n\n"));
  ASSERT_FALSE(answer.ok());
  EXPECT_TRUE(answer.error().kind == ProblemKind::kNetwork ||
              answer.error().kind == ProblemKind::kInternal);
}

}  // namespace
}  // namespace ports::linux_os
