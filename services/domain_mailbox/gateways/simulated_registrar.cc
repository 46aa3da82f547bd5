#include "services/domain_mailbox/gateways/simulated_registrar.h"

#include "absl/strings/match.h"
#include "libs/base/civil_date.h"
#include "libs/base/status_macros.h"
#include "services/domain_mailbox/gateways/simulated_books.h"

namespace perennial::domain_mailbox {
namespace {

using core::Outcome;
using core::RegistryStatus;

constexpr int kYearsMost = 10;
constexpr int kMonthsPerYear = 12;
constexpr absl::Duration kAutoRenewGrace = absl::Hours(24 * 45);
constexpr absl::Duration kRedemption = absl::Hours(24 * 30);

absl::Time AddYears(absl::Time time, int years) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const CivilDate day = DateAt(time, utc);
  return StartOfDay(AddMonths(day, kMonthsPerYear * years), utc) + (time - StartOfDay(day, utc));
}

const char* ToText(RegistryStatus status) {
  switch (status) {
    case RegistryStatus::kPendingCreate:
      return "pending_create";
    case RegistryStatus::kOk:
      return "ok";
    case RegistryStatus::kRedemption:
      return "redemption";
    case RegistryStatus::kPendingRestore:
      return "pending_restore";
  }
  return "";
}

RegistryStatus StatusOf(const std::string& text) {
  for (const RegistryStatus status :
       {RegistryStatus::kPendingCreate, RegistryStatus::kRedemption, RegistryStatus::kPendingRestore}) {
    if (text == ToText(status)) return status;
  }
  return RegistryStatus::kOk;
}

}  // namespace

struct SimulatedRegistrar::Registration {
  Uuid holder;
  RegistryStatus status;
  absl::Time expiry;
  int polls_left = 0;
  std::optional<absl::Time> auto_renewed_at;
  std::optional<absl::Time> deleted_at;
  absl::Time created_at;

  // What the passing of time did to it. False when it is gone.
  bool BringTo(absl::Time now) {
    if (status == RegistryStatus::kRedemption && now >= *deleted_at + kRedemption) return false;
    while (status == RegistryStatus::kOk && expiry <= now) {
      auto_renewed_at = expiry;
      expiry = AddYears(expiry, 1);
    }
    return true;
  }

  // False when the registry has refused it in the end.
  bool Poll(absl::string_view name, absl::Time now) {
    const bool pending =
        status == RegistryStatus::kPendingCreate || status == RegistryStatus::kPendingRestore;
    if (!pending || --polls_left > 0) return true;
    if (absl::StartsWith(name, "pending-rejected-") && status == RegistryStatus::kPendingCreate) return false;
    // A restored name that ran out meanwhile gets the year it lacks.
    if (status == RegistryStatus::kPendingRestore && expiry <= now) expiry = AddYears(expiry, 1);
    status = RegistryStatus::kOk;
    deleted_at = std::nullopt;
    return true;
  }
};

absl::StatusOr<std::optional<SimulatedRegistrar::Registration>> SimulatedRegistrar::Load(
    absl::string_view name) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT holder, status, expiry, polls_left, auto_renewed_at, deleted_at, "
                                   "created_at FROM simulated_registration WHERE name = $1 FOR UPDATE",
                                   name));
  if (rows.empty()) return std::nullopt;
  const pg::Row row = rows[0];
  Registration found{.holder = row.Get<Uuid>("holder"),
                     .status = StatusOf(row.Get<std::string>("status")),
                     .expiry = row.Get<absl::Time>("expiry"),
                     .polls_left = row.Get<int>("polls_left"),
                     .auto_renewed_at = row.Get<std::optional<absl::Time>>("auto_renewed_at"),
                     .deleted_at = row.Get<std::optional<absl::Time>>("deleted_at"),
                     .created_at = row.Get<absl::Time>("created_at")};
  if (!found.BringTo(clock_.Now())) return std::nullopt;
  return found;
}

absl::Status SimulatedRegistrar::Save(absl::string_view name, const std::optional<Registration>& now) {
  if (!now) return database_.Query("DELETE FROM simulated_registration WHERE name = $1", name).status();
  return database_
      .Query(
          "INSERT INTO simulated_registration (name, holder, status, expiry, polls_left, auto_renewed_at, "
          "deleted_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
          "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, status = excluded.status, "
          "expiry = excluded.expiry, polls_left = excluded.polls_left, "
          "auto_renewed_at = excluded.auto_renewed_at, deleted_at = excluded.deleted_at, "
          "created_at = excluded.created_at",
          name, now->holder, ToText(now->status), now->expiry, now->polls_left, now->auto_renewed_at,
          now->deleted_at, now->created_at)
      .status();
}

core::Availability SimulatedRegistrar::Check(absl::string_view name) {
  if (absl::StartsWith(name, "taken-")) return core::Availability::kTaken;
  if (absl::StartsWith(name, "reserved-")) return core::Availability::kReserved;
  if (absl::StartsWith(name, "silent-")) return core::Availability::kUnknown;
  core::Availability availability = core::Availability::kUnknown;
  const absl::Status status = database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<Registration> found, Load(name));
    availability = found ? core::Availability::kTaken : core::Availability::kAvailable;
    return Save(name, found);
  });
  return status.ok() ? availability : core::Availability::kUnknown;
}

core::RegistryInfo SimulatedRegistrar::Info(absl::string_view name) {
  if (absl::StartsWith(name, "silent-")) return core::NoAnswer{};
  // Somebody else's since long ago.
  if (absl::StartsWith(name, "taken-"))
    return core::RegistryRecord{Uuid(), RegistryStatus::kOk, AddYears(clock_.Now(), 1)};
  core::RegistryInfo info = core::NoAnswer{};
  const absl::Status status = database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(std::optional<Registration> found, Load(name));
    if (found && !found->Poll(name, clock_.Now())) found = std::nullopt;
    if (found)
      info = core::RegistryRecord{found->holder, found->status, found->expiry};
    else
      info = core::Absent{};
    return Save(name, found);
  });
  return status.ok() ? info : core::RegistryInfo(core::NoAnswer{});
}

Outcome SimulatedRegistrar::Act(
    const Uuid& operation, absl::string_view name,
    absl::FunctionRef<absl::StatusOr<Outcome>(std::optional<Registration>&)> act) {
  if (absl::StartsWith(name, "silent-")) return core::Retryable{};
  Outcome outcome = core::Retryable{};
  const absl::Status status = database_.Transact([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const bool first, FirstSeen(database_, clock_, operation, "registrar", name));
    if (first && absl::StartsWith(name, "flaky-")) {
      outcome = core::Retryable{};
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(std::optional<Registration> found, Load(name));
    ASSIGN_OR_RETURN(outcome, act(found));
    if (first && absl::StartsWith(name, "lost-")) outcome = core::Unknown{};
    return Save(name, found);
  });
  // The database's failure is this registrar's silence: it may have happened after all.
  return status.ok() ? outcome : Outcome(core::Unknown{});
}

Outcome SimulatedRegistrar::Create(const Uuid& operation, absl::string_view name, const Uuid& holder,
                                   int years) {
  return Act(operation, name, [&](std::optional<Registration>& found) -> absl::StatusOr<Outcome> {
    if (absl::StartsWith(name, "taken-")) return core::Rejected{core::Rejection::kDomainUnavailable};
    if (absl::StartsWith(name, "reserved-")) return core::Rejected{core::Rejection::kDomainNameInvalid};
    if (absl::StartsWith(name, "rejected-")) return core::Rejected{core::Rejection::kBackEndRefused};
    if (found && found->holder != holder) return core::Rejected{core::Rejection::kDomainUnavailable};
    if (found) return core::Done{};
    if (years < 1 || years > kYearsMost) return core::Rejected{core::Rejection::kBackEndRefused};
    const bool pending = absl::StartsWith(name, "pending-");
    const absl::Time now = clock_.Now();
    found = Registration{.holder = holder,
                         .status = pending ? RegistryStatus::kPendingCreate : RegistryStatus::kOk,
                         .expiry = AddYears(now, years),
                         .polls_left = pending ? kPollsUntilReady : 0,
                         .auto_renewed_at = std::nullopt,
                         .deleted_at = std::nullopt,
                         .created_at = now};
    if (pending) return core::Pending{operation.ToString()};
    return core::Done{};
  });
}

Outcome SimulatedRegistrar::Renew(const Uuid& operation, absl::string_view name, absl::Time expected_expiry,
                                  int years) {
  return Act(operation, name, [&](std::optional<Registration>& found) -> absl::StatusOr<Outcome> {
    const core::Rejected refused{core::Rejection::kBackEndRefused};
    if (absl::StartsWith(name, "norenew-") || !found || found->status != RegistryStatus::kOk) return refused;
    // EPP's 2004: the date is the guard against renewing twice (RFC 5731, 3.2.3).
    if (found->expiry != expected_expiry) return refused;
    const absl::Time expiry = AddYears(found->expiry, years);
    if (years < 1 || expiry > AddYears(clock_.Now(), kYearsMost)) return refused;
    found->expiry = expiry;
    found->auto_renewed_at = std::nullopt;
    return core::Done{};
  });
}

Outcome SimulatedRegistrar::Restore(const Uuid& operation, absl::string_view name) {
  return Act(operation, name, [&](std::optional<Registration>& found) -> absl::StatusOr<Outcome> {
    if (found && found->status == RegistryStatus::kPendingRestore) return core::Pending{operation.ToString()};
    if (!found || found->status != RegistryStatus::kRedemption)
      return core::Rejected{core::Rejection::kDomainNotRenewable};
    found->status = RegistryStatus::kPendingRestore;
    found->polls_left = kPollsUntilReady;
    return core::Pending{operation.ToString()};
  });
}

Outcome SimulatedRegistrar::Delete(const Uuid& operation, absl::string_view name) {
  return Act(operation, name, [&](std::optional<Registration>& found) -> absl::StatusOr<Outcome> {
    if (!found || found->status == RegistryStatus::kRedemption) return core::Done{};
    const absl::Time now = clock_.Now();
    // What was done to a deleted name is nobody's any more (R7).
    RETURN_IF_ERROR(
        database_
            .Query("DELETE FROM simulated_operation WHERE subject = $1 AND operation <> $2", name, operation)
            .status());
    if (found->status == RegistryStatus::kPendingCreate) {
      found = std::nullopt;
      return core::Done{};
    }
    // Deleting gives the year back that the registry added by itself.
    if (found->auto_renewed_at && now < *found->auto_renewed_at + kAutoRenewGrace)
      found->expiry = *found->auto_renewed_at;
    found->auto_renewed_at = std::nullopt;
    found->status = RegistryStatus::kRedemption;
    found->deleted_at = now;
    return core::Done{};
  });
}

}  // namespace perennial::domain_mailbox
