// Which peer an inner address belongs to: the longest prefix that has it.
// Spec: [WG] 2 (cryptokey routing).
#ifndef CORE_WG_ALLOWED_IPS_H_
#define CORE_WG_ALLOWED_IPS_H_

#include <optional>

#include "core/wg/endpoint.h"
#include "core/wg/pool.h"

namespace core::wg {

// A prefix of a peer, for a walk.
using AllowedIpRef = std::uint32_t;

// Two binary trees, of IPv4 and of IPv6, in which a path without a choice is
// one step. A lookup takes as many steps as prefixes lie within each other,
// and about log2 of their number in a large table of equal ones; at most 33 or
// 129. Owners are numbers 0 to N - 1.
class AllowedIps {
 public:
  using Words = std::array<std::uint32_t, 4>;  // of an address, big-endian

  struct Node {
    std::uint32_t pool_link = kNoSlot;  // of the pool; else the next of its owner's
    std::uint32_t before = kNoSlot;     // of its owner's
    std::uint32_t owner = kNoSlot;      // kNoSlot: only a fork
    std::uint32_t parent = kNoSlot;
    std::array<std::uint32_t, 2> child{kNoSlot, kNoSlot};
    Words words{};  // zero beyond `bits`
    std::uint8_t bits = 0;
    Family family = Family::kNone;
  };

  // An address that was looked up lately: a flow of packets, among many peers,
  // need not go down the tree for each.
  struct Recent {
    IpAddress address;
    std::uint32_t owner = kNoSlot;
    std::uint64_t version = 0;  // of the tree when it was looked up
  };

  // Two nodes for each prefix are enough. `lists`: N elements. `recent`: a power
  // of two of them, at most 65,536, or none. All outlive this.
  AllowedIps(std::span<Node> nodes, std::span<std::uint32_t> lists, std::span<Recent> recent);
  // More room. REQUIRES: each begins with the one before.
  void extend(std::span<Node> nodes, std::span<std::uint32_t> lists);

  // The prefix is `owner`'s now, whose ever it was. Bits of the address beyond
  // it are ignored. Errors: kMalformed: no such prefix; kFull; nothing changed.
  Status insert(const Prefix& prefix, std::uint32_t owner);
  // Errors: kNotFound: it is not the owner's; kMalformed.
  Status remove(const Prefix& prefix, std::uint32_t owner);
  void remove_all(std::uint32_t owner);

  // Whose an address is; kNoSlot: nobody's. Notes it among the recent ones.
  std::uint32_t find(const IpAddress& address) const;

  // A walk of an owner's prefixes, the oldest first; a change voids it.
  std::optional<AllowedIpRef> first(std::uint32_t owner) const { return ref(lists_[owner]); }
  std::optional<AllowedIpRef> next(AllowedIpRef after) const {
    const std::uint32_t next = nodes_[after].pool_link;
    return next == lists_[nodes_[after].owner] ? std::nullopt : ref(next);
  }
  Prefix prefix(AllowedIpRef ref) const;

 private:
  static std::optional<AllowedIpRef> ref(std::uint32_t node) {
    if (node == kNoSlot) return std::nullopt;
    return node;
  }
  std::uint32_t& root(Family family) { return roots_[static_cast<std::size_t>(family)]; }
  std::uint32_t root(Family family) const { return roots_[static_cast<std::size_t>(family)]; }
  std::uint32_t find_in_tree(const IpAddress& address) const;
  std::uint32_t find_exact(const Prefix& prefix) const;
  void set_owner(std::uint32_t node, std::uint32_t owner);
  void remove_owner(std::uint32_t node);
  void prune(std::uint32_t node);

  Pool<Node> nodes_;
  std::span<std::uint32_t> lists_;
  std::array<std::uint32_t, 3> roots_{kNoSlot, kNoSlot, kNoSlot};  // of each Family; none of kNone
  std::span<Recent> recent_;
  std::uint64_t version_ = 1;  // one more with each change
};

}  // namespace core::wg
#endif  // CORE_WG_ALLOWED_IPS_H_
