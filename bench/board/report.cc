#include "bench/board/report.h"

#include "core/crypto/sha2.h"

namespace bench::board {
namespace {

core::Bytes bytes_of(const char* text) {
  return {reinterpret_cast<const std::uint8_t*>(text), std::strlen(text)};
}

void print_blanks(std::size_t count) {
  for (; count > 0; --count) print_text(" ");
}

}  // namespace

void Transcript::add(core::Bytes bytes) {
  const std::array<core::ByteArray<32>, 2> parts{digest_, core::crypto::sha256(bytes)};
  digest_ = core::crypto::sha256({parts[0].data(), sizeof(parts)});
}

void Report::add(const char* what, Cost cost) {
  std::size_t i = 0;
  while (i < size_ && std::strcmp(rows_[i].what, what) != 0) ++i;
  must(i < rows_.size(), "too many rows");
  Row& row = rows_[i];
  if (i == size_) ++size_;
  row.what = what;
  ++row.count;
  row.stack_bytes = std::max(row.stack_bytes, cost.stack_bytes);
  row.instructions += cost.instructions;
  row.most = std::max(row.most, cost.instructions);
}

void Report::print() const {
  print_text("call", 44);
  print_text("  calls  stack, most  instructions, mean        most\n");
  for (std::size_t i = 0; i < size_; ++i) {
    const Row& row = rows_[i];
    print_text(row.what, 44);
    print_number(row.count, 7);
    print_number(row.stack_bytes, 13);
    print_number(row.instructions / row.count, 20);
    print_number(row.most, 12);
    print_text("\n");
  }
}

void print_text(const char* text, std::size_t width) {
  write(bytes_of(text));
  const std::size_t size = std::strlen(text);
  if (size < width) print_blanks(width - size);
}

void print_number(std::uint64_t number, std::size_t width) {
  core::ByteArray<20> digits;
  std::size_t at = digits.size();
  do {
    digits[--at] = static_cast<std::uint8_t>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  const core::Bytes text = core::Bytes(digits).subspan(at);
  if (text.size() < width) print_blanks(width - text.size());
  write(text);
}

void print_digest(const char* of, core::View<32> digest) {
  print_text("digest of ");
  print_text(of);
  print_text(" ");
  for (const std::uint8_t byte : digest) {
    constexpr char kHex[] = "0123456789abcdef";
    const char text[3] = {kHex[byte >> 4], kHex[byte & 15], 0};
    print_text(text);
  }
  print_text("\n");
}

void must(bool holds, const char* what) {
  if (holds) return;
  print_text("FAILED: ");
  print_text(what);
  print_text("\n");
  stop(1);
}

}  // namespace bench::board
