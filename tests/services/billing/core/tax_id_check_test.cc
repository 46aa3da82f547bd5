#include "services/billing/core/tax_id_check.h"

#include <catch2/catch.hpp>

namespace perennial::billing::core {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

BillingProfile With(const std::string& tax_id, const std::string& country = "DE") {
  BillingProfile profile;
  profile.party.country_code = country;
  profile.party.tax_id = tax_id;
  BeginCheck(kNow, profile);
  return profile;
}

}  // namespace

TEST_CASE("A new tax id is asked about at once if VIES knows its country, and only then") {
  CHECK(With("DE136695976").party.tax_id_check.state == TaxIdState::kUnverified);
  CHECK(With("DE136695976").tax_id_next_check == kNow);
  CHECK(With("XI980780684", "GB").tax_id_next_check == kNow);
  CHECK(With("GB980780684", "GB").party.tax_id_check.state == TaxIdState::kFormChecked);
  CHECK(With("GB980780684", "GB").tax_id_next_check == std::nullopt);
  CHECK(With("").party.tax_id_check == TaxIdCheck{});
  CHECK(With("").tax_id_next_check == std::nullopt);
}

TEST_CASE("An outage of the register leaves what is known, and asks again in an hour") {
  BillingProfile profile = With("DE136695976");
  TakeAnswer({}, kNow, profile);
  CHECK(profile.party.tax_id_check == TaxIdCheck{TaxIdState::kUnverified});
  CHECK(profile.tax_id_next_check == kNow + absl::Hours(1));
  TakeAnswer({TaxIdState::kVerified, "WAPI1"}, kNow + absl::Hours(1), profile);
  const TaxIdCheck verified{TaxIdState::kVerified, kNow + absl::Hours(1), "WAPI1"};
  CHECK(profile.party.tax_id_check == verified);
  CHECK(profile.tax_id_next_check == kNow + absl::Hours(1 + 90 * 24));
  TakeAnswer({}, kNow + absl::Hours(2161), profile);
  CHECK(profile.party.tax_id_check == verified);
  CHECK(profile.tax_id_next_check == kNow + absl::Hours(2162));
  TakeAnswer({TaxIdState::kNotRegistered, ""}, kNow + absl::Hours(2162), profile);
  CHECK(profile.party.tax_id_check.state == TaxIdState::kNotRegistered);
  CHECK(profile.tax_id_next_check == std::nullopt);
}

}  // namespace perennial::billing::core
