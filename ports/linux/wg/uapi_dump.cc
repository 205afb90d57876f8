#include "ports/linux/wg/uapi_dump.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <charconv>

#include "core/crypto/ct.h"

namespace ports::linux_os::wg {
namespace {

// Without a table or a branch that depends on the value, 0 to 15.
char hex_digit(unsigned value) {
  const unsigned is_letter = (9u - value) >> 31;
  return static_cast<char>('0' + value + is_letter * ('a' - '0' - 10));
}

}  // namespace

TextOut& TextOut::text(std::string_view text) {
  CHECK(text.size() <= room());
  text.copy(room_.data() + size_, text.size());
  size_ += text.size();
  return *this;
}

TextOut& TextOut::number(std::uint64_t value) {
  const auto end = std::to_chars(room_.data() + size_, room_.data() + room_.size(), value);
  CHECK(end.ec == std::errc());
  size_ = static_cast<std::size_t>(end.ptr - room_.data());
  return *this;
}

TextOut& TextOut::hex(core::Bytes bytes) {
  CHECK(2 * bytes.size() <= room());
  for (const std::uint8_t byte : bytes) {
    room_[size_++] = hex_digit(byte >> 4);
    room_[size_++] = hex_digit(byte & 15u);
  }
  return *this;
}

TextOut& TextOut::address(const core::wg::IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> shown{};
  const bool v4 = address.family == core::wg::Family::kIpv4;
  ::inet_ntop(v4 ? AF_INET : AF_INET6, address.bytes.data(), shown.data(), shown.size());
  return text(shown.data());
}

TextOut& TextOut::endpoint(const core::wg::Endpoint& endpoint) {
  const bool v6 = endpoint.address.family == core::wg::Family::kIpv6;
  if (v6) text("[");
  address(endpoint.address);
  if (endpoint.scope != 0) {
    std::array<char, IF_NAMESIZE> name{};
    text("%");
    if (::if_indextoname(endpoint.scope, name.data()) != nullptr) {
      text(name.data());
    } else {
      number(endpoint.scope);
    }
  }
  return text(v6 ? "]:" : ":").number(endpoint.port);
}

void UapiDump::append_device(const Gateway& gateway, TextOut& out) {
  const auto& device = gateway.device();
  if (!core::crypto::ct_equal(device.private_key().view(), core::ByteArray<32>{})) {
    out.text("private_key=").hex(device.private_key().view()).text("\n");
  }
  out.text("listen_port=").number(gateway.listen_port()).text("\n");
  if (gateway.mark() != 0) out.text("fwmark=").number(gateway.mark()).text("\n");
}

void UapiDump::append_peer(const core::wg::PeerStatus& status, TextOut& out) {
  out.text("public_key=").hex(status.public_key);
  out.text("\npreshared_key=").hex(status.preshared_key);
  out.text("\nprotocol_version=1\n");
  if (status.endpoint.known()) out.text("endpoint=").endpoint(status.endpoint).text("\n");
  std::int64_t at_ms = 0;
  if (status.last_handshake) {
    at_ms = wall_now().ms - (monotonic_now().ms - status.last_handshake->ms);
  }
  out.text("last_handshake_time_sec=").number(static_cast<std::uint64_t>(at_ms / 1000));
  out.text("\nlast_handshake_time_nsec=")
      .number(static_cast<std::uint64_t>(at_ms % 1000 * 1'000'000));
  out.text("\ntx_bytes=").number(status.tx_bytes);
  out.text("\nrx_bytes=").number(status.rx_bytes);
  out.text("\npersistent_keepalive_interval=").number(status.persistent_keepalive_s).text("\n");
}

UapiDump::State UapiDump::append(const Gateway& gateway, std::uint64_t revision, TextOut& out) {
  const auto& device = gateway.device();
  while (out.room() >= kMinRoom) {
    switch (next_) {
      case Next::kDevice:
        append_device(gateway, out);
        peer_ = device.first_peer();
        next_ = peer_ ? Next::kPeer : Next::kEnd;
        break;
      case Next::kPeer:
        if (const auto status = device.status(*peer_)) {
          append_peer(*status, out);
          prefix_ = device.first_allowed_ip(*peer_);
          revision_ = revision;
          next_ = Next::kPrefixes;
          break;
        }
        [[fallthrough]];  // it was removed
      case Next::kPrefixes:
        if (next_ == Next::kPrefixes && prefix_) {
          if (revision != revision_) return State::kChanged;
          const auto prefix = device.allowed_ip(*prefix_);
          out.text("allowed_ip=").address(prefix.address).text("/").number(prefix.bits).text("\n");
          prefix_ = device.next_allowed_ip(*prefix_);
          break;
        }
        peer_ = device.next_peer(*peer_);
        next_ = peer_ ? Next::kPeer : Next::kEnd;
        break;
      case Next::kEnd: out.text("errno=0\n\n"); return State::kDone;
    }
  }
  return State::kMore;
}

}  // namespace ports::linux_os::wg
