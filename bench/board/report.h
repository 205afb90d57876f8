// The figures of the calls that were measured, and digests of what they gave.
#ifndef BENCH_BOARD_REPORT_H_
#define BENCH_BOARD_REPORT_H_

#include "bench/board/probe.h"

namespace bench::board {

// A hash of everything that was added, in order.
class Transcript {
 public:
  void add(core::Bytes bytes);
  core::View<32> digest() const { return digest_; }

 private:
  core::ByteArray<32> digest_{};
};

// Rows are in the order in which their names came first.
class Report {
 public:
  template <class Function>
  void measure(const char* what, Function&& function) {
    add(what, bench::board::measure(function));
  }
  void add(const char* what, Cost cost);
  void print() const;

 private:
  struct Row {
    const char* what = nullptr;
    std::uint32_t count = 0;
    std::size_t stack_bytes = 0;     // the most of one call
    std::uint64_t instructions = 0;  // of all calls
    std::uint64_t most = 0;          // of one call
  };
  std::array<Row, 48> rows_{};
  std::size_t size_ = 0;
};

// Text and numbers, padded with blanks to at least `width` characters.
void print_text(const char* text, std::size_t width = 0);
void print_number(std::uint64_t number, std::size_t width = 0);
void print_digest(const char* of, core::View<32> digest);

// Ends the program with a message if a call did not do what it must.
void must(bool holds, const char* what);

// What is measured: each is a file.
void run_primitives(Report& report, Transcript& transcript);
void run_conversation(Report& report, Transcript& transcript);
void run_tunnel(Report& report, Transcript& transcript);

}  // namespace bench::board
#endif  // BENCH_BOARD_REPORT_H_
