#include "services/domain_mailbox/rpc/proto_mapping.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/proto_values.h"
#include "services/domain_mailbox/core/local_part.h"

namespace perennial::domain_mailbox {
namespace {

constexpr int kYearsMost = 10;
constexpr int kPageDefault = 50;
constexpr int kPageMost = 200;

v1::DeliveryState ToProto(core::DeliveryState state) {
  switch (state) {
    case core::DeliveryState::kDone:
      return v1::DELIVERY_STATE_DONE;
    case core::DeliveryState::kPending:
      return v1::DELIVERY_STATE_PENDING;
    case core::DeliveryState::kRejected:
      return v1::DELIVERY_STATE_REJECTED;
    case core::DeliveryState::kRetryable:
      return v1::DELIVERY_STATE_RETRYABLE;
    case core::DeliveryState::kUnknown:
      return v1::DELIVERY_STATE_UNKNOWN;
  }
  return v1::DELIVERY_STATE_UNSPECIFIED;
}

v1::DeliveryRejection ToProto(core::Rejection rejection) {
  switch (rejection) {
    case core::Rejection::kDomainUnavailable:
      return v1::DELIVERY_REJECTION_DOMAIN_UNAVAILABLE;
    case core::Rejection::kDomainNameInvalid:
      return v1::DELIVERY_REJECTION_DOMAIN_NAME_INVALID;
    case core::Rejection::kMailboxExists:
      return v1::DELIVERY_REJECTION_MAILBOX_EXISTS;
    case core::Rejection::kDomainInactive:
      return v1::DELIVERY_REJECTION_DOMAIN_INACTIVE;
    case core::Rejection::kDomainNotRenewable:
      return v1::DELIVERY_REJECTION_DOMAIN_NOT_RENEWABLE;
    case core::Rejection::kBackEndRefused:
      return v1::DELIVERY_REJECTION_BACK_END_REFUSED;
    case core::Rejection::kAttemptsExhausted:
      return v1::DELIVERY_REJECTION_ATTEMPTS_EXHAUSTED;
  }
  return v1::DELIVERY_REJECTION_UNSPECIFIED;
}

v1::DomainState ToProto(core::DomainState state) {
  switch (state) {
    case core::DomainState::kPendingCreate:
      return v1::DOMAIN_STATE_PENDING_CREATE;
    case core::DomainState::kActive:
      return v1::DOMAIN_STATE_ACTIVE;
    case core::DomainState::kExpired:
      return v1::DOMAIN_STATE_EXPIRED;
    case core::DomainState::kRedemption:
      return v1::DOMAIN_STATE_REDEMPTION;
    case core::DomainState::kReactivating:
      return v1::DOMAIN_STATE_REACTIVATING;
    case core::DomainState::kDeleted:
      return v1::DOMAIN_STATE_DELETED;
  }
  return v1::DOMAIN_STATE_UNSPECIFIED;
}

v1::MailboxState ToProto(core::MailboxState state) {
  switch (state) {
    case core::MailboxState::kPending:
      return v1::MAILBOX_STATE_PENDING;
    case core::MailboxState::kActive:
      return v1::MAILBOX_STATE_ACTIVE;
    case core::MailboxState::kSuspended:
      return v1::MAILBOX_STATE_SUSPENDED;
    case core::MailboxState::kDeleted:
      return v1::MAILBOX_STATE_DELETED;
  }
  return v1::MAILBOX_STATE_UNSPECIFIED;
}

void CheckYears(int32_t years, absl::string_view field, FieldViolations& violations) {
  violations.Require(years >= 1 && years <= kYearsMost, field, "must be 1 to 10");
}

absl::StatusOr<core::Task> RegisterTask(const v1::RegisterDomain& proto) {
  FieldViolations violations;
  violations.Require(!proto.domain_name().empty(), "register_domain.domain_name", "is required");
  CheckYears(proto.years(), "register_domain.years", violations);
  RETURN_IF_ERROR(violations.ToStatus());
  core::Task task;
  task.what = core::RegisterDomain{proto.domain_name(), proto.years()};
  ASSIGN_OR_RETURN(task.paid_through,
                   rpc::FromProto(proto.paid_through_date(), "register_domain.paid_through_date"));
  return task;
}

absl::StatusOr<core::Task> RenewDomainTask(const v1::RenewDomain& proto) {
  FieldViolations violations;
  CheckYears(proto.years(), "renew_domain.years", violations);
  RETURN_IF_ERROR(violations.ToStatus());
  core::Task task;
  ASSIGN_OR_RETURN(task.paid_through,
                   rpc::FromProto(proto.paid_through_date(), "renew_domain.paid_through_date"));
  ASSIGN_OR_RETURN(const CivilDate expected, rpc::FromProto(proto.expected_paid_through_date(),
                                                            "renew_domain.expected_paid_through_date"));
  if (task.paid_through <= expected)
    return InvalidField("renew_domain.paid_through_date", "must be after expected_paid_through_date");
  task.what = core::RenewDomain{proto.years(), expected, proto.restore()};
  return task;
}

absl::StatusOr<core::Task> CreateMailboxTask(const v1::CreateMailbox& proto, const Uuid& account_id) {
  const auto domain = ParseChildName(proto.domain_product(), "products");
  FieldViolations violations;
  violations.Require(domain && domain->account_id == account_id, "create_mailbox.domain_product",
                     "must be \"accounts/{a}/products/{p}\" of the order's account");
  violations.Require(core::IsLocalPart(proto.local_part()), "create_mailbox.local_part",
                     "1 to 64 of a-z 0-9 . _ -, a letter or digit at both ends, no two dots in a row");
  violations.Require(proto.quota_mib() > 0, "create_mailbox.quota_mib", "must be more than 0");
  RETURN_IF_ERROR(violations.ToStatus());
  core::Task task;
  task.what = core::CreateMailbox{domain->id, proto.local_part(), proto.quota_mib()};
  ASSIGN_OR_RETURN(task.paid_through,
                   rpc::FromProto(proto.paid_through_date(), "create_mailbox.paid_through_date"));
  return task;
}

absl::StatusOr<core::Task> RenewMailboxTask(const v1::RenewMailbox& proto) {
  core::Task task;
  task.what = core::RenewMailbox{};
  ASSIGN_OR_RETURN(task.paid_through,
                   rpc::FromProto(proto.paid_through_date(), "renew_mailbox.paid_through_date"));
  return task;
}

absl::StatusOr<core::Task> WhatFrom(const v1::DeliverRequest& request, const Uuid& account_id) {
  switch (request.task_case()) {
    case v1::DeliverRequest::kRegisterDomain:
      return RegisterTask(request.register_domain());
    case v1::DeliverRequest::kRenewDomain:
      return RenewDomainTask(request.renew_domain());
    case v1::DeliverRequest::kCreateMailbox:
      return CreateMailboxTask(request.create_mailbox(), account_id);
    case v1::DeliverRequest::kRenewMailbox:
      return RenewMailboxTask(request.renew_mailbox());
    case v1::DeliverRequest::TASK_NOT_SET:
      break;
  }
  return InvalidField("task", "is required");
}

}  // namespace

absl::StatusOr<DeliveryName> DeliveryNameFrom(absl::string_view order, absl::string_view product) {
  const auto order_name = ParseChildName(order, "orders");
  const auto product_name = ParseChildName(product, "products");
  FieldViolations violations;
  violations.Require(order_name.has_value(), "order", "must be \"accounts/{a}/orders/{o}\"");
  violations.Require(product_name.has_value(), "product", "must be \"accounts/{a}/products/{p}\"");
  RETURN_IF_ERROR(violations.ToStatus());
  if (order_name->account_id != product_name->account_id)
    return InvalidField("product", "must be of the order's account");
  return DeliveryName{order_name->account_id, order_name->id, product_name->id};
}

absl::StatusOr<DeliveryName> DeliveryNameFrom(const v1::Delivery& delivery) {
  return DeliveryNameFrom(delivery.order(), delivery.product());
}

absl::StatusOr<core::Task> FromProto(const v1::DeliverRequest& request, const Uuid& account_id) {
  if (!LoadTimeZone(request.time_zone()).ok())
    return InvalidField("time_zone", "must be an IANA time zone, as in \"Europe/Paris\"");
  ASSIGN_OR_RETURN(core::Task task, WhatFrom(request, account_id));
  task.time_zone = request.time_zone();
  return task;
}

v1::Delivery ToProto(const core::Delivery& delivery) {
  v1::Delivery proto;
  proto.set_order(MakeChildName(delivery.account_id, "orders", delivery.order_id));
  proto.set_product(MakeChildName(delivery.account_id, "products", delivery.product_id));
  proto.set_state(ToProto(delivery.state));
  if (delivery.rejection) proto.set_rejection(ToProto(*delivery.rejection));
  if (delivery.next_attempt_at) *proto.mutable_retry_time() = rpc::ToProto(*delivery.next_attempt_at);
  proto.set_attempt_count(delivery.attempt_count);
  *proto.mutable_create_time() = rpc::ToProto(delivery.created_at);
  *proto.mutable_update_time() = rpc::ToProto(delivery.updated_at);
  return proto;
}

v1::Availability ToProto(core::Availability availability) {
  switch (availability) {
    case core::Availability::kAvailable:
      return v1::AVAILABILITY_AVAILABLE;
    case core::Availability::kTaken:
      return v1::AVAILABILITY_TAKEN;
    case core::Availability::kReserved:
      return v1::AVAILABILITY_RESERVED;
    case core::Availability::kUnknown:
      return v1::AVAILABILITY_UNKNOWN;
  }
  return v1::AVAILABILITY_UNSPECIFIED;
}

v1::Domain ToProto(const core::Domain& domain, const std::string& display_name) {
  v1::Domain proto;
  proto.set_name(MakeChildName(domain.account_id, "domains", domain.id));
  proto.set_domain_name(domain.name);
  proto.set_display_name(display_name);
  proto.set_state(ToProto(domain.state));
  if (domain.registry_expiry) *proto.mutable_registry_expiry_time() = rpc::ToProto(*domain.registry_expiry);
  *proto.mutable_paid_through_date() = rpc::ToProto(domain.paid_through);
  *proto.mutable_create_time() = rpc::ToProto(domain.created_at);
  *proto.mutable_update_time() = rpc::ToProto(domain.updated_at);
  return proto;
}

v1::Mailbox ToProto(const core::Mailbox& mailbox) {
  v1::Mailbox proto;
  proto.set_name(MakeChildName(mailbox.account_id, "mailboxes", mailbox.id));
  proto.set_address(mailbox.Address());
  proto.set_domain(MakeChildName(mailbox.account_id, "domains", mailbox.domain_id));
  proto.set_state(ToProto(mailbox.state));
  proto.set_quota_mib(mailbox.quota_mib);
  proto.set_password_set(mailbox.password_hash.has_value());
  *proto.mutable_paid_through_date() = rpc::ToProto(mailbox.paid_through);
  *proto.mutable_create_time() = rpc::ToProto(mailbox.created_at);
  *proto.mutable_update_time() = rpc::ToProto(mailbox.updated_at);
  return proto;
}

absl::StatusOr<Page> PageFrom(const crypto::PageTokens& tokens, absl::string_view list, int32_t page_size,
                              absl::string_view page_token) {
  if (page_size < 0) return InvalidField("page_size", "must not be negative");
  ASSIGN_OR_RETURN(std::string after, tokens.Read(list, page_token));
  return Page{page_size == 0 ? kPageDefault : std::min(page_size, kPageMost), std::move(after)};
}

}  // namespace perennial::domain_mailbox
