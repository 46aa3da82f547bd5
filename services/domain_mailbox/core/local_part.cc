#include "services/domain_mailbox/core/local_part.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"

namespace perennial::domain_mailbox::core {
namespace {

constexpr size_t kMost = 64;

constexpr std::array<absl::string_view, 12> kReserved = {
    "abuse", "admin",      "administrator", "ftp",      "hostmaster", "mailer-daemon",
    "noc",   "postmaster", "root",          "security", "usenet",     "webmaster"};

bool IsLetterOrDigit(char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c);
}

}  // namespace

bool IsLocalPart(absl::string_view text) {
  if (text.empty() || text.size() > kMost) return false;
  if (!IsLetterOrDigit(text.front()) || !IsLetterOrDigit(text.back())) return false;
  char last = 'a';
  for (const char c : text) {
    const bool allowed = IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-';
    if (!allowed || (c == '.' && last == '.')) return false;
    last = c;
  }
  return true;
}

bool IsReservedLocalPart(absl::string_view text) {
  return std::find(kReserved.begin(), kReserved.end(), text) != kReserved.end();
}

}  // namespace perennial::domain_mailbox::core
