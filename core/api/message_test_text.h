// Messages as protoc prints them, built field by field.
#ifndef CORE_API_MESSAGE_TEST_TEXT_H_
#define CORE_API_MESSAGE_TEST_TEXT_H_

#include <cstdio>
#include <string>

#include "core/api/message.h"

namespace core::api {

// Builds protobuf's text format. Absent fields are left out, as protoc does.
class Text {
 public:
  Text& number(const char* name, std::uint64_t value) {
    if (value != 0) line(name, ": " + std::to_string(value));
    return *this;
  }
  Text& word(const char* name, const char* value) {
    if (*value != '\0') line(name, std::string(": ") + value);
    return *this;
  }
  Text& bytes(const char* name, Bytes value) {
    if (value.empty()) return *this;
    std::string quoted = ": \"";
    for (const std::uint8_t c : value) {
      if (c == '\n') {
        quoted += "\\n";
      } else if (c == '\r') {
        quoted += "\\r";
      } else if (c == '\t') {
        quoted += "\\t";
      } else if (c == '"' || c == '\'' || c == '\\') {
        quoted += '\\';
        quoted += static_cast<char>(c);
      } else if (c < 0x20 || c >= 0x7f) {
        char octal[5];
        std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned>(c));
        quoted += octal;
      } else {
        quoted += static_cast<char>(c);
      }
    }
    line(name, quoted + '"');
    return *this;
  }
  Text& message(const char* name, const std::string& inner) {
    line(name, " {");
    for (std::size_t at = 0; at < inner.size();) {
      const std::size_t end = inner.find('\n', at) + 1;
      out_ += "  " + inner.substr(at, end - at);
      at = end;
    }
    out_ += "}\n";
    return *this;
  }
  // `print` gives an element's text.
  template <class T, class Print>
  Text& messages(const char* name, Repeated<T> elements, Print print) {
    while (const auto element = elements.next()) message(name, print(*element));
    return *this;
  }
  std::string str() const { return out_; }

 private:
  void line(const char* name, const std::string& rest) { out_ += name + rest + '\n'; }
  std::string out_;
};

}  // namespace core::api
#endif  // CORE_API_MESSAGE_TEST_TEXT_H_
