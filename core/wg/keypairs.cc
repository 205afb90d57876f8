#include "core/wg/keypairs.h"

namespace core::wg {
namespace {

// Moves `from` over `to`, whose index is returned, and leaves no session there.
std::uint32_t replace(Keypair& to, Keypair& from) {
  const std::uint32_t dropped = to.local_index;
  to = std::move(from);
  from.local_index = 0;
  return dropped;
}

std::uint32_t drop(Keypair& keypair) {
  Keypair none;
  return replace(keypair, none);
}

}  // namespace

Keypair& Keypairs::at(Place place) {
  CHECK(place != Place::kNone);
  return place == Place::kCurrent ? current_ : place == Place::kNext ? next_ : previous_;
}

Keypairs::Place Keypairs::find(std::uint32_t local_index) const {
  if (current_.local_index == local_index) return Place::kCurrent;
  if (previous_.local_index == local_index) return Place::kPrevious;
  if (next_.local_index == local_index) return Place::kNext;
  return Place::kNone;
}

DroppedIndices Keypairs::start_as_initiator(Keypair&& session) {
  DroppedIndices dropped{};
  // The peer may already send in the session that it initiated.
  if (next_.there()) dropped[1] = drop(current_);
  dropped[0] = replace(previous_, next_.there() ? next_ : current_);
  replace(current_, session);
  current_role_ = Role::kInitiator;
  current_window_ = static_cast<std::uint8_t>(1 - current_window_);
  return dropped;
}

DroppedIndices Keypairs::start_as_responder(Keypair&& session) {
  const std::uint32_t previous = drop(previous_);
  return {previous, replace(next_, session)};
}

DroppedIndices Keypairs::confirm_next() {
  const std::uint32_t dropped = replace(previous_, current_);
  replace(current_, next_);
  current_role_ = Role::kResponder;
  current_window_ = static_cast<std::uint8_t>(1 - current_window_);
  return {dropped};
}

DroppedIndices Keypairs::clear() { return {drop(previous_), drop(current_), drop(next_)}; }

}  // namespace core::wg
