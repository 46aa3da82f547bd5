#pragma once

#include "libs/pg/database.h"
#include "services/domain_mailbox/app/ports.h"

namespace perennial::domain_mailbox {

// Keeps zones in table simulated_zone. It answers no queries.
class SimulatedDns final : public DnsProvider {
 public:
  explicit SimulatedDns(pg::Database& database) : database_(database) {}

  core::Outcome Apply(const core::Zone& zone) override;
  core::Outcome Remove(absl::string_view domain_name) override;

 private:
  pg::Database& database_;
};

}  // namespace perennial::domain_mailbox
