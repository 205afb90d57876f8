// The C library's memcpy, memmove and memset. Debian's picolibc goes byte by
// byte; these go by words where both ends allow it.
#include <cstddef>
#include <cstdint>

namespace {

using Byte = std::uint8_t;
using Word [[gnu::may_alias]] = std::uint32_t;

constexpr std::size_t kWord = sizeof(Word);

std::uintptr_t offset(const Byte* at) { return reinterpret_cast<std::uintptr_t>(at) % kWord; }

Word& word(Byte* at) { return *reinterpret_cast<Word*>(at); }
Word word(const Byte* at) { return *reinterpret_cast<const Word*>(at); }

// From the first byte to the last.
void copy_up(Byte* to, const Byte* from, std::size_t size) {
  if (offset(to) == offset(from)) {
    for (; size > 0 && offset(to) != 0; --size) *to++ = *from++;
    for (; size >= 4 * kWord; size -= 4 * kWord, to += 4 * kWord, from += 4 * kWord) {
      const Word a = word(from), b = word(from + kWord);
      const Word c = word(from + 2 * kWord), d = word(from + 3 * kWord);
      word(to) = a, word(to + kWord) = b;
      word(to + 2 * kWord) = c, word(to + 3 * kWord) = d;
    }
    for (; size >= kWord; size -= kWord, to += kWord, from += kWord) word(to) = word(from);
  }
  for (; size >= 4; size -= 4, to += 4, from += 4) {
    to[0] = from[0], to[1] = from[1], to[2] = from[2], to[3] = from[3];
  }
  for (; size > 0; --size) *to++ = *from++;
}

// From the last byte to the first.
void copy_down(Byte* to, const Byte* from, std::size_t size) {
  to += size, from += size;
  if (offset(to) == offset(from)) {
    for (; size > 0 && offset(to) != 0; --size) *--to = *--from;
    for (; size >= kWord; size -= kWord) to -= kWord, from -= kWord, word(to) = word(from);
  }
  for (; size > 0; --size) *--to = *--from;
}

}  // namespace

extern "C" {

void* memcpy(void* to, const void* from, std::size_t size) {
  copy_up(static_cast<Byte*>(to), static_cast<const Byte*>(from), size);
  return to;
}

void* memmove(void* to, const void* from, std::size_t size) {
  auto* const out = static_cast<Byte*>(to);
  const auto* const in = static_cast<const Byte*>(from);
  if (reinterpret_cast<std::uintptr_t>(out) - reinterpret_cast<std::uintptr_t>(in) < size) {
    copy_down(out, in, size);
  } else {
    copy_up(out, in, size);
  }
  return to;
}

void* memset(void* to, int value, std::size_t size) {
  auto* out = static_cast<Byte*>(to);
  const auto byte = static_cast<Byte>(value);
  const Word all = byte * 0x01010101u;
  for (; size > 0 && offset(out) != 0; --size) *out++ = byte;
  for (; size >= 4 * kWord; size -= 4 * kWord, out += 4 * kWord) {
    word(out) = word(out + kWord) = word(out + 2 * kWord) = word(out + 3 * kWord) = all;
  }
  for (; size > 0; --size) *out++ = byte;
  return to;
}

}  // extern "C"
