#include "services/domain_mailbox/config.h"

#include "libs/base/status_macros.h"

namespace perennial::domain_mailbox {
namespace {

// The newest file in storage/migrations.
constexpr char kSchemaVersion[] = "20261123000760";
constexpr int kPortDigit = 5;

}  // namespace

absl::StatusOr<ProcessConfig> ReadConfig(Environment& environment) {
  ProcessConfig config = ReadProcessConfig(environment, "domain_mailbox", kPortDigit, kSchemaVersion);
  environment.Expect(
      environment.Optional("BACK_ENDS", "") == "simulated",
      "BACK_ENDS must be simulated: there are no other back ends yet, and with these nothing is "
      "registered anywhere");
  RETURN_IF_ERROR(environment.Check());
  return config;
}

}  // namespace perennial::domain_mailbox
