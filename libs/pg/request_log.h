#pragma once

#include "libs/base/clock.h"
#include "libs/base/request_log.h"
#include "libs/pg/database.h"

namespace perennial::pg {

// RequestLog in the table request_log (migrations/), so that the answer commits with the effect.
class PostgresRequestLog final : public RequestLog {
 public:
  PostgresRequestLog(Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  absl::StatusOr<std::optional<std::string>> Find(const RequestKey& key) override;
  absl::StatusOr<std::string> Once(const RequestKey& key,
                                   absl::FunctionRef<absl::StatusOr<std::string>()> effect) override;

  // Forgets a batch of answers older than 48 hours. Returns how many.
  absl::StatusOr<int> Purge();

 private:
  Database& database_;
  const Clock& clock_;
};

}  // namespace perennial::pg
