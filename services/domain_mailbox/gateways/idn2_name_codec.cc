#include "services/domain_mailbox/gateways/idn2_name_codec.h"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"

namespace perennial::domain_mailbox {
namespace {

// The longest name as UTF-8; libidn2 is not asked about more.
constexpr size_t kTypedMost = 1024;

std::optional<std::string> Take(int result, char* text) {
  const std::unique_ptr<char, decltype(&idn2_free)> owned(text, &idn2_free);
  if (result != IDN2_OK) return std::nullopt;
  return std::string(owned.get());
}

std::optional<std::string> ToAscii(const std::string& text) {
  char* output = nullptr;
  const int result = idn2_to_ascii_8z(text.c_str(), &output, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  return result == IDN2_OK ? Take(result, output) : std::nullopt;
}

std::optional<std::string> ToUnicode(const std::string& text) {
  char* output = nullptr;
  const int result = idn2_to_unicode_8z8z(text.c_str(), &output, 0);
  return result == IDN2_OK ? Take(result, output) : std::nullopt;
}

}  // namespace

std::optional<NameForms> Idn2NameCodec::Read(absl::string_view typed) const {
  if (typed.empty() || typed.size() > kTypedMost || typed.find('\0') != absl::string_view::npos)
    return std::nullopt;
  const std::string text = absl::AsciiStrToLower(typed);
  const std::optional<std::string> a_labels = ToAscii(text);
  if (!a_labels) return std::nullopt;
  const std::optional<std::string> display = ToUnicode(*a_labels);
  // The mapping of UTS 46 drops soft hyphens and changes look-alikes: only what comes back as it was typed,
  // in either form, is what the customer meant.
  if (!display || (*display != text && *a_labels != text)) return std::nullopt;
  if (ToAscii(*display) != a_labels) return std::nullopt;
  return NameForms{*a_labels, *display};
}

}  // namespace perennial::domain_mailbox
