// Counts heap use, for tests that a call does without. Link `no_heap`.
#ifndef TEST_NO_HEAP_H_
#define TEST_NO_HEAP_H_

#include <cstddef>

namespace test {

// Counts the allocations of the whole process since it was made: malloc and
// its kin, and operator new; under AddressSanitizer operator new alone.
class HeapCount {
 public:
  HeapCount() : start_(total()) {}
  std::size_t count() const { return total() - start_; }

 private:
  static std::size_t total();
  std::size_t start_;
};

}  // namespace test
#endif  // TEST_NO_HEAP_H_
