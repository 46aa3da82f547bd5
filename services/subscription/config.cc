#include "services/subscription/config.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status_macros.h"
#include "services/subscription/storage/catalogue_file.h"

namespace perennial::subscription {

absl::StatusOr<Config> ReadConfig(Environment& environment) {
  ProcessConfig process = ReadProcessConfig(environment, "subscription", 2, "20261123000780");
  const std::string billing = environment.Optional("BILLING_TARGET", "127.0.0.1:7103");
  const std::string payment_token = environment.Optional("PAYMENT_TOKEN_TARGET", "127.0.0.1:7104");
  const std::string domain_mailbox = environment.Optional("DOMAIN_MAILBOX_TARGET", "127.0.0.1:7105");
  const std::string text =
      environment.RequiredFile("CATALOGUE_FILE", "the catalogue: plans, prices and the ladder");
  const auto catalogue = ParseCatalogue(text);
  if (!text.empty())
    environment.Expect(catalogue.ok(), absl::StrCat("CATALOGUE_FILE: ", catalogue.status().message()));
  RETURN_IF_ERROR(environment.Check());
  return Config{std::move(process), billing, payment_token, domain_mailbox, *catalogue};
}

}  // namespace perennial::subscription
