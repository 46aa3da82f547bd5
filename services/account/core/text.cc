#include "services/account/core/text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace perennial::account::core {

int64_t CountCharacters(absl::string_view utf8) {
  // Every code point has one byte that is no continuation byte.
  return std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

bool IsPlainText(absl::string_view utf8) {
  return std::none_of(utf8.begin(), utf8.end(),
                      [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

bool LooksLikeTimeZone(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::StrContains("_+-/", absl::string_view(&c, 1));
  });
}

}  // namespace perennial::account::core
