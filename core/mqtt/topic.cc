#include "core/mqtt/topic.h"

namespace core::mqtt {
namespace {

constexpr ByteArray<7> kShare = label("$share/");

// The text up to the first `/`, or all of it.
Bytes first_level(Bytes text) {
  return text.first(
      static_cast<std::size_t>(std::find(text.begin(), text.end(), '/') - text.begin()));
}

bool contains(Bytes text, char c) {
  return std::find(text.begin(), text.end(), static_cast<std::uint8_t>(c)) != text.end();
}

}  // namespace

bool is_utf8(Bytes text) {
  if (text.size() > 65535) return false;
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = text[i];
    if (lead == 0) return false;
    if (lead < 0x80) {
      ++i;
      continue;
    }
    // Table 3-7 of the Unicode standard: only the second byte's range varies.
    std::size_t more = 0;
    std::uint8_t low = 0x80, high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead == 0xe0) low = 0xa0;   // shortest form
      if (lead == 0xed) high = 0x9f;  // surrogates
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead == 0xf0) low = 0x90;   // shortest form
      if (lead == 0xf4) high = 0x8f;  // above U+10FFFF
    } else {
      return false;
    }
    if (text.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if (text[i + k] < low || text[i + k] > high) return false;
      low = 0x80;
      high = 0xbf;
    }
    i += more + 1;
  }
  return true;
}

bool has_wildcard(Bytes filter) { return contains(filter, '+') || contains(filter, '#'); }

bool is_topic_name(Bytes topic) { return !topic.empty() && !has_wildcard(topic) && is_utf8(topic); }

bool is_shared(Bytes filter) {
  return filter.size() >= kShare.size() && equal_var(filter.first(kShare.size()), kShare);
}

bool is_topic_filter(Bytes filter) {
  if (filter.empty() || !is_utf8(filter)) return false;
  if (is_shared(filter)) {
    filter = filter.subspan(kShare.size());
    const Bytes name = first_level(filter);
    if (name.empty() || has_wildcard(name) || filter.size() < name.size() + 2) return false;
    filter = filter.subspan(name.size() + 1);
  }
  for (;;) {
    const Bytes level = first_level(filter);
    if (level.size() > 1 && has_wildcard(level)) return false;
    if (level.size() == filter.size()) return true;
    if (!level.empty() && level[0] == '#') return false;
    filter = filter.subspan(level.size() + 1);
  }
}

bool matches(Bytes filter, Bytes topic) {
  if (topic[0] == '$' && (filter[0] == '+' || filter[0] == '#')) return false;
  for (;;) {
    const Bytes want = first_level(filter), have = first_level(topic);
    if (want.size() == 1 && want[0] == '#') return true;
    if (!(want.size() == 1 && want[0] == '+') && !equal_var(want, have)) return false;
    const bool filter_ends = want.size() == filter.size(), topic_ends = have.size() == topic.size();
    if (topic_ends) {
      if (filter_ends) return true;
      filter = filter.subspan(want.size() + 1);
      return filter.size() == 1 && filter[0] == '#';  // "a/#" matches "a" too
    }
    if (filter_ends) return false;
    filter = filter.subspan(want.size() + 1);
    topic = topic.subspan(have.size() + 1);
  }
}

}  // namespace core::mqtt
