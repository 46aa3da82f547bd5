#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace perennial {

// Reads configuration from environment variables and remembers every mistake, so that an operator hears of
// all of them at once. Read everything, then ask Check().
class Environment {
 public:
  using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

  // The process's own environment.
  Environment();
  explicit Environment(Lookup lookup);

  std::string Required(const std::string& name, absl::string_view meaning);
  std::string Optional(const std::string& name, absl::string_view fallback);
  int64_t Integer(const std::string& name, int64_t fallback, int64_t least, int64_t most);
  // Hexadecimal, exactly `bytes` long once decoded. Returns raw bytes.
  std::string RequiredSecret(const std::string& name, size_t bytes, absl::string_view meaning);
  // The whole content of the file that the variable names.
  std::string RequiredFile(const std::string& name, absl::string_view meaning);

  // Remembers `mistake` unless `ok`.
  void Expect(bool ok, absl::string_view mistake);

  // OK, or INVALID_ARGUMENT that lists every mistake. Values of secrets are never part of it.
  absl::Status Check() const;

 private:
  Lookup lookup_;
  std::vector<std::string> mistakes_;
};

}  // namespace perennial
