#include "services/payment_token/gateways/form.h"

#include <cstdlib>
#include <cstring>

#include "absl/strings/ascii.h"

namespace perennial::payment_token {
namespace {

// More than any form of ours; a buffer that had to grow would leave a copy behind.
constexpr size_t kCapacity = 4096;

void AppendByte(std::string& out, char c) {
  constexpr char kHex[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  if (absl::ascii_isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~') {
    out.push_back(c);
    return;
  }
  out.push_back('%');
  out.push_back(kHex[byte >> 4]);
  out.push_back(kHex[byte & 15]);
}

}  // namespace

Form::Form() {
  text_.reserve(kCapacity);
}

Form::~Form() {
  explicit_bzero(text_.data(), text_.size());
}

Form& Form::Add(absl::string_view name, absl::string_view value) {
  if (!text_.empty()) text_.push_back('&');
  AppendEncoded(name);
  text_.push_back('=');
  AppendEncoded(value);
  return *this;
}

void Form::AppendEncoded(absl::string_view text) {
  if (text_.size() + 3 * text.size() + 2 > kCapacity) std::abort();
  for (const char c : text) AppendByte(text_, c);
}

std::string PercentEncode(absl::string_view text) {
  std::string out;
  for (const char c : text) AppendByte(out, c);
  return out;
}

}  // namespace perennial::payment_token
