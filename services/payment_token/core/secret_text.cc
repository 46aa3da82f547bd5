#include "services/payment_token/core/secret_text.h"

#include <algorithm>
#include <cstring>

namespace perennial::payment_token::core {

SecretText::SecretText(absl::string_view text) : buffer_(new char[text.size()]), size_(text.size()) {
  std::copy(text.begin(), text.end(), buffer_);
}

SecretText::~SecretText() {
  if (buffer_ == nullptr) return;
  explicit_bzero(buffer_, size_);
  delete[] buffer_;
}

}  // namespace perennial::payment_token::core
