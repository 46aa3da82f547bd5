#include "services/payment_token/metrics.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/base/error.h"
#include "tests/services/payment_token/world.h"

namespace perennial::payment_token {
namespace {

struct Fixture : FakeGateway, World {
  Fixture() : World(static_cast<FakeGateway&>(*this)) {}
};

TEST_CASE_METHOD(Fixture, "a charge that ends in a transaction counts once, when that is committed") {
  ExportedPaymentMetrics exported(postgres.metrics(), postgres.database());
  Charges counted(charge_store, method_store, *this, exported, clock);
  const core::ChargeRequest request = Request();  // of an account without a card
  const auto open = [&](absl::Status end) {
    return postgres.database().Transact([&] {
      REQUIRE_OK(counted.Open({request}));
      return end;
    });
  };
  const auto counted_as = [&](const char* value) {
    return absl::StrContains(
        postgres.metrics().Text(),
        absl::StrCat("\nperennial_charges_total{outcome=\"no_payment_method\"} ", value, "\n"));
  };
  CHECK_FALSE(open(Unavailable("SERVICE_UNAVAILABLE", "the commit does not come through")).ok());
  CHECK(counted_as("0"));
  REQUIRE_OK(open(absl::OkStatus()));
  CHECK(counted_as("1"));
  REQUIRE_OK(open(absl::OkStatus()));
  CHECK(counted_as("1"));
}

}  // namespace
}  // namespace perennial::payment_token
