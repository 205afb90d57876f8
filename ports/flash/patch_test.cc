#include "ports/flash/patch.h"

#include <gtest/gtest.h>

#include <vector>

#include "ports/fake/rng.h"
#include "ports/flash/item.h"

namespace ports::flash {
namespace {

using core::Bytes;
using core::Error;
using Blob = std::vector<std::uint8_t>;

Blob patched(const Blob& base, Bytes patch, std::size_t size) {
  Blob piece = base;
  piece.resize(size);
  EXPECT_TRUE(apply_patch(patch, piece).ok());
  return piece;
}

TEST(Patch, OfNoChangeIsEmpty) {
  const Blob base(256, 1);
  Blob out(10);
  EXPECT_EQ(*make_patch(base, base, out), 0u);
  EXPECT_EQ(*make_patch(base, {}, out), 0u);
}

TEST(Patch, GivesTheNewPieceBack) {
  fake::FakeRng dice(5);
  for (int round = 0; round < 20'000; ++round) {
    Blob base(dice.next() % 257), out(600);
    for (auto& byte : base) byte = static_cast<std::uint8_t>(dice.next() % 3);
    Blob now = base;
    now.resize(dice.next() % 257, static_cast<std::uint8_t>(dice.next() % 2));
    for (std::uint64_t edits = dice.next() % 20; edits > 0 && !now.empty(); --edits) {
      now[dice.next() % now.size()] = static_cast<std::uint8_t>(dice.next());
    }
    const auto size = *make_patch(base, now, out);
    ASSERT_EQ(patched(base, Bytes(out).first(size), now.size()), now);
    if (size > 0) {
      Blob small(size - 1);
      EXPECT_EQ(make_patch(base, now, small).error(), Error::kFull);
    }
  }
}

TEST(Patch, ReachesTheLastByte) {
  const Blob base(256, 0);
  Blob now = base, out(10);
  now[255] = 1;
  const auto size = *make_patch(base, now, out);
  EXPECT_EQ(size, 3u);
  EXPECT_EQ(patched(base, Bytes(out).first(size), 256), now);
}

TEST(Patch, IsRefusedIfItIsCutOrReachesTooFar) {
  const Blob patch = {3, 2, 9, 9, 1, 1, 7};
  for (std::size_t size = 1; size < patch.size(); ++size) {
    Blob piece(100);
    EXPECT_EQ(apply_patch(Bytes(patch).first(size), piece).ok(), size == 4) << size;
  }
  Blob fits(7), short_by_one(6);
  EXPECT_TRUE(apply_patch(patch, fits).ok());
  EXPECT_EQ(fits, (Blob{0, 0, 0, 9, 9, 0, 7}));
  EXPECT_EQ(apply_patch(patch, short_by_one).error(), Error::kMalformed);
}

TEST(Item, IsReadAsItWasWrittenAndRefusedIfCut) {
  const Blob data(40, 5);
  const Item item{
      .id = 0x0102030405060708, .kind = ItemKind::kPatch, .piece = 9, .size = 256, .data = data};
  Blob out(item.encoded_size());
  item.encode(out);
  ItemReader reader(out);
  const auto read = reader.next();
  ASSERT_TRUE(read.ok() && reader.at_end());
  EXPECT_EQ(read->id, item.id);
  EXPECT_EQ(read->kind, item.kind);
  EXPECT_EQ(read->piece, 9);
  EXPECT_EQ(read->size, 256);
  EXPECT_TRUE(core::equal_var(read->data, data));
  for (std::size_t size = 0; size < out.size(); ++size) {
    EXPECT_EQ(ItemReader(Bytes(out).first(size)).next().error(), Error::kMalformed) << size;
  }
  EXPECT_TRUE(find_item(out, item.id, ItemKind::kPatch, 9).ok());
  EXPECT_EQ(find_item(out, item.id, ItemKind::kPiece, 9).error(), Error::kNotFound);
  EXPECT_EQ(find_item(out, item.id, ItemKind::kPatch, 8).error(), Error::kNotFound);
  EXPECT_EQ(find_item(out, item.id + 1, ItemKind::kPatch, 9).error(), Error::kNotFound);
}

TEST(Item, IsRefusedWithSizesThatCannotBe) {
  const auto reads = [](Item item) {
    Blob out(item.encoded_size());
    item.encode(out);
    return ItemReader(out).next().ok();
  };
  const Blob data(257, 5);
  const Bytes all = data;
  EXPECT_TRUE(
      reads({.id = 1, .kind = ItemKind::kPiece, .piece = 0, .size = 256, .data = all.first(256)}));
  EXPECT_FALSE(reads({.id = 1, .kind = ItemKind::kPiece, .piece = 0, .size = 257, .data = all}));
  EXPECT_FALSE(
      reads({.id = 1, .kind = ItemKind::kPiece, .piece = 0, .size = 3, .data = all.first(2)}));
  EXPECT_FALSE(reads({.id = 1, .kind = ItemKind::kPatch, .piece = 0, .size = 1, .data = all}));
  EXPECT_TRUE(reads({.id = 1, .kind = ItemKind::kErased, .piece = 0, .size = 0, .data = {}}));
  EXPECT_FALSE(reads({.id = 1, .kind = ItemKind::kErased, .piece = 0, .size = 1, .data = {}}));
  EXPECT_FALSE(reads({.id = 1, .kind = ItemKind{0}, .piece = 0, .size = 0, .data = {}}));
  EXPECT_FALSE(reads({.id = 1, .kind = ItemKind{4}, .piece = 0, .size = 0, .data = {}}));
}

}  // namespace
}  // namespace ports::flash
