#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace perennial::payment_token {

// The body of a request, application/x-www-form-urlencoded. Card data goes through it, so it leaves no
// copies: each part is encoded straight into one buffer, sized beforehand and overwritten at the end (R21).
class Form {
 public:
  Form();
  ~Form();
  Form(const Form&) = delete;
  Form& operator=(const Form&) = delete;

  Form& Add(absl::string_view name, absl::string_view value);
  absl::string_view text() const { return text_; }

 private:
  void AppendEncoded(absl::string_view text);

  std::string text_;
};

// `text` as part of a query or path.
std::string PercentEncode(absl::string_view text);

}  // namespace perennial::payment_token
