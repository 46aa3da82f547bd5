#include "services/payment_token/core/secret_text.h"

#include <algorithm>
#include <cstring>

namespace perennial::payment_token::core {

SecretText::SecretText(absl::string_view text) : buffer_(new char[text.size()], Wipe{text.size()}) {
  std::copy(text.begin(), text.end(), buffer_.get());
}

void SecretText::Wipe::operator()(char* buffer) const {
  explicit_bzero(buffer, size);
  delete[] buffer;
}

}  // namespace perennial::payment_token::core
