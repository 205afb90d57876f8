#include "ports/linux/wg/uapi_parser.h"

#include <algorithm>
#include <utility>

namespace ports::linux_os::wg {
namespace {

struct KeyWord {
  std::string_view word;
  UapiKey key;
};
constexpr KeyWord kDeviceKeys[] = {
    {"private_key", UapiKey::kPrivateKey}, {"listen_port", UapiKey::kListenPort},
    {"fwmark", UapiKey::kFwmark},          {"replace_peers", UapiKey::kReplacePeers},
    {"public_key", UapiKey::kPublicKey},
};
constexpr KeyWord kPeerKeys[] = {
    {"public_key", UapiKey::kPublicKey},
    {"remove", UapiKey::kRemove},
    {"update_only", UapiKey::kUpdateOnly},
    {"preshared_key", UapiKey::kPresharedKey},
    {"endpoint", UapiKey::kEndpoint},
    {"persistent_keepalive_interval", UapiKey::kPersistentKeepalive},
    {"protocol_version", UapiKey::kProtocolVersion},
    {"replace_allowed_ips", UapiKey::kReplaceAllowedIps},
    {"allowed_ip", UapiKey::kAllowedIp},
};

const KeyWord* find(std::span<const KeyWord> words, std::string_view word) {
  const auto found = std::find_if(words.begin(), words.end(),
                                  [&](const KeyWord& known) { return known.word == word; });
  return found == words.end() ? nullptr : &*found;
}

}  // namespace

UapiEvent UapiParser::fail(UapiErrno error, State next) {
  error_ = error;
  state_ = next;
  return next == State::kClosed ? UapiEvent::kClose : UapiEvent::kError;
}

UapiEvent UapiParser::next(core::Bytes& input) {
  while (!input.empty()) {
    if (state_ == State::kClosed) return UapiEvent::kClose;
    const auto end = std::find(input.begin(), input.end(), std::uint8_t{'\n'});
    const auto size = static_cast<std::size_t>(end - input.begin());
    if (size_ + size > line_.size()) too_long_ = true;
    if (!too_long_) {
      core::copy(input.first(size), core::MutBytes(line_).subspan(size_));
      size_ += size;
    }
    if (end == input.end()) {
      input = {};
      break;
    }
    input = input.subspan(size + 1);
    const std::string_view line(reinterpret_cast<const char*>(line_.data()), size_);
    size_ = 0;
    const UapiEvent event = std::exchange(too_long_, false) ? take_long_line() : take_line(line);
    core::wipe(line_);
    if (event != UapiEvent::kNeedMore) return event;
  }
  return UapiEvent::kNeedMore;
}

UapiEvent UapiParser::end_of_input() {
  const bool in_set = state_ == State::kDevice || state_ == State::kPeer;
  if (!in_set || size_ != 0) return fail(UapiErrno::kNone, State::kClosed);
  state_ = State::kIdle;
  return UapiEvent::kSetDone;
}

UapiEvent UapiParser::take_line(std::string_view line) {
  switch (state_) {
    case State::kIdle:
      if (line == "get=1") {
        state_ = State::kGetting;
        return UapiEvent::kNeedMore;
      }
      if (line == "set=1") {
        state_ = State::kDevice;
        return UapiEvent::kSet;
      }
      return fail(UapiErrno::kNone, State::kClosed);
    case State::kGetting:
      if (!line.empty()) return fail(UapiErrno::kInvalid, State::kClosed);
      state_ = State::kIdle;
      return UapiEvent::kGet;
    case State::kDevice:
    case State::kPeer:
      if (!line.empty()) return take_setting(line);
      state_ = State::kIdle;
      return UapiEvent::kSetDone;
    case State::kSkipping:
      if (line.empty()) state_ = State::kIdle;
      return UapiEvent::kNeedMore;
    case State::kClosed: return UapiEvent::kClose;
  }
  return UapiEvent::kClose;
}

UapiEvent UapiParser::take_long_line() {
  if (state_ == State::kSkipping) return UapiEvent::kNeedMore;
  const bool in_set = state_ == State::kDevice || state_ == State::kPeer;
  return fail(UapiErrno::kInvalid, in_set ? State::kSkipping : State::kClosed);
}

UapiEvent UapiParser::take_setting(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return fail(UapiErrno::kProtocol, State::kSkipping);
  const auto error = parse_setting(line.substr(0, equals), line.substr(equals + 1));
  if (error != UapiErrno::kNone) return fail(error, State::kSkipping);
  if (setting_.key == UapiKey::kPublicKey) state_ = State::kPeer;
  return UapiEvent::kSetting;
}

UapiErrno UapiParser::parse_setting(std::string_view key, std::string_view value) {
  const KeyWord* known = state_ == State::kDevice ? find(kDeviceKeys, key) : find(kPeerKeys, key);
  if (known == nullptr) return UapiErrno::kInvalid;
  setting_ = {};
  setting_.key = known->key;
  switch (known->key) {
    case UapiKey::kPrivateKey:
    case UapiKey::kPublicKey:
    case UapiKey::kPresharedKey: {
      auto bytes = parse_key_hex(value);
      if (!bytes) return UapiErrno::kInvalid;
      setting_.key_bytes = *std::move(bytes);
      return UapiErrno::kNone;
    }
    case UapiKey::kListenPort:
    case UapiKey::kPersistentKeepalive:
    case UapiKey::kFwmark: {
      const auto number =
          parse_number(value, known->key == UapiKey::kFwmark ? UINT32_MAX : UINT16_MAX);
      if (!number) return UapiErrno::kInvalid;
      setting_.number = *number;
      return UapiErrno::kNone;
    }
    case UapiKey::kReplacePeers:
    case UapiKey::kRemove:
    case UapiKey::kUpdateOnly:
    case UapiKey::kReplaceAllowedIps:
      return value == "true" ? UapiErrno::kNone : UapiErrno::kInvalid;
    case UapiKey::kProtocolVersion: return value == "1" ? UapiErrno::kNone : UapiErrno::kInvalid;
    case UapiKey::kEndpoint:
      return parse_endpoint(value, setting_.endpoint, setting_.scope) ? UapiErrno::kNone
                                                                      : UapiErrno::kInvalid;
    case UapiKey::kAllowedIp:
    case UapiKey::kRemoveAllowedIp: {
      if (value.starts_with('-')) {
        setting_.key = UapiKey::kRemoveAllowedIp;
        value.remove_prefix(1);
      }
      const auto prefix = parse_prefix(value);
      if (!prefix) return UapiErrno::kInvalid;
      setting_.prefix = *prefix;
      return UapiErrno::kNone;
    }
  }
  return UapiErrno::kInvalid;
}

}  // namespace ports::linux_os::wg
