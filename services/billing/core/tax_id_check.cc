#include "services/billing/core/tax_id_check.h"

#include <cstdlib>

#include "services/billing/core/tax_id.h"

namespace perennial::billing::core {
namespace {

constexpr absl::Duration kPauseAfterNoAnswer = absl::Hours(1);
constexpr absl::Duration kVerifiedFor = absl::Hours(90 * 24);

}  // namespace

void BeginCheck(absl::Time now, BillingProfile& profile) {
  profile.party.tax_id_check = {};
  profile.tax_id_next_check = std::nullopt;
  if (profile.party.tax_id.empty()) return;
  const bool is_in_vies = IsInVies(profile.party.country_code, profile.party.tax_id);
  profile.party.tax_id_check.state = is_in_vies ? TaxIdState::kUnverified : TaxIdState::kFormChecked;
  if (is_in_vies) profile.tax_id_next_check = now;
}

void TakeAnswer(const TaxIdAnswer& answer, absl::Time now, BillingProfile& profile) {
  TaxIdCheck& check = profile.party.tax_id_check;
  switch (answer.state) {
    case TaxIdState::kVerified:
      check = {TaxIdState::kVerified, now, answer.consultation};
      profile.tax_id_next_check = now + kVerifiedFor;
      return;
    case TaxIdState::kNotRegistered:
      check = {TaxIdState::kNotRegistered, now, answer.consultation};
      profile.tax_id_next_check = std::nullopt;
      return;
    case TaxIdState::kUnverified:
      profile.tax_id_next_check = now + kPauseAfterNoAnswer;
      return;
    case TaxIdState::kNone:
    case TaxIdState::kFormChecked:
      break;
  }
  std::abort();
}

}  // namespace perennial::billing::core
