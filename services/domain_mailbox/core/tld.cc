#include "services/domain_mailbox/core/tld.h"

namespace perennial::domain_mailbox::core {

const std::vector<Tld>& OfferedTlds() {
  // 35 days of grace: later than the 31 days after expiry in which a product can be paid (R18), and earlier
  // than the 40 after which the registry keeps the price of the year it renewed by itself (ICANN's ERRP and
  // RAA 3.7.5 leave the day to the registrar). "it" is shorter by its registry's rules.
  static const auto* const tlds = new std::vector<Tld>{
      {"app", 35, 30, 10},  {"at", 35, 30, 10},    {"be", 35, 30, 10},     {"biz", 35, 30, 10},
      {"ch", 35, 30, 10},   {"co.uk", 35, 30, 10}, {"com", 35, 30, 10},    {"de", 35, 30, 10},
      {"dev", 35, 30, 10},  {"es", 35, 30, 10},    {"eu", 35, 30, 10},     {"example", 35, 30, 10},
      {"fr", 35, 30, 10},   {"info", 35, 30, 10},  {"io", 35, 30, 10},     {"it", 15, 30, 10},
      {"net", 35, 30, 10},  {"nl", 35, 30, 10},    {"online", 35, 30, 10}, {"org", 35, 30, 10},
      {"shop", 35, 30, 10}, {"site", 35, 30, 10},  {"store", 35, 30, 10},
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
