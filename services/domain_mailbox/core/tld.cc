#include "services/domain_mailbox/core/tld.h"

namespace perennial::domain_mailbox::core {

const std::vector<Tld>& OfferedTlds() {
  // What subscription's catalogue.json has prices for, and no other: tests/platform/endings.test.mjs.
  // 35 days of grace: later than the 31 days after expiry in which an automatic renewal is tried (R18), and
  // earlier than the 40 after which the registry keeps the price of the year it renewed by itself (ICANN's
  // ERRP and RAA 3.7.5 leave the day to the registrar). An ending whose registry gives less than those 31
  // days, as "it" does with 15, must not be added as it is: late payers would lose names that R18 promises.
  static const auto* const tlds = new std::vector<Tld>{
      {"be", 35, 30, 10}, {"co.uk", 35, 30, 10}, {"com", 35, 30, 10},
      {"de", 35, 30, 10}, {"eu", 35, 30, 10},    {"example", 35, 30, 10},
      {"fr", 35, 30, 10}, {"net", 35, 30, 10},   {"org", 35, 30, 10},
  };
  return *tlds;
}

const Tld* FindTld(absl::string_view name) {
  for (const Tld& tld : OfferedTlds()) {
    if (tld.name == name) return &tld;
  }
  return nullptr;
}

}  // namespace perennial::domain_mailbox::core
