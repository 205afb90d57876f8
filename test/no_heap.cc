#include "test/no_heap.h"

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GINNEL_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define GINNEL_ASAN 1
#endif

namespace {

std::atomic<std::size_t> allocation_count{0};

void count_one() { allocation_count.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

#if defined(__GLIBC__) && !defined(GINNEL_ASAN)
// The program's own malloc, in front of glibc's; free() stays glibc's.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  count_one();
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  count_one();
  return __libc_calloc(count, size);
}

void* realloc(void* old, std::size_t size) {
  count_one();
  return __libc_realloc(old, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count_one();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  count_one();
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? 12 /* ENOMEM */ : 0;
}
}
#endif

// operator new too, for where malloc is not ours to replace.
void* operator new(std::size_t size) {
  count_one();
  void* out = std::malloc(size == 0 ? 1 : size);
  if (out == nullptr) std::abort();
  return out;
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  count_one();
  const auto align = static_cast<std::size_t>(alignment);
  void* out = std::aligned_alloc(align, (size + align - 1) / align * align);
  if (out == nullptr) std::abort();
  return out;
}

// AddressSanitizer has its own of these, which do not end in those above.
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return operator new(size);
}

void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace test {

std::size_t HeapCount::total() { return allocation_count.load(std::memory_order_relaxed); }

}  // namespace test
