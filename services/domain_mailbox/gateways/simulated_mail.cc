#include "services/domain_mailbox/gateways/simulated_mail.h"

#include "absl/strings/match.h"
#include "libs/base/status_macros.h"
#include "services/domain_mailbox/gateways/simulated_books.h"

namespace perennial::domain_mailbox {
namespace {

using core::MailRecord;
using core::Outcome;

MailRecord RecordOf(const std::string& status) {
  if (status == "pending") return MailRecord::kPending;
  if (status == "suspended") return MailRecord::kSuspended;
  if (status == "detached") return MailRecord::kDetached;
  return MailRecord::kActive;
}

// Of a change by id: one of none is refused, a failing database is silence.
Outcome OutcomeOf(const absl::StatusOr<pg::Rows>& rows) {
  if (!rows.ok()) return core::Unknown{};
  if (rows->affected() == 0) return core::Rejected{core::Rejection::kBackEndRefused};
  return core::Done{};
}

}  // namespace

core::MailInfo SimulatedMail::Look(const Uuid& id) {
  const auto rows = database_.Query(
      "UPDATE simulated_mailbox SET polls_left = greatest(polls_left - 1, 0), "
      "status = CASE WHEN status = 'pending' AND polls_left <= 1 THEN 'active' ELSE status END "
      "WHERE id = $1 RETURNING status",
      id);
  if (!rows.ok()) return core::NoAnswer{};
  if (rows->empty()) return core::Absent{};
  return RecordOf((*rows)[0].Get<std::string>("status"));
}

Outcome SimulatedMail::Create(const Uuid& id, absl::string_view address, int quota_mib) {
  if (absl::StartsWith(address, "silent-")) return core::Retryable{};
  if (absl::StartsWith(address, "rejected-")) return core::Rejected{core::Rejection::kBackEndRefused};
  Outcome outcome = core::Retryable{};
  const absl::Status status = database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const bool first,
                     FirstSeen(database_, clock_, Uuid::Derive(id, "create"), "mail", id.ToString()));
    if (first && absl::StartsWith(address, "flaky-")) return absl::OkStatus();
    const bool pending = absl::StartsWith(address, "pending-");
    ASSIGN_OR_RETURN(
        const pg::Rows rows,
        database_.Query("INSERT INTO simulated_mailbox (id, address, quota_mib, status, polls_left) "
                        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                        id, address, quota_mib, pending ? "pending" : "active",
                        pending ? kPollsUntilReady : 0));
    ASSIGN_OR_RETURN(const pg::Rows own,
                     database_.Query("SELECT 1 FROM simulated_mailbox WHERE id = $1", id));
    if (own.empty())
      outcome = core::Rejected{core::Rejection::kMailboxExists};
    else if (first && absl::StartsWith(address, "lost-"))
      outcome = core::Unknown{};
    else if (pending && rows.affected() == 1)
      outcome = core::Pending{id.ToString()};
    else
      outcome = core::Done{};
    return absl::OkStatus();
  });
  return status.ok() ? outcome : Outcome(core::Unknown{});
}

Outcome SimulatedMail::SetPassword(const Uuid& id, absl::string_view password_hash) {
  return OutcomeOf(
      database_.Query("UPDATE simulated_mailbox SET password_hash = $2 WHERE id = $1", id, password_hash));
}

Outcome SimulatedMail::SetStatus(const Uuid& id, absl::string_view status) {
  return OutcomeOf(database_.Query(
      "UPDATE simulated_mailbox SET status = $2 WHERE id = $1 AND status <> 'detached'", id, status));
}

Outcome SimulatedMail::Suspend(const Uuid& id) {
  return SetStatus(id, "suspended");
}

Outcome SimulatedMail::Resume(const Uuid& id) {
  return SetStatus(id, "active");
}

Outcome SimulatedMail::Detach(const Uuid& id) {
  const auto rows =
      database_.Query("UPDATE simulated_mailbox SET status = 'detached', address = NULL WHERE id = $1", id);
  // One that was never made is detached.
  return rows.ok() ? Outcome(core::Done{}) : Outcome(core::Unknown{});
}

Outcome SimulatedMail::Delete(const Uuid& id) {
  const auto rows = database_.Query("DELETE FROM simulated_mailbox WHERE id = $1", id);
  return rows.ok() ? Outcome(core::Done{}) : Outcome(core::Unknown{});
}

}  // namespace perennial::domain_mailbox
