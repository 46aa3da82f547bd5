#pragma once

#include <string>

#include "absl/time/time.h"
#include "services/billing/core/billing_profile.h"

namespace perennial::billing::core {

// What the EU's register said of a tax id.
struct TaxIdAnswer {
  TaxIdState state = TaxIdState::kUnverified;  // kVerified, kNotRegistered, or kUnverified: it gave no answer
  std::string consultation;                    // its proof that it was asked; empty if it gave none
};

// A tax id that was given anew, and has its form: taken, and to be asked about at once if VIES knows such
// ids.
void BeginCheck(absl::Time now, BillingProfile& profile);

// Takes an answer in. Who is verified stays so while the register is away: it is asked again in an hour. A
// verified id is asked about again after 90 days, because companies close.
void TakeAnswer(const TaxIdAnswer& answer, absl::Time now, BillingProfile& profile);

}  // namespace perennial::billing::core
