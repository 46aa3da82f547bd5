#pragma once

#include <cstddef>
#include <utility>

#include "absl/strings/string_view.h"

namespace perennial::payment_token::core {

// A text that passes through memory and leaves no trace there: overwritten when it goes (R21). Moves pass the
// buffer on, so there is never a second copy; there are no copies.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(absl::string_view text);
  ~SecretText();
  SecretText(SecretText&& other) noexcept
      : buffer_(std::exchange(other.buffer_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  SecretText& operator=(SecretText&&) = delete;
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;

  absl::string_view view() const { return {buffer_, size_}; }

 private:
  char* buffer_ = nullptr;
  size_t size_ = 0;
};

}  // namespace perennial::payment_token::core
