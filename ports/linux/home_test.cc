#include "ports/linux/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "ports/linux/certificate.h"
#include "ports/linux/local_socket.h"
#include "ports/linux/test_folder.h"
#include "ports/linux/test_tls_peer.h"

namespace ports::linux_os {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Files, AreReplacedWholeAndPrivate) {
  const TestFolder folder;
  const std::string path = folder.file("file");
  ASSERT_TRUE(write_private_file(path, "old"));
  // A file left over from a power cut is in nobody's way.
  std::ofstream(path + ".new") << "half";
  ASSERT_TRUE(write_private_file(path, "new"));
  EXPECT_EQ(content_of(path), "new");
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(Files, StayAsTheyWereWhenTheNewOneCannotBeWritten) {
  const TestFolder folder;
  ASSERT_FALSE(write_private_file(folder.file("no/such/file"), "x"));
  const std::string path = folder.file("folder");
  std::filesystem::create_directory(path);
  EXPECT_FALSE(write_private_file(path, "x"));
  EXPECT_TRUE(std::filesystem::is_directory(path));
}

TEST(Files, AreReadUpToALimit) {
  const TestFolder folder;
  const std::string path = folder.file("file");
  EXPECT_FALSE(read_private_file(path, 10)->found);
  ASSERT_TRUE(write_private_file(path, "0123456789"));
  EXPECT_EQ(read_private_file(path, 10)->text.reveal(), "0123456789");
  EXPECT_FALSE(read_private_file(path, 9));
}

class HomeTest : public testing::Test {
 protected:
  DeviceSettings settings() const {
    DeviceSettings made;
    made.name = *core::DeviceName::parse(bytes_of("alice"));
    made.broker_host = "127.0.0.1";
    made.broker_port = 8883;
    made.ca = "ca";
    made.certificate = "certificate";
    made.private_key = SecretText("key");
    return made;
  }
  TestFolder folder_;
  Home home_ = *Home::find(folder_.file("a/b/home/"));
};

TEST_F(HomeTest, IsFoundByOptionThenEnvironmentThenUser) {
  setenv("GINNEL_HOME", "/tmp/from-environment", 1);
  EXPECT_EQ(Home::find("/tmp/x/../given/")->path(), "/tmp/given");
  EXPECT_EQ(Home::find("")->path(), "/tmp/from-environment");
  unsetenv("GINNEL_HOME");
  setenv("XDG_DATA_HOME", "/tmp/data", 1);
  EXPECT_EQ(Home::find("")->path(), "/tmp/data/ginnel");
  unsetenv("XDG_DATA_HOME");
  setenv("HOME", "/tmp/user", 1);
  EXPECT_EQ(Home::find("")->path(), "/tmp/user/.local/share/ginnel");
}

TEST_F(HomeTest, KeepsItsSettings) {
  ASSERT_TRUE(home_.make());
  EXPECT_FALSE(home_.enrolled());
  EXPECT_EQ(home_.load().error().kind, ProblemKind::kNotEnrolled);
  ASSERT_TRUE(home_.save(settings()));
  EXPECT_TRUE(home_.enrolled());
  const auto loaded = home_.load();
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(text_of(loaded->name), "alice");
  EXPECT_EQ(loaded->broker_port, 8883);
  EXPECT_EQ(loaded->private_key.reveal(), "key");
  EXPECT_EQ(mode_of(home_.path()), 0700u);
  EXPECT_EQ(mode_of(home_.settings_path()), 0600u);
  EXPECT_THAT(home_.permission_faults(), IsEmpty());
}

TEST_F(HomeTest, RefusesDamagedSettings) {
  ASSERT_TRUE(home_.make());
  ASSERT_TRUE(home_.save(settings()));
  const std::string whole = content_of(home_.settings_path());
  for (std::size_t size = 0; size + 1 < whole.size(); size += 3) {
    ASSERT_TRUE(write_private_file(home_.settings_path(), whole.substr(0, size)));
    const auto loaded = home_.load();
    ASSERT_FALSE(loaded) << size;
    EXPECT_EQ(loaded.error().kind, ProblemKind::kStore);
  }
  for (const char* text : {"[]", "null", "{\"version\": 2}", "{\"version\": \"1\"}"}) {
    ASSERT_TRUE(write_private_file(home_.settings_path(), text));
    EXPECT_EQ(home_.load().error().kind, ProblemKind::kStore) << text;
  }
}

TEST_F(HomeTest, NoticesFilesThatOthersCanRead) {
  ASSERT_TRUE(home_.make());
  ASSERT_TRUE(home_.save(settings()));
  chmod(home_.settings_path().c_str(), 0644);
  const auto faults = home_.permission_faults();
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_THAT(faults[0], HasSubstr("device.json"));
}

TEST_F(HomeTest, BelongsToOneProcessUntilItDies) {
  ASSERT_TRUE(home_.make());
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = home_.lock();
    const char taken = lock ? 'y' : 'n';
    (void)!write(pipe_ends[1], &taken, 1);
    pause();
  }
  char taken = '?';
  ASSERT_EQ(read(pipe_ends[0], &taken, 1), 1);
  EXPECT_EQ(taken, 'y');
  const auto refused = home_.lock();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ProblemKind::kBusy);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(home_.lock());
}

TEST_F(HomeTest, IsErased) {
  ASSERT_TRUE(home_.make());
  ASSERT_TRUE(home_.save(settings()));
  ASSERT_TRUE(write_private_file(home_.store_path(), "x"));
  ASSERT_TRUE(write_private_file(home_.enrolling_path(), "x"));
  ASSERT_TRUE(write_private_file(home_.path() + "/mine.txt", "not ginnel's"));
  ASSERT_TRUE(home_.erase());
  EXPECT_FALSE(home_.enrolled());
  EXPECT_FALSE(std::filesystem::exists(home_.store_path()));
  EXPECT_TRUE(std::filesystem::exists(home_.path() + "/mine.txt"));
}

// ---- the socket ---------------------------------------------------------------

class LocalSocketTest : public testing::Test {
 protected:
  // Waits for the next line.
  static Outcome<std::string> next(LocalLink& link) {
    for (int i = 0; i < 200; ++i) {
      auto line = TRY(link.receive());
      if (line) return *std::move(line);
      pollfd ready{link.fd(), POLLIN, 0};
      poll(&ready, 1, 20);
    }
    return Problem{ProblemKind::kTimeout, "no line", {}};
  }
  TestFolder folder_;
  std::string path_ = folder_.file("socket");
};

TEST_F(LocalSocketTest, CarriesLinesBothWays) {
  auto server = LocalServer::listen(path_);
  ASSERT_TRUE(server) << server.error().text;
  EXPECT_EQ(mode_of(path_), 0600u);
  auto client = LocalLink::connect(path_);
  ASSERT_TRUE(client);
  auto accepted = server->accept();
  ASSERT_TRUE(accepted);
  ASSERT_TRUE(client->send("one"));
  ASSERT_TRUE(client->send(""));
  ASSERT_TRUE(client->send(std::string(LocalLink::kMaxLineSize / 4, 'x')));
  EXPECT_EQ(*next(*accepted), "one");
  EXPECT_EQ(*next(*accepted), "");
  ASSERT_TRUE(accepted->send("answer"));
  EXPECT_EQ(*next(*client), "answer");
  std::string large;
  while (large.empty()) {
    ASSERT_TRUE(client->flush());
    auto line = accepted->receive();
    ASSERT_TRUE(line);
    if (*line) large = **line;
  }
  EXPECT_EQ(large.size(), LocalLink::kMaxLineSize / 4);
}

TEST_F(LocalSocketTest, RefusesLinesThatAreTooLongOrTwo) {
  auto server = LocalServer::listen(path_);
  auto client = LocalLink::connect(path_);
  EXPECT_FALSE(client->send("two\nlines"));
  EXPECT_FALSE(client->send(std::string(LocalLink::kMaxLineSize + 1, 'x')));
}

TEST_F(LocalSocketTest, DropsAPeerThatSendsALineWithoutEnd) {
  auto server = LocalServer::listen(path_);
  auto client = LocalLink::connect(path_);
  auto accepted = server->accept();
  const std::string piece(64 * 1024, 'x');
  bool dropped = false;
  for (int i = 0; i < 10 && !dropped; ++i) {
    (void)!::send(client->fd(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    dropped = !accepted->receive();
  }
  EXPECT_TRUE(dropped);
}

TEST_F(LocalSocketTest, GivesAllLinesBeforeTheEnd) {
  auto server = LocalServer::listen(path_);
  auto accepted = [&] {
    auto client = LocalLink::connect(path_);
    EXPECT_TRUE(client->send("last words"));
    EXPECT_TRUE(client->send("really"));
    return server->accept();
  }();
  EXPECT_EQ(*next(*accepted), "last words");
  EXPECT_EQ(*next(*accepted), "really");
  EXPECT_FALSE(next(*accepted));
}

TEST_F(LocalSocketTest, ReplacesADeadSocketAndRemovesItsOwn) {
  {
    std::ofstream(path_) << "left over";
    auto server = LocalServer::listen(path_);
    ASSERT_TRUE(server);
    EXPECT_TRUE(LocalLink::connect(path_));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_FALSE(LocalLink::connect(path_));
}

TEST_F(LocalSocketTest, WorksInAFolderWithALongName) {
  const std::string deep = folder_.file(std::string(120, 'd'));
  std::filesystem::create_directory(deep);
  auto server = LocalServer::listen(deep + "/socket");
  ASSERT_TRUE(server) << server.error().text;
  EXPECT_TRUE(LocalLink::connect(deep + "/socket"));
}

// ---- the certificate --------------------------------------------------------

TEST(Certificate, RequestIsSignedByItsKey) {
  const auto key = make_private_key();
  ASSERT_TRUE(key);
  const auto csr = make_csr(*key);
  ASSERT_TRUE(csr);
  const std::uint8_t* at = csr->data();
  const X509ReqPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(csr->size())));
  ASSERT_TRUE(request);
  EXPECT_EQ(X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())), 1);
  EXPECT_LT(csr->size(), 300u);
  EXPECT_FALSE(make_csr(SecretText("nonsense")));
}

TEST(Certificate, IsCheckedAgainstKeyAndAuthority) {
  const auto authority = make_test_certificate({.name = "CA", .is_authority = true}, nullptr);
  const auto alice = make_test_certificate({.name = "alice", .ends_in_s = 7200}, &authority);
  const auto bob = make_test_certificate({.name = "bob"}, &authority);
  const std::string ca = authority.certificate_text(), certificate = alice.certificate_text();
  EXPECT_TRUE(certificate_fits(certificate, SecretText(alice.key_text()), ca));
  EXPECT_FALSE(certificate_fits(certificate, SecretText(bob.key_text()), ca));
  EXPECT_FALSE(certificate_fits(certificate, SecretText(alice.key_text()), bob.certificate_text()));
  EXPECT_FALSE(certificate_fits("", SecretText(alice.key_text()), ca));

  const auto info = certificate_info(certificate);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->common_name, "alice");
  EXPECT_NEAR(static_cast<double>(info->not_after.ms - wall_now().ms), 7'200'000, 10'000);
}

TEST(SystemRng, GivesDifferentBytes) {
  SystemRng rng;
  core::ByteArray<32> a{}, b{};
  ASSERT_TRUE(rng.fill(a));
  ASSERT_TRUE(rng.fill(b));
  EXPECT_NE(a, b);
  EXPECT_TRUE(rng.fill({}));
}

}  // namespace
}  // namespace ports::linux_os
