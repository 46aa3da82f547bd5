#include "services/domain_mailbox/app/domains.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/domain_mailbox/core/domain_name.h"

namespace perennial::domain_mailbox {

absl::StatusOr<Offer> Domains::Check(absl::string_view typed) {
  const bool is_ascii =
      std::all_of(typed.begin(), typed.end(), [](char c) { return absl::ascii_isascii(c); });
  // Before IDNA's mapping, which drops and changes what is no letter of a name.
  if (is_ascii) RETURN_IF_ERROR(core::ParseDomainName(typed).status());
  const std::optional<NameForms> forms = names_.Read(typed);
  if (!forms) {
    return AtField(Refusal(absl::StatusCode::kInvalidArgument, "DOMAIN_NAME_INVALID",
                           "this is no internationalised name in its normal form (IDNA 2008)"),
                   "domain_name");
  }
  ASSIGN_OR_RETURN(const core::DomainName name, core::ParseDomainName(forms->a_labels));
  ASSIGN_OR_RETURN(const bool ours, store_.HasDomain(name.text));
  return Offer{ours ? core::Availability::kTaken : registrar_.Check(name.text), *forms};
}

absl::StatusOr<core::Domain> Domains::Get(const Uuid& account_id, const Uuid& id) {
  ASSIGN_OR_RETURN(std::optional<core::Domain> domain, store_.FindDomain(id));
  if (!domain || domain->account_id != account_id)
    return NotFound("DOMAIN_NOT_FOUND", "there is no such domain");
  return *std::move(domain);
}

absl::StatusOr<std::vector<core::Domain>> Domains::List(const Uuid& account_id, absl::string_view after,
                                                        int limit) {
  return store_.ListDomains(account_id, after, limit);
}

std::string Domains::DisplayName(const core::Domain& domain) const {
  const std::optional<NameForms> forms = names_.Read(domain.name);
  return forms ? forms->display : domain.name;
}

}  // namespace perennial::domain_mailbox
