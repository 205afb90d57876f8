#include "ports/fake/nvs.h"

#include <nvs.h>

#include <algorithm>

#include "core/base/result.h"

// As NVS hands it out.
struct nvs_opaque_iterator_t {
  std::vector<std::string> names;
  std::size_t at = 0;
};

namespace ports::fake {
namespace {

constexpr std::size_t kEntrySize = 32;
constexpr std::size_t kLongest = 4000;  // what our users may write at once
constexpr std::size_t kShortTail = 12;  // entries at a page's end that are not worth a part

FakeNvs* g_nvs = nullptr;

}  // namespace

FakeNvs::FakeNvs(std::size_t pages) {
  state_.pages.resize(pages);
  CHECK(g_nvs == nullptr && pages >= 3);
  g_nvs = this;
}

FakeNvs::~FakeNvs() {
  CHECK(iterators_ == 0);
  g_nvs = nullptr;
}

std::size_t FakeNvs::Page::used() const {
  std::size_t sum = 0;
  for (const auto& part : parts) sum += part.entries;
  return sum;
}
std::size_t FakeNvs::Page::live() const {
  std::size_t sum = 0;
  for (const auto& part : parts) sum += part.name.empty() ? 0 : part.entries;
  return sum;
}

std::size_t FakeNvs::entries_used() const {
  std::size_t sum = 0;
  for (const auto& page : state_.pages) sum += page.live();
  return sum;
}

// ---- power

void FakeNvs::cut_power_at(std::uint64_t n, Cut cut, Left left) {
  fail_in_ = n;
  cut_ = cut;
  left_ = left;
  stays_on_ = false;
}

void FakeNvs::fail_at(std::uint64_t n, Cut cut) {
  fail_in_ = n;
  cut_ = cut;
  stays_on_ = true;
}

template <class Work>
bool FakeNvs::fails(Work work) {
  CHECK(iterators_ == 0);
  ++operations_;
  if (off_) return true;
  if (fail_in_ == 0 || --fail_in_ != 0) return false;
  if (cut_ == Cut::kAfter) work();
  off_ = !stays_on_;
  return true;
}

void FakeNvs::power_on() {
  if (off_) {
    auto left = state_.committed;
    for (const auto& change : state_.pending) {
      if (left_ == Left::kNothing || (left_ == Left::kSome && rng_.chance(50))) continue;
      if (change.value) {
        left[change.name] = *change.value;
      } else {
        left.erase(change.name);
      }
    }
    if (left == state_.now) {
      state_.committed = state_.now;
      state_.pending.clear();
    } else {
      load(left);
    }
  }
  off_ = false;
  fail_in_ = 0;
}

void FakeNvs::load(const Blobs& blobs) {
  for (auto& page : state_.pages) page.parts.clear();
  state_.active = 0;
  for (const auto& [name, blob] : blobs) CHECK(place(name, blob.size()));
  state_.now = state_.committed = blobs;
  state_.pending.clear();
}

// ---- pages

void FakeNvs::forget(const std::string& name) {
  for (auto& page : state_.pages) {
    for (auto& part : page.parts) {
      if (part.name == name) part.name.clear();
    }
  }
}

// Goes on in an empty page. If only one is left, what is live in the page with
// the least of it moves there, and that page becomes the empty one.
bool FakeNvs::turn_page() {
  std::vector<std::size_t> empty;
  std::size_t victim = state_.pages.size();
  for (std::size_t i = 0; i < state_.pages.size(); ++i) {
    if (state_.pages[i].parts.empty()) {
      empty.push_back(i);
    } else if (victim == state_.pages.size() ||
               state_.pages[i].live() < state_.pages[victim].live()) {
      victim = i;
    }
  }
  CHECK(!empty.empty());
  if (empty.size() == 1) {
    if (state_.pages[victim].live() == kEntries) return false;
    auto& to = state_.pages[empty[0]];
    for (const auto& part : state_.pages[victim].parts) {
      if (!part.name.empty()) to.parts.push_back(part);
    }
    state_.pages[victim].parts.clear();
    ++erasures_;
  }
  state_.active = empty[0];
  return true;
}

bool FakeNvs::place(const std::string& name, std::size_t size) {
  std::size_t turns = 0, parts = 0;
  for (bool done = false; !done;) {
    const std::size_t tail = kEntries - state_.pages[state_.active].used();
    const std::size_t fits = tail < 2 ? 0 : (tail - 1) * kEntrySize;
    if (fits == 0 || (parts == 0 && size > fits && tail < kShortTail)) {
      if (++turns > 2 * state_.pages.size() || !turn_page()) {
        forget(name);
        return false;
      }
      continue;
    }
    const auto part = std::min(size, fits);
    state_.pages[state_.active].parts.push_back({name, 1 + (part + kEntrySize - 1) / kEntrySize});
    entries_written_ += state_.pages[state_.active].parts.back().entries;
    size -= part;
    ++parts;
    done = size == 0;
  }
  // The entry that says which parts there are.
  if (state_.pages[state_.active].used() == kEntries && !turn_page()) {
    forget(name);
    return false;
  }
  if (state_.pages[state_.active].used() == kEntries) {
    forget(name);
    return false;
  }
  state_.pages[state_.active].parts.push_back({name, 1});
  ++entries_written_;
  return true;
}

void FakeNvs::apply(const Change& change) {
  if (change.value) {
    state_.now[change.name] = *change.value;
  } else {
    state_.now.erase(change.name);
    forget(change.name);
  }
  state_.pending.push_back(change);
}

// ---- what nvs.h declares

struct FakeNvsCalls {
  static FakeNvs& nvs() {
    CHECK(g_nvs != nullptr);
    return *g_nvs;
  }
  static std::string full_name(nvs_handle_t handle, const char* key) {
    const std::string name = key;
    CHECK(handle >= 1 && handle <= nvs().handles_.size());
    CHECK(!name.empty() && name.size() < NVS_KEY_NAME_MAX_SIZE);
    return nvs().handles_[handle - 1] + name;
  }
  static esp_err_t open(const char* space, nvs_handle_t* out) {
    if (nvs().off_) return ESP_FAIL;
    nvs().handles_.push_back(std::string(space) + "/");
    *out = static_cast<nvs_handle_t>(nvs().handles_.size());
    return ESP_OK;
  }
  static esp_err_t get(const std::string& name, void* out, std::size_t* size) {
    if (nvs().off_) return ESP_FAIL;
    const auto at = nvs().state_.now.find(name);
    if (at == nvs().state_.now.end()) return ESP_ERR_NVS_NOT_FOUND;
    const bool fits = at->second.size() <= *size;
    *size = at->second.size();
    if (!fits) return ESP_ERR_NVS_INVALID_LENGTH;
    std::copy(at->second.begin(), at->second.end(), static_cast<std::uint8_t*>(out));
    return ESP_OK;
  }
  static esp_err_t set(const std::string& name, const void* value, std::size_t size) {
    CHECK(size > 0 && size <= kLongest && !nvs().state_.now.contains(name));
    const auto* bytes = static_cast<const std::uint8_t*>(value);
    const FakeNvs::Change change{name, FakeNvs::Blob(bytes, bytes + size)};
    const auto work = [&] {
      if (nvs().place(name, size)) nvs().apply(change);
    };
    if (nvs().fails(work)) return ESP_FAIL;
    work();
    return nvs().state_.now.contains(name) ? ESP_OK : ESP_ERR_NVS_NOT_ENOUGH_SPACE;
  }
  static esp_err_t erase(const std::string& name) {
    const bool there = nvs().state_.now.contains(name);
    const auto work = [&] {
      if (there) nvs().apply({name, std::nullopt});
    };
    if (nvs().fails(work)) return ESP_FAIL;
    work();
    return there ? ESP_OK : ESP_ERR_NVS_NOT_FOUND;
  }
  static esp_err_t erase_all(nvs_handle_t handle) {
    const auto work = [&] {
      const auto blobs = nvs().state_.now;
      for (const auto& [name, blob] : blobs) {
        if (name.starts_with(nvs().handles_[handle - 1])) nvs().apply({name, std::nullopt});
      }
    };
    if (nvs().fails(work)) return ESP_FAIL;
    work();
    return ESP_OK;
  }
  static esp_err_t commit() {
    const auto work = [&] {
      nvs().state_.committed = nvs().state_.now;
      nvs().state_.pending.clear();
    };
    if (nvs().fails(work)) return ESP_FAIL;
    work();
    return ESP_OK;
  }
  static esp_err_t stats(nvs_stats_t* out) {
    if (nvs().off_) return ESP_FAIL;
    out->total_entries = nvs().state_.pages.size() * FakeNvs::kEntries;
    out->used_entries = nvs().entries_used();
    out->free_entries = out->total_entries - out->used_entries;
    out->available_entries =
        out->free_entries - std::min(out->free_entries, std::size_t{FakeNvs::kEntries});
    out->namespace_count = 1;
    return ESP_OK;
  }
  static esp_err_t iterate(nvs_handle_t handle, nvs_iterator_t* out) {
    *out = nullptr;
    if (nvs().off_) return ESP_FAIL;
    auto* iterator = new nvs_opaque_iterator_t;
    const auto& space = nvs().handles_[handle - 1];
    for (const auto& [name, blob] : nvs().state_.now) {
      if (name.starts_with(space)) iterator->names.push_back(name.substr(space.size()));
    }
    ++nvs().iterators_;
    *out = iterator;
    return end_if_done(out);
  }
  static esp_err_t end_if_done(nvs_iterator_t* iterator) {
    if ((*iterator)->at < (*iterator)->names.size()) return ESP_OK;
    release(*iterator);
    *iterator = nullptr;
    return ESP_ERR_NVS_NOT_FOUND;
  }
  static void release(nvs_iterator_t iterator) {
    if (iterator == nullptr) return;
    --nvs().iterators_;
    delete iterator;
  }
};

}  // namespace ports::fake

using Calls = ports::fake::FakeNvsCalls;

esp_err_t nvs_open_from_partition(const char*, const char* space, nvs_open_mode_t,
                                  nvs_handle_t* out) {
  return Calls::open(space, out);
}
void nvs_close(nvs_handle_t) {}
esp_err_t nvs_get_blob(nvs_handle_t handle, const char* key, void* out, size_t* length) {
  return Calls::get(Calls::full_name(handle, key), out, length);
}
esp_err_t nvs_set_blob(nvs_handle_t handle, const char* key, const void* value, size_t length) {
  return Calls::set(Calls::full_name(handle, key), value, length);
}
esp_err_t nvs_erase_key(nvs_handle_t handle, const char* key) {
  return Calls::erase(Calls::full_name(handle, key));
}
esp_err_t nvs_erase_all(nvs_handle_t handle) { return Calls::erase_all(handle); }
esp_err_t nvs_commit(nvs_handle_t) { return Calls::commit(); }
esp_err_t nvs_get_stats(const char*, nvs_stats_t* out) { return Calls::stats(out); }
esp_err_t nvs_entry_find_in_handle(nvs_handle_t handle, nvs_type_t, nvs_iterator_t* out) {
  return Calls::iterate(handle, out);
}
esp_err_t nvs_entry_next(nvs_iterator_t* iterator) {
  ++(*iterator)->at;
  return Calls::end_if_done(iterator);
}
esp_err_t nvs_entry_info(const nvs_iterator_t iterator, nvs_entry_info_t* out) {
  *out = {};
  iterator->names[iterator->at].copy(out->key, NVS_KEY_NAME_MAX_SIZE - 1);
  out->type = NVS_TYPE_BLOB;
  return ESP_OK;
}
void nvs_release_iterator(nvs_iterator_t iterator) { Calls::release(iterator); }
