#include "libs/base/error.h"
#include "services/domain_mailbox/core/change.h"
#include "services/domain_mailbox/core/local_part.h"

namespace perennial::domain_mailbox::core {
namespace {

Change Refuse(Delivery delivery, Rejection why) {
  delivery.state = DeliveryState::kRejected;
  delivery.rejection = why;
  delivery.next_attempt_at = std::nullopt;
  Change change;
  change.delivery = std::move(delivery);
  return change;
}

Change BeginRegister(const Situation& situation, const Delivery& delivery, const RegisterDomain& task,
                     bool name_is_valid) {
  if (!name_is_valid) return Refuse(delivery, Rejection::kDomainNameInvalid);
  if (situation.name_taken || situation.domain) return Refuse(delivery, Rejection::kDomainUnavailable);
  Domain domain;
  domain.id = delivery.product_id;
  domain.account_id = delivery.account_id;
  domain.name = task.domain_name;
  domain.paid_through = delivery.task.paid_through;
  domain.time_zone = delivery.task.time_zone;
  domain.created_at = domain.updated_at = delivery.created_at;
  Change change;
  change.delivery = delivery;
  change.domain = std::move(domain);
  return change;
}

Change BeginRenewDomain(const Situation& situation, const Delivery& delivery, const RenewDomain& task) {
  const bool ours = situation.domain && situation.domain->account_id == delivery.account_id;
  if (!ours || situation.domain->state == DomainState::kDeleted)
    return Refuse(delivery, Rejection::kDomainNotRenewable);
  Domain domain = *situation.domain;
  if (domain.state == DomainState::kRedemption && !task.restore)
    return Refuse(delivery, Rejection::kDomainNotRenewable);
  Change change;
  change.delivery = delivery;
  const bool comes_back = domain.state == DomainState::kExpired || domain.state == DomainState::kRedemption;
  if (!comes_back) return change;
  domain.state = DomainState::kReactivating;
  domain.updated_at = delivery.created_at;
  change.domain = std::move(domain);
  return change;
}

Change BeginCreateMailbox(const Situation& situation, const Delivery& delivery, const CreateMailbox& task) {
  if (IsReservedLocalPart(task.local_part)) return Refuse(delivery, Rejection::kBackEndRefused);
  const bool ours = situation.domain && situation.domain->account_id == delivery.account_id;
  if (!ours) return Refuse(delivery, Rejection::kDomainInactive);
  switch (situation.domain->state) {
    case DomainState::kExpired:
    case DomainState::kRedemption:
    case DomainState::kDeleted:
      return Refuse(delivery, Rejection::kDomainInactive);
    case DomainState::kActive:
    case DomainState::kPendingCreate:  // bought together: the mailbox waits
    case DomainState::kReactivating:
      break;
  }
  if (situation.name_taken || situation.mailbox) return Refuse(delivery, Rejection::kMailboxExists);
  Mailbox mailbox;
  mailbox.id = delivery.product_id;
  mailbox.account_id = delivery.account_id;
  mailbox.domain_id = situation.domain->id;
  mailbox.domain_name = situation.domain->name;
  mailbox.local_part = task.local_part;
  mailbox.quota_mib = task.quota_mib;
  mailbox.paid_through = delivery.task.paid_through;
  mailbox.time_zone = delivery.task.time_zone;
  mailbox.created_at = mailbox.updated_at = delivery.created_at;
  Change change;
  change.delivery = delivery;
  change.mailbox = std::move(mailbox);
  return change;
}

Change BeginRenewMailbox(const Situation& situation, const Delivery& delivery) {
  const bool ours = situation.mailbox && situation.mailbox->account_id == delivery.account_id;
  if (!ours || situation.mailbox->state == MailboxState::kDeleted)
    return Refuse(delivery, Rejection::kBackEndRefused);
  Change change;
  change.delivery = delivery;
  return change;
}

struct Begin {
  const Situation& situation;
  const Delivery& delivery;
  bool name_is_valid;

  Change operator()(const RegisterDomain& task) const {
    return BeginRegister(situation, delivery, task, name_is_valid);
  }
  Change operator()(const RenewDomain& task) const { return BeginRenewDomain(situation, delivery, task); }
  Change operator()(const CreateMailbox& task) const { return BeginCreateMailbox(situation, delivery, task); }
  Change operator()(const RenewMailbox&) const { return BeginRenewMailbox(situation, delivery); }
};

}  // namespace

absl::StatusOr<Change> BeginDelivery(const Situation& situation, const Delivery& proposed,
                                     bool name_is_valid) {
  if (situation.account_deleted) return Precondition("ACCOUNT_DELETED", "the account was deleted for good");
  if (situation.delivery) {
    const Delivery& existing = *situation.delivery;
    if (existing.account_id == proposed.account_id && existing.task == proposed.task) return Change{};
    return Refusal(absl::StatusCode::kAlreadyExists, "DELIVERY_EXISTS",
                   "the order's product was delivered with other contents");
  }
  return std::visit(Begin{situation, proposed, name_is_valid}, proposed.task.what);
}

}  // namespace perennial::domain_mailbox::core
