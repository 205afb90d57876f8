#include "test/no_heap.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

namespace test {
namespace {

TEST(HeapCount, CountsOperatorNew) {
  const HeapCount heap;
  EXPECT_EQ(heap.count(), 0u);
  const auto kept = std::make_unique<int>(1);
  EXPECT_GE(heap.count(), 1u);
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
TEST(HeapCount, CountsMallocAndItsKin) {
  const HeapCount heap;
  void* volatile memory = std::malloc(1);
  memory = std::realloc(memory, 100);
  void* volatile zeros = std::calloc(1, 1);
  EXPECT_EQ(heap.count(), 3u);
  std::free(memory);
  std::free(zeros);
}
#endif

}  // namespace
}  // namespace test
