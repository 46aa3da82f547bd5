#include "services/domain_mailbox/gateways/simulated_books.h"

#include "libs/base/status_macros.h"

namespace perennial::domain_mailbox {

absl::StatusOr<bool> FirstSeen(pg::Database& database, const Clock& clock, const Uuid& operation,
                               absl::string_view kind, absl::string_view subject) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database.Query("INSERT INTO simulated_operation (operation, kind, subject, done_at) "
                                  "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                                  operation, kind, subject, clock.Now()));
  return rows.affected() == 1;
}

}  // namespace perennial::domain_mailbox
