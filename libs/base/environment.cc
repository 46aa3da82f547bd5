#include "libs/base/environment.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace perennial {

Environment::Environment()
    : Environment([](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr || *value == '\0') return std::nullopt;
        return value;
      }) {}

Environment::Environment(Lookup lookup) : lookup_(std::move(lookup)) {}

std::string Environment::Required(const std::string& name, absl::string_view meaning) {
  const std::optional<std::string> value = lookup_(name);
  if (!value) mistakes_.push_back(absl::StrCat(name, " is not set: ", meaning));
  return value.value_or("");
}

std::string Environment::Optional(const std::string& name, absl::string_view fallback) {
  return lookup_(name).value_or(std::string(fallback));
}

int64_t Environment::Integer(const std::string& name, int64_t fallback, int64_t least, int64_t most) {
  const std::optional<std::string> text = lookup_(name);
  if (!text) return fallback;
  int64_t value;
  if (!absl::SimpleAtoi(*text, &value) || value < least || value > most) {
    mistakes_.push_back(absl::StrCat(name, " must be a whole number from ", least, " to ", most));
    return fallback;
  }
  return value;
}

std::string Environment::RequiredSecret(const std::string& name, size_t bytes, absl::string_view meaning) {
  const std::string hex = Required(name, meaning);
  if (hex.empty()) return "";
  const bool valid =
      hex.size() == 2 * bytes && hex.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!valid) {
    mistakes_.push_back(absl::StrCat(name, " must be ", 2 * bytes, " hexadecimal digits: ", meaning));
    return "";
  }
  return absl::HexStringToBytes(hex);
}

std::string Environment::RequiredFile(const std::string& name, absl::string_view meaning) {
  const std::string path = Required(name, meaning);
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file || content.str().empty()) {
    mistakes_.push_back(absl::StrCat(name, ": cannot read ", path, ": ", meaning));
    return "";
  }
  return content.str();
}

void Environment::Expect(bool ok, absl::string_view mistake) {
  if (!ok) mistakes_.emplace_back(mistake);
}

absl::Status Environment::Check() const {
  if (mistakes_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(mistakes_, "\n"));
}

}  // namespace perennial
