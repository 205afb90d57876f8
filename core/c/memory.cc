#include "core/c/memory.h"

#include <new>

namespace core::c {

ginnel_error error_of(Error error) {
  switch (error) {
    case Error::kMalformed: return GINNEL_MALFORMED;
    case Error::kBadVersion: return GINNEL_BAD_VERSION;
    case Error::kBadTag: return GINNEL_BAD_TAG;
    case Error::kBadKey: return GINNEL_BAD_KEY;
    case Error::kReplay: return GINNEL_REPLAY;
    case Error::kNotFound: return GINNEL_NOT_FOUND;
    case Error::kUntrusted: return GINNEL_UNTRUSTED;
    case Error::kExpired: return GINNEL_EXPIRED;
    case Error::kFull: return GINNEL_FULL;
    case Error::kRng: return GINNEL_RANDOM;
    case Error::kOutOfOrder:
    case Error::kStore:
    case Error::kRefused: break;
  }
  __builtin_trap();
}

Work& work_in(ginnel_work& memory) {
  constexpr std::size_t kAlignment = alignof(Work);
  static_assert(sizeof(Work) + kAlignment - alignof(ginnel_work) <= sizeof(ginnel_work));
  const auto start = reinterpret_cast<std::uintptr_t>(&memory);
  const auto aligned = (start + kAlignment - 1) / kAlignment * kAlignment;
  auto* const place = reinterpret_cast<std::uint8_t*>(&memory) + (aligned - start);
  return *::new (static_cast<void*>(place)) Work;
}

e2e::SessionRecord* record_in(ginnel_session* session) {
  if (session == nullptr) return nullptr;
  auto* const held = std::launder(reinterpret_cast<HeldSession*>(session));
  return held->mark == HeldSession::kMark ? &held->record : nullptr;
}

const e2e::SessionRecord* record_in(const ginnel_session* session) {
  if (session == nullptr) return nullptr;
  const auto* const held = std::launder(reinterpret_cast<const HeldSession*>(session));
  return held->mark == HeldSession::kMark ? &held->record : nullptr;
}

}  // namespace core::c

extern "C" {

// What compilers may refer to for an interface's functions. Nothing calls it;
// defined here, and hidden in libginnel.a, it spares a C program the C++ library.
[[noreturn]] void __cxa_pure_virtual();
void __cxa_pure_virtual() { __builtin_trap(); }

const char* ginnel_error_text(int error) {
  switch (error) {
    case GINNEL_OK: return "ok";
    case GINNEL_USAGE: return "the call was wrong: a null pointer, or memory not initialized";
    case GINNEL_MALFORMED: return "the bytes cannot be read";
    case GINNEL_BAD_VERSION: return "a version that is not supported";
    case GINNEL_BAD_TAG: return "forged or damaged";
    case GINNEL_BAD_KEY: return "an unusable public key";
    case GINNEL_REPLAY: return "seen before, or too old";
    case GINNEL_NOT_FOUND: return "no such session or prekey";
    case GINNEL_UNTRUSTED: return "another identity than the one known";
    case GINNEL_EXPIRED: return "the session was never answered";
    case GINNEL_FULL: return "no room";
    case GINNEL_RANDOM: return "the random source failed";
  }
  return "unknown error";
}

void ginnel_wipe(void* memory, size_t size) {
  if (memory != nullptr) core::wipe({static_cast<std::uint8_t*>(memory), size});
}

}  // extern "C"
