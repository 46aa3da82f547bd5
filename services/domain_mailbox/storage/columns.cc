#include "services/domain_mailbox/storage/columns.h"

#include <array>
#include <cstdlib>
#include <utility>

namespace perennial::domain_mailbox {
namespace {

// Aborts on a word that the table's CHECK does not allow.
template <typename Enum, size_t N>
Enum FromText(const std::array<Enum, N>& all, const std::string& text) {
  for (const Enum each : all) {
    if (ToText(each) == text) return each;
  }
  std::abort();
}

constexpr std::array kDomainStates = {core::DomainState::kPendingCreate, core::DomainState::kActive,
                                      core::DomainState::kExpired,       core::DomainState::kRedemption,
                                      core::DomainState::kReactivating,  core::DomainState::kDeleted};
constexpr std::array kMailboxStates = {core::MailboxState::kPending, core::MailboxState::kActive,
                                       core::MailboxState::kSuspended, core::MailboxState::kDeleted};
constexpr std::array kDeliveryStates = {core::DeliveryState::kDone, core::DeliveryState::kPending,
                                        core::DeliveryState::kRejected, core::DeliveryState::kRetryable,
                                        core::DeliveryState::kUnknown};
constexpr std::array kRejections = {core::Rejection::kDomainUnavailable,  core::Rejection::kDomainNameInvalid,
                                    core::Rejection::kMailboxExists,      core::Rejection::kDomainInactive,
                                    core::Rejection::kDomainNotRenewable, core::Rejection::kBackEndRefused,
                                    core::Rejection::kAttemptsExhausted};

core::Task ToTask(const pg::Row& row) {
  core::Task task;
  const std::string kind = row.Get<std::string>("kind");
  if (kind == "register_domain") {
    task.what = core::RegisterDomain{row.Get<std::string>("domain_name"), row.Get<int>("years")};
  } else if (kind == "renew_domain") {
    task.what = core::RenewDomain{row.Get<int>("years"), row.Get<CivilDate>("expected_paid_through"),
                                  row.Get<bool>("restore")};
  } else if (kind == "create_mailbox") {
    task.what = core::CreateMailbox{row.Get<Uuid>("domain_id"), row.Get<std::string>("local_part"),
                                    row.Get<int>("quota_mib")};
  } else {
    task.what = core::RenewMailbox{};
  }
  task.paid_through = row.Get<CivilDate>("paid_through");
  task.time_zone = row.Get<std::string>("time_zone");
  return task;
}

struct Kind {
  const char* operator()(const core::RegisterDomain&) const { return "register_domain"; }
  const char* operator()(const core::RenewDomain&) const { return "renew_domain"; }
  const char* operator()(const core::CreateMailbox&) const { return "create_mailbox"; }
  const char* operator()(const core::RenewMailbox&) const { return "renew_mailbox"; }
};

}  // namespace

std::string ToText(core::DomainState state) {
  switch (state) {
    case core::DomainState::kPendingCreate:
      return "pending_create";
    case core::DomainState::kActive:
      return "active";
    case core::DomainState::kExpired:
      return "expired";
    case core::DomainState::kRedemption:
      return "redemption";
    case core::DomainState::kReactivating:
      return "reactivating";
    case core::DomainState::kDeleted:
      return "deleted";
  }
  std::abort();
}

std::string ToText(core::MailboxState state) {
  switch (state) {
    case core::MailboxState::kPending:
      return "pending";
    case core::MailboxState::kActive:
      return "active";
    case core::MailboxState::kSuspended:
      return "suspended";
    case core::MailboxState::kDeleted:
      return "deleted";
  }
  std::abort();
}

std::string ToText(core::DeliveryState state) {
  switch (state) {
    case core::DeliveryState::kDone:
      return "done";
    case core::DeliveryState::kPending:
      return "pending";
    case core::DeliveryState::kRejected:
      return "rejected";
    case core::DeliveryState::kRetryable:
      return "retryable";
    case core::DeliveryState::kUnknown:
      return "unknown";
  }
  std::abort();
}

std::string ToText(core::Rejection rejection) {
  switch (rejection) {
    case core::Rejection::kDomainUnavailable:
      return "domain_unavailable";
    case core::Rejection::kDomainNameInvalid:
      return "domain_name_invalid";
    case core::Rejection::kMailboxExists:
      return "mailbox_exists";
    case core::Rejection::kDomainInactive:
      return "domain_inactive";
    case core::Rejection::kDomainNotRenewable:
      return "domain_not_renewable";
    case core::Rejection::kBackEndRefused:
      return "back_end_refused";
    case core::Rejection::kAttemptsExhausted:
      return "attempts_exhausted";
  }
  std::abort();
}

std::string KindOf(const core::Task& task) {
  return std::visit(Kind{}, task.what);
}

core::Domain ToDomain(const pg::Row& row) {
  core::Domain domain;
  domain.id = row.Get<Uuid>("id");
  domain.account_id = row.Get<Uuid>("account_id");
  domain.name = row.Get<std::string>("name");
  domain.state = FromText(kDomainStates, row.Get<std::string>("state"));
  domain.registry_expiry = row.Get<std::optional<absl::Time>>("registry_expiry");
  domain.paid_through = row.Get<CivilDate>("paid_through");
  domain.time_zone = row.Get<std::string>("time_zone");
  domain.redemption_since = row.Get<std::optional<absl::Time>>("redemption_since");
  domain.missing_since = row.Get<std::optional<absl::Time>>("missing_since");
  domain.upkeep_at = row.Get<std::optional<absl::Time>>("upkeep_at");
  domain.upkeep_failures = row.Get<int>("upkeep_failures");
  domain.created_at = row.Get<absl::Time>("created_at");
  domain.updated_at = row.Get<absl::Time>("updated_at");
  domain.version = row.Get<int64_t>("version");
  return domain;
}

core::Mailbox ToMailbox(const pg::Row& row) {
  core::Mailbox mailbox;
  mailbox.id = row.Get<Uuid>("id");
  mailbox.account_id = row.Get<Uuid>("account_id");
  mailbox.domain_id = row.Get<Uuid>("domain_id");
  mailbox.domain_name = row.Get<std::string>("domain_name");
  mailbox.local_part = row.Get<std::string>("local_part");
  mailbox.state = FromText(kMailboxStates, row.Get<std::string>("state"));
  mailbox.quota_mib = row.Get<int>("quota_mib");
  mailbox.password_hash = row.Get<std::optional<std::string>>("password_hash");
  mailbox.paid_through = row.Get<CivilDate>("paid_through");
  mailbox.time_zone = row.Get<std::string>("time_zone");
  mailbox.purge_at = row.Get<std::optional<absl::Time>>("purge_at");
  mailbox.upkeep_at = row.Get<std::optional<absl::Time>>("upkeep_at");
  mailbox.upkeep_failures = row.Get<int>("upkeep_failures");
  mailbox.created_at = row.Get<absl::Time>("created_at");
  mailbox.updated_at = row.Get<absl::Time>("updated_at");
  mailbox.version = row.Get<int64_t>("version");
  return mailbox;
}

core::Delivery ToDelivery(const pg::Row& row) {
  core::Delivery delivery;
  delivery.order_id = row.Get<Uuid>("order_id");
  delivery.product_id = row.Get<Uuid>("product_id");
  delivery.account_id = row.Get<Uuid>("account_id");
  delivery.task = ToTask(row);
  delivery.state = FromText(kDeliveryStates, row.Get<std::string>("state"));
  if (const auto rejection = row.Get<std::optional<std::string>>("rejection"))
    delivery.rejection = FromText(kRejections, *rejection);
  delivery.pending_reference = row.Get<std::string>("pending_reference");
  delivery.attempt_count = row.Get<int>("attempt_count");
  delivery.next_attempt_at = row.Get<std::optional<absl::Time>>("next_attempt_at");
  delivery.created_at = row.Get<absl::Time>("created_at");
  delivery.updated_at = row.Get<absl::Time>("updated_at");
  return delivery;
}

}  // namespace perennial::domain_mailbox
