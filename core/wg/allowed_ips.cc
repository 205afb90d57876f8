#include "core/wg/allowed_ips.h"

#include <bit>

#include "core/crypto/words.h"

namespace core::wg {
namespace {

using Words = AllowedIps::Words;

Words words_of(const IpAddress& address) {
  const View<16> bytes = address.bytes;
  Words out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = crypto::load_be<std::uint32_t>(bytes.subspan(4 * i).first<4>());
  }
  return out;
}

// Clears all but the first `bits` bits.
void cut(Words& words, std::int32_t bits) {
  for (auto& word : words) {
    if (bits < 32) word &= bits <= 0 ? 0 : ~(~0u >> bits);
    bits -= 32;
  }
}

// Bits at the front that are equal, at most `limit`.
unsigned common_bits(const Words& a, const Words& b, unsigned limit) {
  for (unsigned i = 0; i < a.size() && 32 * i < limit; ++i) {
    if (a[i] == b[i]) continue;
    return std::min(limit, 32 * i + static_cast<unsigned>(std::countl_zero(a[i] ^ b[i])));
  }
  return limit;
}

bool contains(const AllowedIps::Node& node, const Words& words) {
  return common_bits(node.words, words, node.bits) == node.bits;
}

// The bit after the first `bits`. REQUIRES: bits < 128
std::size_t bit_after(unsigned bits, const Words& words) {
  return words[bits / 32] >> (31 - bits % 32) & 1;
}

bool well_formed(const Prefix& prefix) {
  return prefix.address.family != Family::kNone && prefix.bits <= prefix.address.bits();
}

}  // namespace

AllowedIps::AllowedIps(std::span<Node> nodes, std::span<std::uint32_t> lists,
                       std::span<Recent> recent)
    : nodes_(nodes), lists_(lists), recent_(recent) {
  CHECK((recent.size() & (recent.size() - 1)) == 0);
  std::fill(lists_.begin(), lists_.end(), kNoSlot);
  for (Recent& recent_one : recent_) recent_one.version = 0;
}

void AllowedIps::extend(std::span<Node> nodes, std::span<std::uint32_t> lists) {
  CHECK(lists.data() == lists_.data() && lists.size() >= lists_.size());
  std::fill(lists.begin() + static_cast<std::ptrdiff_t>(lists_.size()), lists.end(), kNoSlot);
  nodes_.extend(nodes);
  lists_ = lists;
}

Status AllowedIps::insert(const Prefix& prefix, std::uint32_t owner) {
  if (!well_formed(prefix)) return Error::kMalformed;
  Words words = words_of(prefix.address);
  cut(words, prefix.bits);

  std::uint32_t parent = kNoSlot;
  std::uint32_t* link = &root(prefix.address.family);
  for (;;) {  // each time round there are more bits above *link
    const std::uint32_t below = *link;
    unsigned bits = prefix.bits;
    if (below != kNoSlot) {
      Node& node = nodes_[below];
      bits = common_bits(words, node.words, std::min<unsigned>(bits, node.bits));
      if (bits == prefix.bits && bits == node.bits) {
        if (node.owner != kNoSlot) remove_owner(below);
        set_owner(below, owner);
        return {};
      }
      if (bits == node.bits) {
        parent = below;
        link = &node.child[bit_after(bits, words)];
        continue;
      }
    }
    // In between there is to be the prefix, or else a fork and the prefix below it.
    if (nodes_.free() < (bits == prefix.bits ? 1u : 2u)) return Error::kFull;
    const std::uint32_t between = nodes_.take();
    Node& node = nodes_[between];
    node.owner = kNoSlot;
    node.parent = parent;
    node.child = {kNoSlot, kNoSlot};
    node.words = words;
    cut(node.words, static_cast<std::int32_t>(bits));
    node.bits = static_cast<std::uint8_t>(bits);
    node.family = prefix.address.family;
    if (below != kNoSlot) {
      node.child[bit_after(bits, nodes_[below].words)] = below;
      nodes_[below].parent = between;
    }
    *link = between;
  }
}

Status AllowedIps::remove(const Prefix& prefix, std::uint32_t owner) {
  if (!well_formed(prefix)) return Error::kMalformed;
  const std::uint32_t node = find_exact(prefix);
  if (node == kNoSlot || nodes_[node].owner != owner) return Error::kNotFound;
  remove_owner(node);
  prune(node);
  return {};
}

void AllowedIps::remove_all(std::uint32_t owner) {
  while (lists_[owner] != kNoSlot) {
    const std::uint32_t node = lists_[owner];
    remove_owner(node);
    prune(node);
  }
}

std::uint32_t AllowedIps::find(const IpAddress& address) const {
  if (recent_.empty()) return find_in_tree(address);
  const Words words = words_of(address);
  // Whoever aims at one place loses what this table gains, and no more.
  const std::uint32_t mixed = (words[0] ^ words[1] ^ words[2] ^ words[3]) * 0x9e3779b1u;
  Recent& recent = recent_[mixed >> 16 & (recent_.size() - 1)];
  if (recent.version != version_ || recent.address != address) {
    recent.address = address;
    recent.owner = find_in_tree(address);
    recent.version = version_;
  }
  return recent.owner;
}

std::uint32_t AllowedIps::find_in_tree(const IpAddress& address) const {
  const Words words = words_of(address);
  const unsigned bits = address.bits();
  std::uint32_t best = kNoSlot, node = root(address.family);
  while (node != kNoSlot && contains(nodes_[node], words)) {
    if (nodes_[node].owner != kNoSlot) best = nodes_[node].owner;
    if (nodes_[node].bits == bits) break;
    node = nodes_[node].child[bit_after(nodes_[node].bits, words)];
  }
  return best;
}

Prefix AllowedIps::prefix(AllowedIpRef ref) const {
  const Node& node = nodes_[ref];
  Prefix out{.address = {.family = node.family}, .bits = node.bits};
  for (std::size_t i = 0; i < out.address.bytes.size(); ++i) {
    out.address.bytes[i] = static_cast<std::uint8_t>(node.words[i / 4] >> (24 - i % 4 * 8));
  }
  return out;
}

std::uint32_t AllowedIps::find_exact(const Prefix& prefix) const {
  Words words = words_of(prefix.address);
  cut(words, prefix.bits);
  std::uint32_t node = root(prefix.address.family);
  while (node != kNoSlot && nodes_[node].bits < prefix.bits) {
    node = nodes_[node].child[bit_after(nodes_[node].bits, words)];
  }
  const bool found =
      node != kNoSlot && nodes_[node].bits == prefix.bits && nodes_[node].words == words;
  return found ? node : kNoSlot;
}

// An owner's nodes are a ring: after the last comes the first.
void AllowedIps::set_owner(std::uint32_t node, std::uint32_t owner) {
  ++version_;
  std::uint32_t& first = lists_[owner];
  if (first == kNoSlot) first = nodes_[node].before = node;
  const std::uint32_t last = nodes_[first].before;
  nodes_[node].owner = owner;
  nodes_[node].before = last;
  nodes_[node].pool_link = first;
  nodes_[first].before = node;
  nodes_[last].pool_link = node;
}

void AllowedIps::remove_owner(std::uint32_t node) {
  ++version_;
  Node& n = nodes_[node];
  nodes_[n.before].pool_link = n.pool_link;
  nodes_[n.pool_link].before = n.before;
  std::uint32_t& first = lists_[n.owner];
  if (first == node) first = n.pool_link == node ? kNoSlot : n.pool_link;
  n.owner = kNoSlot;
}

// Takes out nodes that nobody owns and that are no fork: this one, and then
// maybe the one above.
void AllowedIps::prune(std::uint32_t node) {
  while (node != kNoSlot && nodes_[node].owner == kNoSlot) {
    const auto& child = nodes_[node].child;
    if (child[0] != kNoSlot && child[1] != kNoSlot) return;
    const std::uint32_t below = child[0] == kNoSlot ? child[1] : child[0];
    const std::uint32_t above = nodes_[node].parent;
    if (below != kNoSlot) nodes_[below].parent = above;
    if (above == kNoSlot) {
      root(nodes_[node].family) = below;
    } else {
      nodes_[above].child[nodes_[above].child[0] == node ? 0 : 1] = below;
    }
    nodes_.give_back(node);
    node = above;
  }
}

}  // namespace core::wg
