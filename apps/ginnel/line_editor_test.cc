#include "apps/ginnel/line_editor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace apps::ginnel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kClear = "\r\x1b[K";

TEST(LineEditor, GivesCompleteLinesOfAPipe) {
  LineEditor editor("> ", 0);
  EXPECT_THAT(editor.feed("one\ntwo\nthr"), ElementsAre("one", "two"));
  EXPECT_THAT(editor.feed("ee\n\n"), ElementsAre("three", ""));
  EXPECT_THAT(editor.feed("\x1b[A\x7f rest"), IsEmpty());
  EXPECT_EQ(editor.rest(), "\x1b[A\x7f rest");
  EXPECT_EQ(editor.above("text\n"), "text\n");
  EXPECT_EQ(editor.redraw(), "");
}

TEST(LineEditor, EditsOnATerminal) {
  LineEditor editor("> ", 40);
  EXPECT_THAT(editor.feed("hellp\x7fo\r"), ElementsAre("hello"));
  EXPECT_THAT(editor.feed("gone\x15stays\n"), ElementsAre("stays"));
  EXPECT_THAT(editor.feed("caf\u00e9\x08"
                          "e\n"),
              ElementsAre("cafe"));
  EXPECT_THAT(editor.feed("\x7f\x7f"
                          "a\n"),
              ElementsAre("a"));
  EXPECT_THAT(editor.feed("le\x1b[1;5Cft\x1bOA\n"), ElementsAre("left"));
  EXPECT_FALSE(editor.ended());
  editor.feed("x\x04");
  EXPECT_FALSE(editor.ended());
  editor.feed("\x15\x04");
  EXPECT_TRUE(editor.ended());
}

TEST(LineEditor, PrintsAboveWhatIsBeingTyped) {
  LineEditor editor("> ", 40);
  editor.feed("half a li");
  EXPECT_EQ(editor.above("bob: hi\n"), std::string(kClear) + "bob: hi\n" + kClear + "> half a li");
}

TEST(LineEditor, ShowsTheEndOfALongLine) {
  LineEditor editor("> ", 13);
  editor.feed("0123456789\u00e9\u00e8");
  EXPECT_EQ(editor.redraw(), std::string(kClear) + "> 23456789\u00e9\u00e8");
}

TEST(LineEditor, EndsALineThatIsTooLong) {
  LineEditor editor("", 0);
  const auto lines = editor.feed(std::string(LineEditor::kMaxLineSize + 1, 'x'));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].size(), LineEditor::kMaxLineSize);
  EXPECT_EQ(editor.rest(), "x");
}

}  // namespace
}  // namespace apps::ginnel
