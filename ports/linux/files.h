// Whole private files, written so that a power cut leaves the old or the new.
#ifndef PORTS_LINUX_FILES_H_
#define PORTS_LINUX_FILES_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "ports/linux/problem.h"

namespace ports::linux_os {

// Text that is a secret: wiped at its end, cannot be copied or printed by
// accident.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view text) : bytes_(text.begin(), text.end()) {}
  SecretText(SecretText&&) noexcept = default;
  SecretText& operator=(SecretText&& other) noexcept {
    core::wipe(bytes_);
    bytes_ = std::move(other.bytes_);
    return *this;
  }
  ~SecretText() { core::wipe(bytes_); }

  // Lives as long as this object.
  std::string_view reveal() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  bool empty() const { return bytes_.empty(); }

 private:
  std::vector<std::uint8_t> bytes_;
};

struct FileContents {
  bool found = false;  // false: there is no such file
  SecretText text;
};
// Reads a file of at most `max_size` bytes.
// Errors: kStore (not readable, or larger).
Outcome<FileContents> read_private_file(const std::string& path, std::size_t max_size);

// Replaces `path` by a file of mode 0600 with this content. On disk when it
// returns. Errors: kStore, and then the old file is untouched.
Done write_private_file(const std::string& path, std::string_view content);

// Removes a file durably; fine if it is not there. Errors: kStore.
Done remove_file(const std::string& path);

// Makes the folder and its parents, the last one with mode 0700.
// Errors: kStore.
Done make_private_folder(const std::string& path);

// The folder part of a path, "." if there is none.
std::string folder_of(const std::string& path);

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_FILES_H_
