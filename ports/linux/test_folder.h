// A fresh folder for one test, removed at its end.
#ifndef PORTS_LINUX_TEST_FOLDER_H_
#define PORTS_LINUX_TEST_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace ports::linux_os {

class TestFolder {
 public:
  TestFolder() {
    char name[] = "/tmp/ginnel-test-XXXXXX";
    path_ = mkdtemp(name) ? name : "";
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_TEST_FOLDER_H_
