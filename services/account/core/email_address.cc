#include "services/account/core/email_address.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace perennial::account::core {
namespace {

// RFC 5321 4.5.3.1; 254 is what is left of a path of 256 without its angle brackets.
constexpr size_t kMaxBytes = 254;
constexpr size_t kMaxLocalBytes = 64;
constexpr size_t kMaxLabelBytes = 63;

bool IsAlnum(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c));
}

// One part between the dots of the local part: RFC 5321's Atom.
bool IsAtom(absl::string_view atom) {
  constexpr absl::string_view kSigns = "!#$%&'*+-/=?^_`{|}~";
  return !atom.empty() && std::all_of(atom.begin(), atom.end(), [&](char c) {
    return IsAlnum(c) || kSigns.find(c) != absl::string_view::npos;
  });
}

bool IsLabel(absl::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelBytes && IsAlnum(label.front()) &&
         IsAlnum(label.back()) &&
         std::all_of(label.begin(), label.end(), [](char c) { return IsAlnum(c) || c == '-'; });
}

bool IsLocalPart(absl::string_view local) {
  const std::vector<absl::string_view> atoms = absl::StrSplit(local, '.');
  return local.size() <= kMaxLocalBytes && std::all_of(atoms.begin(), atoms.end(), IsAtom);
}

bool IsDomain(absl::string_view domain) {
  const std::vector<absl::string_view> labels = absl::StrSplit(domain, '.');
  // A last label that begins with a digit would be an IP address, which cannot get mail from everywhere.
  return labels.size() >= 2 && std::all_of(labels.begin(), labels.end(), IsLabel) &&
         absl::ascii_isalpha(static_cast<unsigned char>(labels.back().front()));
}

}  // namespace

std::optional<EmailAddress> ParseEmailAddress(absl::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  if (trimmed.size() > kMaxBytes) return std::nullopt;
  const std::vector<absl::string_view> parts = absl::StrSplit(trimmed, '@');
  if (parts.size() != 2 || !IsLocalPart(parts[0]) || !IsDomain(parts[1])) return std::nullopt;
  return EmailAddress{std::string(trimmed), absl::AsciiStrToLower(trimmed)};
}

}  // namespace perennial::account::core
