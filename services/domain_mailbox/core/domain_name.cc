#include "services/domain_mailbox/core/domain_name.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/error.h"

namespace perennial::domain_mailbox::core {
namespace {

// RFC 1035: 255 octets on the wire are 253 characters.
constexpr size_t kNameMost = 253;
constexpr size_t kLabelMost = 63;

absl::Status Invalid(absl::string_view why) {
  return AtField(Refusal(absl::StatusCode::kInvalidArgument, "DOMAIN_NAME_INVALID", why), "domain_name");
}

bool IsLabel(absl::string_view label) {
  if (label.empty() || label.size() > kLabelMost) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  for (const char c : label) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-') return false;
  }
  const bool prefixed = label.size() >= 4 && label[2] == '-' && label[3] == '-';
  return !prefixed || (absl::StartsWith(label, "xn--") && label.size() > 4);
}

}  // namespace

absl::StatusOr<DomainName> ParseDomainName(absl::string_view text) {
  const std::string name = absl::AsciiStrToLower(text);
  if (name.empty() || name.size() > kNameMost) return Invalid("a domain name has 1 to 253 characters");
  for (const absl::string_view label : absl::StrSplit(name, '.')) {
    if (!IsLabel(label)) {
      return Invalid(
          "a label has 1 to 63 letters, digits or hyphens, and no hyphen at an end; letters beyond "
          "ASCII are written as A-labels (xn--)");
    }
  }
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return Invalid("a domain name has a top-level domain");
  if (const Tld* tld = FindTld(name.substr(dot + 1))) return DomainName{name, tld};
  // "www.example.com": sold, but not at this depth.
  for (const Tld& tld : OfferedTlds()) {
    if (name == tld.name || absl::EndsWith(name, absl::StrCat(".", tld.name))) {
      return Invalid("only names directly under the top-level domain can be registered, without \"www.\"");
    }
  }
  return Precondition("TLD_NOT_OFFERED", "names under this top-level domain are not sold");
}

}  // namespace perennial::domain_mailbox::core
