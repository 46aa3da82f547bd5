#pragma once

#include <cstddef>
#include <memory>

#include "absl/strings/string_view.h"

namespace perennial::payment_token::core {

// A text that passes through memory and leaves no trace there: overwritten when it goes (R21). Moves pass the
// buffer on, so there is never a second copy; there are no copies.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(absl::string_view text);

  absl::string_view view() const { return {buffer_.get(), buffer_.get_deleter().size}; }

 private:
  struct Wipe {
    size_t size = 0;
    void operator()(char* buffer) const;
  };
  std::unique_ptr<char[], Wipe> buffer_;
};

}  // namespace perennial::payment_token::core
