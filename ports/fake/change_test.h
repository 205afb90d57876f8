// Random changes of a store, and of a map that says what the store must hold.
#ifndef PORTS_FAKE_CHANGE_TEST_H_
#define PORTS_FAKE_CHANGE_TEST_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/messenger/store.h"
#include "ports/fake/rng.h"

namespace ports::fake {

using Model = std::map<std::string, std::string>;

inline core::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// "none" if there is none, "error" if it cannot be read.
inline std::string value_of(core::messenger::Store& store, const std::string& key) {
  std::vector<std::uint8_t> buffer(70'000);
  const auto size = store.get(bytes_of(key), buffer);
  if (!size) return size.error() == core::Error::kNotFound ? "none" : "error";
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*size)};
}

// What it makes of a model, it makes of a store.
struct Change {
  static constexpr std::uint64_t kKeys = 12;
  static std::string key_name(std::uint64_t i) { return "key " + std::to_string(i); }

  std::vector<std::pair<std::string, std::optional<std::string>>> writes;

  static Change random(FakeRng& dice, const Model& model) {
    Change change;
    for (std::uint64_t n = 1 + dice.next() % 3; n > 0; --n) {
      const auto key = key_name(dice.next() % kKeys);
      const auto old = model.find(key);
      if (dice.chance(15)) {
        change.writes.emplace_back(key, std::nullopt);
      } else if (old != model.end() && !old->second.empty() && dice.chance(60)) {
        auto value = old->second;
        for (int i = 0; i < 3; ++i)
          value[dice.next() % value.size()] = static_cast<char>(dice.next());
        change.writes.emplace_back(key, value);
      } else {
        const std::size_t size = dice.next() % (dice.chance(10) ? 3000 : 600);
        change.writes.emplace_back(key, std::string(size, static_cast<char>(dice.next())));
      }
    }
    return change;
  }
  Model on(Model model) const {
    for (const auto& [key, value] : writes) {
      if (value) {
        model[key] = *value;
      } else {
        model.erase(key);
      }
    }
    return model;
  }
  core::Status on(core::messenger::Store& store) const {
    TRY(store.begin());
    for (const auto& [key, value] : writes) {
      const auto status =
          value ? store.put(bytes_of(key), bytes_of(*value)) : store.erase(bytes_of(key));
      if (!status) {
        store.rollback();
        return status;
      }
    }
    return store.commit();
  }
};

// What the store holds of the keys that changes use.
inline Model contents(core::messenger::Store& store) {
  Model model;
  for (std::uint64_t i = 0; i < Change::kKeys; ++i) {
    const auto value = value_of(store, Change::key_name(i));
    if (value != "none") model[Change::key_name(i)] = value;
  }
  return model;
}

}  // namespace ports::fake
#endif  // PORTS_FAKE_CHANGE_TEST_H_
