#include "core/wg/allowed_ips.h"

#include <bit>

#include "core/base/reader.h"

namespace core::wg {
namespace {

using Words = AllowedIps::Words;

Words words_of(const IpAddress& address) {
  Reader in(address.bytes);
  Words out;
  for (auto& word : out) word = in.u32_be();
  return out;
}

// The first `bits` bits set, of 32 beginning at `first`.
std::uint32_t mask(unsigned bits, unsigned first) {
  if (bits <= first) return 0;
  return bits - first >= 32 ? ~0u : ~(~0u >> (bits - first));
}

void cut(Words& words, unsigned bits) {
  for (unsigned i = 0; i < words.size(); ++i) words[i] &= mask(bits, 32 * i);
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
    : nodes_(nodes), lists_(lists), pool_(nodes), recent_(recent) {
  CHECK(recent.empty() || std::has_single_bit(recent.size()));
  std::fill(lists_.begin(), lists_.end(), kNoSlot);
  std::fill(recent_.begin(), recent_.end(), Recent{});
}

void AllowedIps::extend(std::span<Node> nodes, std::span<std::uint32_t> lists) {
  CHECK(lists.data() == lists_.data() && lists.size() >= lists_.size());
  std::fill(lists.begin() + static_cast<std::ptrdiff_t>(lists_.size()), lists.end(), kNoSlot);
  pool_.extend(nodes);
  nodes_ = nodes;
  lists_ = lists;
}

Status AllowedIps::insert(const Prefix& prefix, std::uint32_t owner) {
  if (!well_formed(prefix)) return Error::kMalformed;
  const Family family = prefix.address.family;
  Words words = words_of(prefix.address);
  cut(words, prefix.bits);

  std::uint32_t parent = kNoSlot, below = root(family);
  while (below != kNoSlot && nodes_[below].bits < prefix.bits && contains(nodes_[below], words)) {
    parent = below;
    below = nodes_[parent].child[bit_after(nodes_[parent].bits, words)];
  }
  if (below != kNoSlot && nodes_[below].bits == prefix.bits && nodes_[below].words == words) {
    if (nodes_[below].owner != kNoSlot) remove_owner(below);
    set_owner(below, owner);
    return {};
  }
  if (pool_.free() == 0) return Error::kFull;
  if (below == kNoSlot) {
    set_owner(make(words, prefix.bits, family, parent), owner);
    return {};
  }
  const auto common = static_cast<std::uint8_t>(
      common_bits(words, nodes_[below].words, std::min(prefix.bits, nodes_[below].bits)));
  if (common < prefix.bits && pool_.free() == 1) return Error::kFull;
  Words fork = words;
  cut(fork, common);
  const std::uint32_t above = make(fork, common, family, parent);
  attach(above, below);
  set_owner(common == prefix.bits ? above : make(words, prefix.bits, family, above), owner);
  return {};
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
  if (address.family == Family::kNone) return kNoSlot;
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

std::uint32_t& AllowedIps::link_to(Family family, std::uint32_t parent, const Words& words) {
  if (parent == kNoSlot) return root(family);
  return nodes_[parent].child[bit_after(nodes_[parent].bits, words)];
}

// A new node in its place below `parent`; what was there is not below it yet.
std::uint32_t AllowedIps::make(const Words& words, std::uint8_t bits, Family family,
                               std::uint32_t parent) {
  const std::uint32_t node = pool_.take();
  CHECK(node != kNoSlot);
  nodes_[node] = {.parent = parent, .words = words, .bits = bits, .family = family};
  link_to(family, parent, words) = node;
  return node;
}

void AllowedIps::attach(std::uint32_t above, std::uint32_t below) {
  nodes_[below].parent = above;
  nodes_[above].child[bit_after(nodes_[above].bits, nodes_[below].words)] = below;
}

// A list's first has its last before it; the last has none after it.
void AllowedIps::set_owner(std::uint32_t node, std::uint32_t owner) {
  ++version_;
  Node& n = nodes_[node];
  n.owner = owner;
  n.pool_link = kNoSlot;
  n.before = node;
  std::uint32_t& first = lists_[owner];
  if (first == kNoSlot) {
    first = node;
    return;
  }
  n.before = nodes_[first].before;
  nodes_[n.before].pool_link = node;
  nodes_[first].before = node;
}

void AllowedIps::remove_owner(std::uint32_t node) {
  ++version_;
  Node& n = nodes_[node];
  std::uint32_t& first = lists_[n.owner];
  if (node != first) {
    nodes_[n.before].pool_link = n.pool_link;
    nodes_[n.pool_link == kNoSlot ? first : n.pool_link].before = n.before;
  } else {
    first = n.pool_link;
    if (first != kNoSlot) nodes_[first].before = n.before;
  }
  n.owner = kNoSlot;
}

// Takes out nodes that nobody owns and that are no fork: this one, and then
// maybe the one above.
void AllowedIps::prune(std::uint32_t node) {
  while (node != kNoSlot && nodes_[node].owner == kNoSlot) {
    const Node n = nodes_[node];
    if (n.child[0] != kNoSlot && n.child[1] != kNoSlot) return;
    const std::uint32_t below = n.child[n.child[0] == kNoSlot ? 1 : 0];
    link_to(n.family, n.parent, n.words) = below;
    if (below != kNoSlot) nodes_[below].parent = n.parent;
    pool_.give_back(node);
    node = n.parent;
  }
}

}  // namespace core::wg
