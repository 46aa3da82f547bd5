#include "services/domain_mailbox/gateways/simulated_dns.h"

#include <nlohmann/json.hpp>

namespace perennial::domain_mailbox {

core::Outcome SimulatedDns::Apply(const core::Zone& zone) {
  nlohmann::json records = nlohmann::json::array();
  for (const core::ZoneRecord& record : zone.records) {
    records.push_back(
        {{"name", record.name}, {"type", record.type}, {"ttl", record.ttl_seconds}, {"data", record.data}});
  }
  const auto rows = database_.Query(
      "INSERT INTO simulated_zone (domain_name, held, records) VALUES ($1, $2, $3) "
      "ON CONFLICT (domain_name) DO UPDATE SET held = excluded.held, records = excluded.records",
      zone.domain_name, zone.held, records.dump());
  return rows.ok() ? core::Outcome(core::Done{}) : core::Outcome(core::Unknown{});
}

core::Outcome SimulatedDns::Remove(absl::string_view domain_name) {
  const auto rows = database_.Query("DELETE FROM simulated_zone WHERE domain_name = $1", domain_name);
  return rows.ok() ? core::Outcome(core::Done{}) : core::Outcome(core::Unknown{});
}

}  // namespace perennial::domain_mailbox
