// Messages per second from device to device through a real site: encrypted,
// stored by the server, delivered, decrypted and acknowledged.
//
// usage: site_bench COUNT SENDER_HOME RECEIVER_HOME [SENDER_HOME RECEIVER_HOME]...
// Each pair exchanges one message first, so that sessions stand; then every
// sender sends COUNT messages of 100 bytes. bench/site_bench.py enrols the
// devices and calls it.
#include <poll.h>
#include <sodium.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "ports/linux/device.h"

namespace {

using core::messenger::Messenger;
using ports::linux_os::Device;
using ports::linux_os::Home;
using ports::linux_os::monotonic_now;
using ports::linux_os::wall_now;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "site_bench: %s\n", what);
  std::exit(1);
}

// A device that lives in one thread.
class Runner {
 public:
  explicit Runner(const char* path) {
    const auto home = Home::find(path);
    if (!home) fail("no such home");
    auto lock = home->lock();
    if (!lock) fail("the home is in use");
    lock_ = std::move(*lock);
    auto device = Device::open(*home);
    if (!device) fail("the device does not open");
    device_ = std::move(*device);
  }
  Messenger& messenger() { return device_->messenger(); }

  void step() {
    fds_.clear();
    device_->add_to(fds_);
    const auto wait = device_->next_deadline().ms - monotonic_now().ms;
    ::poll(fds_.data(), fds_.size(), static_cast<int>(std::clamp<std::int64_t>(wait, 0, 50)));
    device_->step();
  }

  bool try_send(const core::DeviceName& to) {
    const std::vector<std::uint8_t> text(100, 'x');
    return messenger().send(to, text, monotonic_now(), wall_now()).ok();
  }

  // Reads what has come and returns how many messages that was.
  std::size_t read() {
    std::size_t count = 0;
    while (const auto message = messenger().next_unread(0, buffer_)) {
      if (!messenger().mark_read(message->id, monotonic_now())) fail("mark_read");
      ++count;
    }
    return count;
  }

 private:
  ports::linux_os::Fd lock_;
  std::unique_ptr<Device> device_;
  std::vector<pollfd> fds_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(core::messenger::kMaxPlaintext);
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (sodium_init() < 0 || argc < 4 || argc % 2 != 0) fail("see the top of the source");
  const auto count = static_cast<std::size_t>(std::strtoul(argv[1], nullptr, 10));
  const std::size_t pairs = static_cast<std::size_t>(argc - 2) / 2;
  std::vector<std::unique_ptr<Runner>> senders, receivers;
  for (std::size_t i = 0; i < pairs; ++i) {
    senders.push_back(std::make_unique<Runner>(argv[2 + 2 * i]));
    receivers.push_back(std::make_unique<Runner>(argv[3 + 2 * i]));
    Runner &a = *senders.back(), &b = *receivers.back();
    if (!a.try_send(b.messenger().name()) || !b.try_send(a.messenger().name())) fail("send");
    const auto give_up = monotonic_now() + 30'000;
    for (std::size_t heard = 0; heard < 2;) {
      a.step();
      b.step();
      heard += a.read() + b.read();
      if (monotonic_now() > give_up) fail("no first messages in 30 s");
    }
  }

  const double cpu_before = cpu_seconds();
  const auto start = monotonic_now();
  const auto give_up = start + 300'000;
  std::atomic<std::size_t> done = 0;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < pairs; ++i) {
    threads.emplace_back([&, i] {
      Runner& a = *senders[i];
      const auto to = receivers[i]->messenger().name();
      std::size_t sent = 0;
      while (done < pairs && monotonic_now() < give_up) {
        while (sent < count && a.messenger().info().queued < 512 && a.try_send(to)) ++sent;
        a.step();
      }
    });
    threads.emplace_back([&, i] {
      Runner& b = *receivers[i];
      std::size_t heard = 0;
      while (heard < count && monotonic_now() < give_up) {
        b.step();
        heard += b.read();
      }
      ++done;
    });
  }
  for (auto& thread : threads) thread.join();
  const double seconds = static_cast<double>(monotonic_now().ms - start.ms) / 1000;
  if (monotonic_now() >= give_up) fail("not all messages came in 300 s");
  const auto total = static_cast<double>(pairs * count);
  std::printf("%zu pairs, %.0f messages: %.0f a second, %.0f us of devices' CPU a message\n", pairs,
              total, total / seconds, 1e6 * (cpu_seconds() - cpu_before) / total);
  return 0;
}
