#include "services/billing/core/tax_id.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "services/billing/core/country.h"
#include "services/billing/core/tax_id_checks.h"

namespace perennial::billing::core {
namespace {

// '9' a digit, '?' a letter, '*' either, anything else itself. Forms as the Commission's VIES FAQ lists them.
struct Form {
  absl::string_view prefix;
  absl::string_view pattern;
};

constexpr Form kForms[] = {
    {"AT", "U99999999"},
    {"BE", "0999999999"},
    {"BE", "1999999999"},
    {"BG", "999999999"},
    {"BG", "9999999999"},
    {"CY", "99999999?"},
    {"CZ", "99999999"},
    {"CZ", "999999999"},
    {"CZ", "9999999999"},
    {"DE", "999999999"},
    {"DK", "99999999"},
    {"EE", "999999999"},
    {"EL", "999999999"},
    {"ES", "*9999999*"},
    {"FI", "99999999"},
    {"FR", "**999999999"},
    {"HR", "99999999999"},
    {"HU", "99999999"},
    {"IE", "9999999?"},
    {"IE", "9999999??"},
    {"IE", "9?99999?"},
    {"IT", "99999999999"},
    {"LT", "999999999"},
    {"LT", "999999999999"},
    {"LU", "99999999"},
    {"LV", "99999999999"},
    {"MT", "99999999"},
    {"NL", "999999999B99"},
    {"PL", "9999999999"},
    {"PT", "999999999"},
    {"RO", "99"},
    {"RO", "999"},
    {"RO", "9999"},
    {"RO", "99999"},
    {"RO", "999999"},
    {"RO", "9999999"},
    {"RO", "99999999"},
    {"RO", "999999999"},
    {"RO", "9999999999"},
    {"SE", "999999999999"},
    {"SI", "99999999"},
    {"SK", "9999999999"},
    // Outside of the EU. Northern Ireland's companies have a second prefix, for goods. In Switzerland and
    // Norway the register's letters may follow.
    {"GB", "999999999"},
    {"GB", "999999999999"},
    {"GB", "GD999"},
    {"GB", "HA999"},
    {"XI", "999999999"},
    {"XI", "999999999999"},
    {"XI", "GD999"},
    {"XI", "HA999"},
    {"CH", "E999999999"},
    {"CH", "E999999999MWST"},
    {"CH", "E999999999TVA"},
    {"CH", "E999999999IVA"},
    {"NO", "999999999"},
    {"NO", "999999999MVA"},
};

// The prefixes of a country's tax ids; none: we know nothing about them.
std::vector<absl::string_view> PrefixesOf(absl::string_view country_code) {
  if (const VatState* state = VatStateOf(country_code); state != nullptr) return {state->tax_prefix};
  if (country_code == "GB") return {"GB", "XI"};
  if (country_code == "CH" || country_code == "LI") return {"CH"};
  if (country_code == "NO") return {"NO"};
  return {};
}

bool Matches(absl::string_view text, absl::string_view pattern) {
  if (text.size() != pattern.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool ok = pattern[i] == '9'   ? absl::ascii_isdigit(c)
                    : pattern[i] == '?' ? absl::ascii_isupper(c)
                    : pattern[i] == '*' ? absl::ascii_isdigit(c) || absl::ascii_isupper(c)
                                        : c == pattern[i];
    // A pattern's own 0 and 1 are themselves: '9' is the only digit that stands for others.
    if (!ok) return false;
  }
  return true;
}

}  // namespace

std::string NormalizeTaxId(absl::string_view tax_id) {
  std::string normalized;
  for (char c : tax_id) {
    if (c != ' ' && c != '.' && c != '-') normalized += absl::ascii_toupper(c);
  }
  return normalized;
}

bool IsTaxId(absl::string_view country_code, absl::string_view tax_id) {
  const std::vector<absl::string_view> prefixes = PrefixesOf(country_code);
  if (prefixes.empty()) {
    return tax_id.size() >= 4 && tax_id.size() <= 20 && std::all_of(tax_id.begin(), tax_id.end(), [](char c) {
             return absl::ascii_isdigit(c) || absl::ascii_isupper(c);
           });
  }
  if (tax_id.size() < 2) return false;
  const absl::string_view prefix = tax_id.substr(0, 2);
  const absl::string_view rest = tax_id.substr(2);
  if (std::find(prefixes.begin(), prefixes.end(), prefix) == prefixes.end()) return false;
  const bool formed = std::any_of(std::begin(kForms), std::end(kForms), [&](const Form& form) {
    return form.prefix == prefix && Matches(rest, form.pattern);
  });
  return formed && HasCheckDigits(prefix, rest);
}

bool IsInVies(absl::string_view country_code, absl::string_view tax_id) {
  const VatState* state = VatStateOf(country_code);
  if (state != nullptr) return absl::StartsWith(tax_id, state->tax_prefix);
  return country_code == "GB" && absl::StartsWith(tax_id, "XI");
}

}  // namespace perennial::billing::core
