#include "ports/linux/wg/uapi_server.h"

#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "ports/linux/files.h"

namespace ports::linux_os::wg {
namespace {

constexpr char kFolder[] = "/var/run/wireguard";

Fd make_socket() { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

bool address_of(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return true;
}

}  // namespace

UapiClient::UapiClient(Fd fd) : fd_(std::move(fd)), buffers_(new Buffers) {}

UapiClient::~UapiClient() {
  core::wipe(buffers_->in);
  core::wipe({reinterpret_cast<std::uint8_t*>(buffers_->out.data()), buffers_->out.size()});
}

// False: the other side is gone.
bool UapiClient::flush() {
  while (!out_.empty()) {
    const auto sent = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    out_ = out_.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

void UapiClient::reply(UapiErrno error) {
  TextOut out(buffers_->out);
  const auto value = static_cast<int>(error);
  out.text(value < 0 ? "errno=-" : "errno=").number(static_cast<std::uint64_t>(-value));
  out.text("\n\n");
  out_ = std::span<const char>(buffers_->out).first(out.size());
}

void UapiClient::fill_from_dump(const Gateway& gateway, std::uint64_t revision) {
  TextOut out(buffers_->out);
  const auto state = dump_->append(gateway, revision, out);
  out_ = std::span<const char>(buffers_->out).first(out.size());
  if (state == UapiDump::State::kMore) return;
  dump_.reset();
  if (state == UapiDump::State::kChanged) closing_ = true;
}

void UapiClient::handle(UapiEvent event, Gateway& gateway, std::uint64_t& revision,
                        core::Instant now) {
  switch (event) {
    case UapiEvent::kNeedMore: return;
    case UapiEvent::kGet: dump_.emplace(); return;
    case UapiEvent::kSet: request_ = {}; return;
    case UapiEvent::kSetting: {
      ++revision;
      const UapiErrno error = request_.apply(gateway, parser_.setting(), now);
      if (error == UapiErrno::kNone) return;
      parser_.skip_request();
      return reply(error);
    }
    case UapiEvent::kSetDone: ++revision; return reply(request_.finish(gateway));
    case UapiEvent::kError: return reply(parser_.error());
    case UapiEvent::kClose:
      closing_ = true;
      if (parser_.error() != UapiErrno::kNone) reply(parser_.error());
      return;
  }
}

UapiClient::Wants UapiClient::go_on(Gateway& gateway, std::uint64_t& revision, core::Instant now) {
  int rounds = 0;
  while (true) {
    if (!flush()) return Wants::kClose;
    if (!out_.empty()) return Wants::kWrite;
    if (closing_) return Wants::kClose;
    if (dump_) {
      if (++rounds > kMaxRounds) return Wants::kWrite;
      fill_from_dump(gateway, revision);
      continue;
    }
    if (!in_.empty()) {
      handle(parser_.next(in_), gateway, revision, now);
      continue;
    }
    if (at_end_) {
      handle(parser_.end_of_input(), gateway, revision, now);
      closing_ = true;
      continue;
    }
    if (++rounds > kMaxRounds) return Wants::kRead;
    const auto got = ::recv(fd_.get(), buffers_->in.data(), buffers_->in.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return errno == EAGAIN || errno == EWOULDBLOCK ? Wants::kRead : Wants::kClose;
    }
    at_end_ = got == 0;
    in_ = core::Bytes(buffers_->in).first(static_cast<std::size_t>(got));
  }
}

Outcome<UapiServer> UapiServer::listen(const std::string& name) {
  TRY(make_private_folder(kFolder));
  const std::string path = std::string(kFolder) + "/" + name + ".sock";
  sockaddr_un address;
  if (!address_of(path, address)) {
    return Problem{ProblemKind::kInput, "The path " + path + " is too long.", {}};
  }
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(make_socket().get(), generic, sizeof address) == 0) {
    return Problem{ProblemKind::kBusy, "Another process serves " + path + ".",
                   "End it first, or choose another name."};
  }
  ::unlink(path.c_str());
  Fd fd = make_socket();
  const mode_t before = ::umask(077);
  const bool bound = fd.valid() && ::bind(fd.get(), generic, sizeof address) == 0;
  ::umask(before);
  if (!bound || ::listen(fd.get(), 16) != 0) {
    return system_problem(ProblemKind::kInternal, "The socket " + path + " cannot be made",
                          "Run as root.");
  }
  return adopt(std::move(fd), name);
}

Outcome<UapiServer> UapiServer::adopt(Fd fd, const std::string& name) {
  UapiServer server(std::move(fd), std::string(kFolder) + "/" + name + ".sock");
  TRY(server.watch());
  return server;
}

Done UapiServer::watch() {
  watch_ = Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  struct stat file {};
  if (!watch_.valid() || ::stat(path_.c_str(), &file) != 0 ||
      ::inotify_add_watch(watch_.get(), kFolder,
                          IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF) <
          0) {
    return system_problem(ProblemKind::kInternal, "The socket " + path_ + " cannot be watched");
  }
  inode_ = file.st_ino;
  return {};
}

bool UapiServer::file_is_gone() {
  std::array<char, 4096> events;
  while (::read(watch_.get(), events.data(), events.size()) > 0) continue;
  struct stat file {};
  return ::stat(path_.c_str(), &file) != 0 || file.st_ino != inode_;
}

UapiServer::~UapiServer() {
  if (fd_.valid() && watch_.valid() && !file_is_gone()) ::unlink(path_.c_str());
}

std::unique_ptr<UapiClient> UapiServer::accept() const {
  Fd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) return nullptr;
  return std::make_unique<UapiClient>(std::move(fd));
}

}  // namespace ports::linux_os::wg
