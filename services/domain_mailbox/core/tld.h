#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace perennial::domain_mailbox::core {

// A top-level domain that we sell names under, and how a name lives there. Lengths differ by registry, so
// they are data.
struct Tld {
  std::string name;      // A-labels, lower case; may have a dot: "co.uk"
  int renew_grace_days;  // after the paid time, before we delete the name: renewed at the normal price (R20)
  int redemption_days;   // after that: restored at the redemption price only (R20)
  int registry_years_most;  // how far ahead the registry lets a name be registered
};

// By name, ascending.
const std::vector<Tld>& OfferedTlds();

// Null when we do not sell names under it.
const Tld* FindTld(absl::string_view name);

}  // namespace perennial::domain_mailbox::core
