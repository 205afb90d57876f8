// A device's store in memory, whose power fails where a test says so.
#ifndef PORTS_FAKE_STORE_H_
#define PORTS_FAKE_STORE_H_

#include <map>
#include <optional>
#include <vector>

#include "core/messenger/store.h"

namespace ports::fake {

class FakeStore final : public core::messenger::Store {
 public:
  using Blob = std::vector<std::uint8_t>;
  using Contents = std::map<Blob, Blob>;

  // Traps on what the contract forbids: a second begin(), a write outside a
  // transaction, a key or a value of a wrong size.
  core::Status begin() override;
  core::Result<std::size_t> get(core::Bytes key, core::MutBytes value) override;
  core::Status put(core::Bytes key, core::Bytes value) override;
  core::Status erase(core::Bytes key) override;
  core::Status commit() override;
  void rollback() override;

  // What a power cut at a commit leaves behind.
  enum class Cut { kBefore, kAfter };
  // Power fails at the n-th write from here (1: the next put, erase or commit),
  // with kAfter at the n-th commit: then the transaction is there, but commit()
  // said it was not. That call and all later ones fail until power_on().
  void cut_power_at(std::uint64_t n, Cut cut = Cut::kBefore);
  bool power_is_off() const { return off_; }
  // The open transaction is lost; what was committed is there.
  void power_on();

  // The n-th call of any kind from here fails with kStore, once. 0: none.
  void fail_call_at(std::uint64_t n) { fail_in_ = n; }

  // Without room every put() fails with kFull, until there is some again.
  enum class Room { kLeft, kNone };
  void set_room(Room room) { room_ = room; }

  // Appends what the store holds after each commit from here on.
  void keep_copies(std::vector<Contents>* copies) { copies_ = copies; }

  std::uint64_t calls() const { return calls_; }
  std::uint64_t writes() const { return writes_; }
  std::uint64_t commits() const { return commits_; }
  const Contents& contents() const { return contents_; }
  // Puts back what contents() was. REQUIRES: no transaction is open.
  void restore(Contents contents) { contents_ = std::move(contents); }
  // Bytes of all keys and values.
  std::size_t size() const;

 private:
  bool fails();
  bool cut_now(bool commit);

  Contents contents_;
  std::map<Blob, std::optional<Blob>> pending_;  // nothing: to be erased
  std::vector<Contents>* copies_ = nullptr;
  bool open_ = false;
  bool off_ = false;
  Cut cut_ = Cut::kBefore;
  std::uint64_t cut_in_ = 0;
  std::uint64_t fail_in_ = 0;
  Room room_ = Room::kLeft;
  std::uint64_t calls_ = 0, writes_ = 0, commits_ = 0;
};

}  // namespace ports::fake
#endif  // PORTS_FAKE_STORE_H_
