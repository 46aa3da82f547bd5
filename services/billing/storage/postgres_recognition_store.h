#pragma once

#include "libs/pg/database.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

class PostgresRecognitionStore final : public RecognitionStore {
 public:
  PostgresRecognitionStore(pg::Database& database, IdSource& ids) : database_(database), ids_(ids) {}

  absl::StatusOr<std::optional<std::string>> ZoneWithNewLines() override;
  absl::StatusOr<Booked> TakeIn(const std::string& time_zone, absl::Time now, int limit) override;
  absl::StatusOr<std::optional<Zone>> ZoneDue(absl::Time now) override;
  absl::StatusOr<Booked> BookNextDay(const Zone& zone, absl::Time now) override;

 private:
  pg::Database& database_;
  IdSource& ids_;
};

}  // namespace perennial::billing
