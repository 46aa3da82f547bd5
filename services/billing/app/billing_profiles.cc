#include "services/billing/app/billing_profiles.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/billing/app/ownership.h"
#include "services/billing/core/tax_id.h"
#include "services/billing/core/tax_id_check.h"

namespace perennial::billing {
namespace {

using core::BillingProfile;

// Of one run of the job; a lease is longer than asking for all of a batch takes.
constexpr int kBatch = 20;
constexpr absl::Duration kLease = absl::Minutes(5);

struct Field {
  absl::string_view name;
  void (*copy)(const BillingProfile& from, BillingProfile& to);
};

constexpr Field kFields[] = {
    {"customer_type",
     [](const BillingProfile& from, BillingProfile& to) { to.customer_type = from.customer_type; }},
    {"recipient_name",
     [](const BillingProfile& from, BillingProfile& to) { to.party.name = from.party.name; }},
    {"company",
     [](const BillingProfile& from, BillingProfile& to) { to.party.company = from.party.company; }},
    {"address_lines", [](const BillingProfile& from,
                         BillingProfile& to) { to.party.address_lines = from.party.address_lines; }},
    {"postal_code",
     [](const BillingProfile& from, BillingProfile& to) { to.party.postal_code = from.party.postal_code; }},
    {"city", [](const BillingProfile& from, BillingProfile& to) { to.party.city = from.party.city; }},
    {"region", [](const BillingProfile& from, BillingProfile& to) { to.party.region = from.party.region; }},
    {"country_code",
     [](const BillingProfile& from, BillingProfile& to) { to.party.country_code = from.party.country_code; }},
    {"tax_id", [](const BillingProfile& from,
                  BillingProfile& to) { to.party.tax_id = core::NormalizeTaxId(from.party.tax_id); }},
    {"email", [](const BillingProfile& from, BillingProfile& to) { to.email = from.email; }},
};

absl::StatusOr<BillingProfile> Apply(const ProfileChange& change, BillingProfile profile) {
  FieldViolations violations;
  violations.Require(!change.fields.empty(), "update_mask", "must name at least one field");
  for (const std::string& name : change.fields) {
    const auto field = std::find_if(std::begin(kFields), std::end(kFields),
                                    [&](const Field& each) { return each.name == name; });
    if (field == std::end(kFields)) {
      violations.Add("update_mask", "names a field that cannot be changed");
    } else {
      field->copy(change.values, profile);
    }
  }
  RETURN_IF_ERROR(violations.ToStatus());
  RETURN_IF_ERROR(core::Check(profile));
  return profile;
}

bool Names(const ProfileChange& change, absl::string_view field) {
  return std::find(change.fields.begin(), change.fields.end(), field) != change.fields.end();
}

// The same letters may be an id of another kind in another country.
bool HasSameTaxId(const BillingProfile& a, const BillingProfile& b) {
  return a.party.tax_id == b.party.tax_id && a.party.country_code == b.party.country_code;
}

}  // namespace

absl::StatusOr<BillingProfile> BillingProfiles::Get(const Caller& caller, const Uuid& account_id) {
  RETURN_IF_ERROR(CheckOwner(caller, account_id));
  return store_.Get(account_id);
}

absl::StatusOr<std::optional<AskedTaxId>> BillingProfiles::Ask(const Caller& caller, const Uuid& account_id,
                                                               const ProfileChange& change) {
  RETURN_IF_ERROR(CheckOwner(caller, account_id));
  if (!Names(change, "tax_id") && !Names(change, "country_code")) return std::nullopt;
  ASSIGN_OR_RETURN(const BillingProfile current, store_.Get(account_id));
  ASSIGN_OR_RETURN(const BillingProfile changed, Apply(change, current));
  // A company that has just been founded may be saved again when the register knows it.
  const bool is_wanting = current.party.tax_id_check.state == core::TaxIdState::kNotRegistered;
  const bool is_settled = HasSameTaxId(changed, current) && !is_wanting;
  const std::string& tax_id = changed.party.tax_id;
  if (is_settled || !core::IsInVies(changed.party.country_code, tax_id)) return std::nullopt;
  return AskedTaxId{tax_id, registry_.Ask(tax_id)};
}

absl::StatusOr<BillingProfile> BillingProfiles::Update(const Caller& caller, const Uuid& account_id,
                                                       const ProfileChange& change,
                                                       const std::optional<AskedTaxId>& asked) {
  RETURN_IF_ERROR(CheckOwner(caller, account_id));
  return store_.Update(account_id, [&](const BillingProfile& current) -> absl::StatusOr<BillingProfile> {
    if (!change.etag.empty() && change.etag != EtagOf(current)) {
      return Refusal(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                     "the billing profile changed since it was read");
    }
    ASSIGN_OR_RETURN(BillingProfile changed, Apply(change, current));
    changed.updated_at = clock_.Now();
    const bool is_asked = asked && asked->tax_id == changed.party.tax_id;
    if (HasSameTaxId(changed, current)) {
      const bool is_known_now = is_asked && asked->answer.state == core::TaxIdState::kVerified;
      if (is_known_now) core::TakeAnswer(asked->answer, clock_.Now(), changed);
      return changed;
    }
    core::BeginCheck(clock_.Now(), changed);
    if (!is_asked) return changed;  // then the job asks
    if (asked->answer.state == core::TaxIdState::kNotRegistered) {
      return AtField(Refusal(absl::StatusCode::kInvalidArgument, "TAX_ID_INVALID",
                             "the EU's register does not know the tax id",
                             {{"country_code", changed.party.country_code}}),
                     "billing_profile.tax_id");
    }
    core::TakeAnswer(asked->answer, clock_.Now(), changed);
    return changed;
  });
}

absl::StatusOr<int> BillingProfiles::RunOnce() {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const std::vector<Uuid> due, store_.ClaimTaxIdChecks(now, now + kLease, kBatch));
  for (const Uuid& account_id : due) {
    ASSIGN_OR_RETURN(BillingProfile profile, store_.Get(account_id));
    if (core::IsInVies(profile.party.country_code, profile.party.tax_id)) {
      core::TakeAnswer(registry_.Ask(profile.party.tax_id), now, profile);
    } else {
      core::BeginCheck(now, profile);
    }
    RETURN_IF_ERROR(store_.RecordTaxIdCheck(account_id, profile, now));
  }
  return static_cast<int>(due.size());
}

std::string EtagOf(const BillingProfile& profile) {
  return absl::StrCat("v", profile.version);
}

}  // namespace perennial::billing
