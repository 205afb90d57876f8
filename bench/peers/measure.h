// How every program of bench/peers counts: operations per second of this
// process's CPU time, one JSON object a line. See run.py.
#ifndef BENCH_PEERS_MEASURE_H_
#define BENCH_PEERS_MEASURE_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace bench::peers {

inline constexpr std::size_t kTextSize = 100;
inline constexpr double kSeconds = 0.5;  // of CPU, for each measurement

inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// A measurement of something that did not work is none.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::exit(1);
}

struct Program {
  const char* peer;  // as the table shows it
  const char* version;

  // Calls once(), which does `items` pieces of the work, for kSeconds; the
  // clock is read so rarely that it does not count.
  template <class Once>
  void measure(const char* work, int items, Once once) const {
    long batch = 1;
    for (double took = 0; took < 0.01; batch *= 2) {  // warms up, too
      const double start = cpu_seconds();
      for (long i = 0; i < batch; ++i) once();
      took = cpu_seconds() - start;
    }
    long calls = 0;
    const double start = cpu_seconds();
    double took = 0;
    do {
      for (long i = 0; i < batch; ++i) once();
      calls += batch;
      took = cpu_seconds() - start;
    } while (took < kSeconds);
    std::printf(R"({"peer": "%s", "version": "%s", "work": "%s", "per_cpu_second": %.1f})"
                "\n",
                peer, version, work, static_cast<double>(calls) * items / took);
    std::fflush(stdout);
  }
};

// Randomness for libraries that ask their caller for it: the same cheap
// generator for all, so that none is measured with the kernel's. Not secret.
class CheapRandom {
 public:
  void fill(std::uint8_t* out, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      if (i % 8 == 0) step();
      out[i] = static_cast<std::uint8_t>(word_ >> (i % 8 * 8));
    }
  }

 private:
  void step() {
    state_ += 0x9e3779b97f4a7c15;
    word_ = (state_ ^ state_ >> 30) * 0xbf58476d1ce4e5b9;
    word_ = (word_ ^ word_ >> 27) * 0x94d049bb133111eb;
    word_ ^= word_ >> 31;
  }
  std::uint64_t state_ = 1, word_ = 0;
};

}  // namespace bench::peers
#endif  // BENCH_PEERS_MEASURE_H_
