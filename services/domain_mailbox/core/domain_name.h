#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/domain_mailbox/core/tld.h"

namespace perennial::domain_mailbox::core {

// A name that can be registered: one label under a top-level domain that we sell.
struct DomainName {
  std::string text;  // A-labels, lower case, no final dot
  const Tld* tld;    // never null
};

// Letters, digits and hyphens (RFC 1123, 5890), upper case taken as lower. Hyphens in places 3 and 4 only for
// "xn--": other prefixes are reserved (RFC 5891, 4.2.3.1). What is not ASCII must be turned into A-labels
// first. Refusals: DOMAIN_NAME_INVALID, TLD_NOT_OFFERED.
absl::StatusOr<DomainName> ParseDomainName(absl::string_view text);

}  // namespace perennial::domain_mailbox::core
