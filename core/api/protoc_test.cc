// Holds our encodings against protoc's: the messages are what ginnel.proto says.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/api/message_test_specimens.h"

namespace core::api {
namespace {

// Runs `protoc --decode` or `--encode` over files of its own folder.
class Protoc : public testing::Test {
 protected:
  void SetUp() override {
    if (std::string(GINNEL_PROTOC).empty()) GTEST_SKIP() << "protoc is not installed";
    std::string path = (std::filesystem::temp_directory_path() / "ginnel-protoc-XXXXXX").string();
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    folder_ = path;
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string run(const std::string& mode, const std::string& type, const std::string& input) {
    const auto in = folder_ / "in", out = folder_ / "out";
    std::ofstream(in, std::ios::binary) << input;
    const std::string command = std::string("'" GINNEL_PROTOC "' --") + mode + "=ginnel.v1." +
                                type + " --proto_path=proto ginnel/v1/ginnel.proto < '" +
                                in.string() + "' > '" + out.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    std::ifstream result(out, std::ios::binary);
    return {std::istreambuf_iterator<char>(result), {}};
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(Protoc, ReadsWhatWeWrite) {
  for (const auto& specimen : specimens()) {
    const auto message = specimen.encoded();
    EXPECT_EQ(run("decode", specimen.type, {message.begin(), message.end()}), specimen.text)
        << specimen.type;
  }
}

TEST_F(Protoc, WritesWhatWeRead) {
  for (const auto& specimen : specimens()) {
    const auto message = run("encode", specimen.type, specimen.text);
    const auto text =
        specimen.print({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
    ASSERT_TRUE(text.ok()) << specimen.type;
    EXPECT_EQ(*text, specimen.text) << specimen.type;
    // And in the same bytes.
    const auto ours = specimen.encoded();
    EXPECT_EQ(message, std::string(ours.begin(), ours.end())) << specimen.type;
  }
}

// Every message of the .proto file has a specimen, except the empty one.
TEST(Proto, HasASpecimenForEveryMessage) {
  std::ifstream file("proto/ginnel/v1/ginnel.proto");
  ASSERT_TRUE(file.good());
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("message ", 0) != 0) continue;
    const std::string type = line.substr(8, line.find(' ', 8) - 8);
    ++count;
    bool found = type == "StatusRequest";
    for (const auto& specimen : specimens()) found = found || specimen.type == type;
    EXPECT_TRUE(found) << type;
  }
  EXPECT_GE(count, 25u);
}

}  // namespace
}  // namespace core::api
