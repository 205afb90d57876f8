// ESP-IDF's NVS in memory, behind the functions of nvs.h, whose power fails where
// a test says so. It keeps what the documentation of NVS promises and no more:
// what was not committed may or may not be there after a power cut, in any
// combination; pages of 126 entries, one of them kept free; a blob in parts where
// no page has room for all of it.
#ifndef PORTS_FAKE_NVS_H_
#define PORTS_FAKE_NVS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ports/fake/rng.h"

namespace ports::fake {

// At most one at a time. Traps on what its users promise not to do: setting a
// blob that is there, an empty or too large one, a change while an iterator is
// open, an iterator never released.
class FakeNvs {
 public:
  using Blob = std::vector<std::uint8_t>;
  using Blobs = std::map<std::string, Blob>;  // namespace, a slash, name

  static constexpr std::size_t kEntries = 126;  // of a page

  struct Part {
    std::string name;  // empty: erased
    std::size_t entries = 0;
  };
  struct Page {
    std::vector<Part> parts;
    std::size_t used() const;  // written to, erased or not
    std::size_t live() const;
  };
  struct Change {
    std::string name;
    std::optional<Blob> value;  // nothing: erased
  };
  struct State {
    std::vector<Page> pages;
    std::size_t active = 0;  // page that is written to
    Blobs now, committed;
    std::vector<Change> pending;  // that lie between
  };

  explicit FakeNvs(std::size_t pages);
  FakeNvs(const FakeNvs&) = delete;
  FakeNvs& operator=(const FakeNvs&) = delete;
  ~FakeNvs();

  // Whether the call in which power fails has done its work.
  enum class Cut { kBefore, kAfter };
  // What a power cut leaves of all that was not committed.
  enum class Left { kNothing, kAll, kSome };
  // Power fails in the n-th set, erase or commit from here. That and all later
  // calls fail until power_on().
  void cut_power_at(std::uint64_t n, Cut cut, Left left);
  bool power_is_off() const { return off_; }
  void power_on();
  // The n-th such call from here fails so, and power stays on.
  void fail_at(std::uint64_t n, Cut cut);

  // What is there. A test may change it: then all is laid out anew.
  const Blobs& blobs() const { return state_.now; }
  void load(const Blobs& blobs);
  // All of it, to be put back as it was.
  const State& state() const { return state_; }
  void load(const State& state) { state_ = state; }

  std::uint64_t operations() const { return operations_; }
  std::uint64_t entries_written() const { return entries_written_; }  // by the user, of 32 bytes
  std::uint64_t erasures() const { return erasures_; }                // of pages
  std::size_t entries_used() const;

 private:
  friend struct FakeNvsCalls;
  // True if the call that starts now fails; `work` is done if it is to be.
  template <class Work>
  bool fails(Work work);
  void apply(const Change& change);
  bool place(const std::string& name, std::size_t size);
  void forget(const std::string& name);
  bool turn_page();

  State state_;
  std::vector<std::string> handles_;
  FakeRng rng_{1};
  Cut cut_ = Cut::kBefore;
  Left left_ = Left::kNothing;
  bool off_ = false;
  bool stays_on_ = false;
  std::uint64_t fail_in_ = 0;
  std::uint64_t operations_ = 0, entries_written_ = 0, erasures_ = 0;
  int iterators_ = 0;
};

}  // namespace ports::fake
#endif  // PORTS_FAKE_NVS_H_
