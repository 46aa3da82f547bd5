#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/domain_mailbox/app/ports.h"

namespace perennial::domain_mailbox {

// What can be had.
struct Offer {
  core::Availability availability;
  NameForms name;
};

// A customer's domains (R29).
class Domains {
 public:
  Domains(ProductStore& store, Registrar& registrar, const NameCodec& names)
      : store_(store), registrar_(registrar), names_(names) {}

  // Refusals: DOMAIN_NAME_INVALID, TLD_NOT_OFFERED.
  absl::StatusOr<Offer> Check(absl::string_view typed);
  // Refusals: DOMAIN_NOT_FOUND, also for somebody else's (R33).
  absl::StatusOr<core::Domain> Get(const Uuid& account_id, const Uuid& id);
  // By name, after `after`; at most `limit`.
  absl::StatusOr<std::vector<core::Domain>> List(const Uuid& account_id, absl::string_view after, int limit);
  // As people read it.
  std::string DisplayName(const core::Domain& domain) const;

 private:
  ProductStore& store_;
  Registrar& registrar_;
  const NameCodec& names_;
};

}  // namespace perennial::domain_mailbox
