#include "services/domain_mailbox/app/deliveries.h"

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/domain_mailbox/core/domain_name.h"

namespace perennial::domain_mailbox {
namespace {

using core::Change;
using core::Conclude;
using core::Delivery;
using core::Outcome;
using core::Situation;

// Longer than a batch may take, so that a product is let go only when its worker is dead.
constexpr absl::Duration kHold = absl::Minutes(5);
constexpr int kBatch = 16;
// Ask, restore, ask, renew, ask: more than that is not a delivery.
constexpr int kMostTurns = 4;

SituationKey KeyOf(const Delivery& delivery) {
  SituationKey key{
      .product_id = delivery.product_id, .account_id = delivery.account_id, .order_id = delivery.order_id};
  if (const auto* task = std::get_if<core::RegisterDomain>(&delivery.task.what)) {
    key.domain_name = task->domain_name;
  } else if (const auto* mailbox = std::get_if<core::CreateMailbox>(&delivery.task.what)) {
    key.domain_id = mailbox->domain_id;
    key.local_part = mailbox->local_part;
  }
  return key;
}

}  // namespace

absl::StatusOr<Delivery> Deliveries::Begin(const Uuid& order_id, const Uuid& product_id,
                                           const Uuid& account_id, const core::Task& task) {
  const Delivery proposed = core::NewDelivery(order_id, product_id, account_id, task, clock_.Now());
  bool name_is_valid = true;
  if (const auto* registration = std::get_if<core::RegisterDomain>(&task.what)) {
    const std::optional<NameForms> forms = names_.Read(registration->domain_name);
    name_is_valid = core::ParseDomainName(registration->domain_name).ok() && forms &&
                    forms->a_labels == registration->domain_name;
  }
  Delivery result = proposed;
  bool is_new = false;
  RETURN_IF_ERROR(store_.Update(KeyOf(proposed), [&](const Situation& situation) -> absl::StatusOr<Change> {
    ASSIGN_OR_RETURN(Change change, core::BeginDelivery(situation, proposed, name_is_valid));
    is_new = change.delivery.has_value();
    result = is_new ? *change.delivery : *situation.delivery;
    return change;
  }));
  if (is_new && core::IsFinal(result.state)) meter_.Count(result.task, result.state);
  return result;
}

absl::StatusOr<Delivery> Deliveries::Drive(const Uuid& order_id, const Uuid& product_id) {
  const Uuid holder = ids_.Next();
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const bool held, queue_.ClaimOne(product_id, holder, now, now + kHold));
  if (held) {
    const absl::Status worked = Work(product_id);
    RETURN_IF_ERROR(queue_.Release(product_id, holder));
    RETURN_IF_ERROR(worked);
  }
  ASSIGN_OR_RETURN(const std::optional<Delivery> delivery, store_.FindDelivery(order_id, product_id));
  if (!delivery) return NotFound("DELIVERY_NOT_FOUND", "there is no such delivery");
  return *delivery;
}

absl::StatusOr<Delivery> Deliveries::Get(const Uuid& order_id, const Uuid& product_id,
                                         const Uuid& account_id) {
  ASSIGN_OR_RETURN(const std::optional<Delivery> delivery, store_.FindDelivery(order_id, product_id));
  if (!delivery || delivery->account_id != account_id)
    return NotFound("DELIVERY_NOT_FOUND", "there is no such delivery");
  return *delivery;
}

absl::StatusOr<int> Deliveries::RunOnce() {
  const Uuid holder = ids_.Next();
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const std::vector<Uuid> products, queue_.Claim(holder, now, now + kHold, kBatch));
  absl::Status failed;
  for (const Uuid& product : products) {
    // One that fails must not keep the others, and is let go like them.
    failed.Update(Work(product));
    failed.Update(queue_.Release(product, holder));
  }
  RETURN_IF_ERROR(failed);
  return static_cast<int>(products.size());
}

absl::Status Deliveries::Work(const Uuid& product_id) {
  ASSIGN_OR_RETURN(const std::vector<Delivery> due, queue_.DueDeliveries(product_id, clock_.Now()));
  for (const Delivery& delivery : due) RETURN_IF_ERROR(Step(delivery));
  return upkeep_.Run(product_id);
}

absl::Status Deliveries::Step(const Delivery& delivery) {
  std::optional<core::RegistryRecord> seen;
  const bool about_mailbox = std::holds_alternative<core::CreateMailbox>(delivery.task.what) ||
                             std::holds_alternative<core::RenewMailbox>(delivery.task.what);
  ASSIGN_OR_RETURN(const Outcome outcome, about_mailbox ? StepMailbox(delivery) : StepDomain(delivery, seen));
  std::optional<core::DeliveryState> reached;
  const SituationKey key{.product_id = delivery.product_id, .order_id = delivery.order_id};
  RETURN_IF_ERROR(store_.Update(key, [&](const Situation& situation) -> absl::StatusOr<Change> {
    const Change change = core::ConcludeDelivery(situation, outcome, seen, clock_.Now());
    reached = change.delivery ? std::optional(change.delivery->state) : std::nullopt;
    return change;
  }));
  if (reached) meter_.Count(delivery.task, *reached);
  return absl::OkStatus();
}

Outcome Deliveries::Send(const Delivery& delivery, const core::Domain& domain, const core::DomainStep& step) {
  const Uuid operation = Uuid::Derive(delivery.order_id, delivery.product_id.ToString());
  if (const auto* create = std::get_if<core::SendCreate>(&step))
    return registrar_.Create(Uuid::Derive(operation, "create"), domain.name, domain.id, create->years);
  if (const auto* renew = std::get_if<core::SendRenew>(&step)) {
    const std::string purpose = absl::StrCat("renew/", absl::ToUnixSeconds(renew->expected_expiry));
    return registrar_.Renew(Uuid::Derive(operation, purpose), domain.name, renew->expected_expiry,
                            renew->years);
  }
  return registrar_.Restore(Uuid::Derive(operation, "restore"), domain.name);
}

absl::StatusOr<Outcome> Deliveries::StepDomain(const Delivery& delivery,
                                               std::optional<core::RegistryRecord>& seen) {
  ASSIGN_OR_RETURN(const std::optional<core::Domain> domain, store_.FindDomain(delivery.product_id));
  if (!domain) return Outcome(core::Rejected{core::Rejection::kDomainNotRenewable});
  Delivery as_seen = delivery;
  for (int turn = 0; turn < kMostTurns; ++turn) {
    const core::RegistryInfo info = registrar_.Info(domain->name);
    if (const core::RegistryRecord* record = core::OwnRecord(info, *domain)) seen = *record;
    const core::DomainStep step = core::NextStep(as_seen, *domain, info, clock_.Now());
    if (const auto* conclude = std::get_if<Conclude>(&step)) return conclude->outcome;
    const Outcome outcome = Send(delivery, *domain, step);
    if (!std::holds_alternative<core::Done>(outcome)) return outcome;
    // It was done; if the next question gets no answer, that is what it must be asked about later.
    as_seen.state = core::DeliveryState::kUnknown;
  }
  return Outcome(core::Unknown{});
}

absl::StatusOr<Outcome> Deliveries::StepMailbox(const Delivery& delivery) {
  ASSIGN_OR_RETURN(const std::optional<core::Mailbox> mailbox, store_.FindMailbox(delivery.product_id));
  if (!mailbox) return Outcome(core::Rejected{core::Rejection::kBackEndRefused});
  ASSIGN_OR_RETURN(const std::optional<core::Domain> domain, store_.FindDomain(mailbox->domain_id));
  const core::DomainState domain_state = domain ? domain->state : core::DomainState::kDeleted;
  const core::MailInfo info = mail_.Look(mailbox->id);
  const core::MailboxStep step = core::NextStep(delivery, *mailbox, domain_state, info);
  if (const auto* conclude = std::get_if<Conclude>(&step)) return conclude->outcome;
  if (std::holds_alternative<core::SendMailbox>(step))
    return mail_.Create(mailbox->id, mailbox->Address(), mailbox->quota_mib);
  return mail_.Resume(mailbox->id);
}

}  // namespace perennial::domain_mailbox
