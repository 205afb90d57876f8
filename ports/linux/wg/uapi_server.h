// The socket on which wg(8) talks to us: many connections, none of which can
// stop us or make us keep much. Spec: docs/spec/wg-uapi.md.
#ifndef PORTS_LINUX_WG_UAPI_SERVER_H_
#define PORTS_LINUX_WG_UAPI_SERVER_H_

#include <memory>
#include <string>

#include "ports/linux/wg/uapi_dump.h"
#include "ports/linux/wg/uapi_request.h"

namespace ports::linux_os::wg {

// One connection.
class UapiClient {
 public:
  explicit UapiClient(Fd fd);
  ~UapiClient();
  UapiClient(const UapiClient&) = delete;
  UapiClient& operator=(const UapiClient&) = delete;

  int fd() const { return fd_.get(); }
  enum class Wants : std::uint8_t { kRead, kWrite, kClose };
  // Does what can be done without waiting, but no more than a bounded part.
  // Counts each change of the configuration in `revision`.
  Wants go_on(Gateway& gateway, std::uint64_t& revision, core::Instant now);

 private:
  static constexpr std::size_t kInSize = 16 * 1024, kOutSize = 64 * 1024;
  static constexpr int kMaxRounds = 8;
  struct Buffers {
    core::ByteArray<kInSize> in;
    std::array<char, kOutSize> out;
  };

  bool flush();
  void reply(UapiErrno error);
  void handle(UapiEvent event, Gateway& gateway, std::uint64_t& revision, core::Instant now);
  void fill_from_dump(const Gateway& gateway, std::uint64_t revision);

  Fd fd_;
  UapiParser parser_;
  UapiRequest request_;
  std::optional<UapiDump> dump_;
  bool closing_ = false, at_end_ = false;
  std::unique_ptr<Buffers> buffers_;
  core::Bytes in_;               // in buffers_->in, not yet parsed
  std::span<const char> out_{};  // in buffers_->out, not yet sent
};

class UapiServer {
 public:
  static constexpr std::size_t kMaxClients = 16;

  // Listens at /var/run/wireguard/NAME.sock; replaces a socket that nobody
  // listens on. Errors: kBusy, kInternal.
  static Outcome<UapiServer> listen(const std::string& name);
  // Takes a listening socket that somebody else made for this interface.
  static Outcome<UapiServer> adopt(Fd fd, const std::string& name);
  UapiServer(UapiServer&& other) noexcept = default;
  UapiServer& operator=(UapiServer&&) noexcept = default;
  // Removes the socket if it is still there.
  ~UapiServer();

  int fd() const { return fd_.get(); }
  // Readable when something happened to the socket's file.
  int watch_fd() const { return watch_.get(); }
  bool file_is_gone();
  // The next connection, if one waits.
  std::unique_ptr<UapiClient> accept() const;

 private:
  UapiServer(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Done watch();

  Fd fd_, watch_;
  std::string path_;
  std::uint64_t inode_ = 0;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_UAPI_SERVER_H_
