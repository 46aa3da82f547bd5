#include "services/subscription/rpc/delivery_client.h"

#include "absl/strings/str_replace.h"
#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/rpc/proto_values.h"
#include "perennial/domain_mailbox/v1/delivery_service.pb.h"
#include "services/subscription/core/facts.h"

namespace perennial::subscription {
namespace {

namespace delivery_v1 = domain_mailbox::v1;

constexpr char kService[] = "perennial.domain_mailbox.v1.DeliveryService/";

void SetDomainTask(const core::Product& product, const core::Offer& offer,
                   delivery_v1::DeliverRequest& request) {
  if (offer.kind == core::OrderKind::kPurchase) {
    delivery_v1::RegisterDomain* task = request.mutable_register_domain();
    task->set_domain_name(product.domain_name);
    task->set_years(offer.cycle_months / 12);
    *task->mutable_paid_through_date() = rpc::ToProto(offer.TermEnd());
    return;
  }
  delivery_v1::RenewDomain* task = request.mutable_renew_domain();
  task->set_years(offer.cycle_months / 12);
  *task->mutable_paid_through_date() = rpc::ToProto(offer.TermEnd());
  *task->mutable_expected_paid_through_date() = rpc::ToProto(offer.TermStart());
  task->set_restore(offer.restore);
}

void SetMailboxTask(const core::Product& product, const core::Offer& offer, int quota_mib,
                    delivery_v1::DeliverRequest& request) {
  if (offer.kind == core::OrderKind::kPurchase) {
    delivery_v1::CreateMailbox* task = request.mutable_create_mailbox();
    task->set_domain_product(MakeChildName(product.account_id, "products", *product.domain_product_id));
    task->set_local_part(product.local_part);
    *task->mutable_paid_through_date() = rpc::ToProto(offer.TermEnd());
    task->set_quota_mib(quota_mib);
    return;
  }
  *request.mutable_renew_mailbox()->mutable_paid_through_date() = rpc::ToProto(offer.TermEnd());
}

core::DeliveryAnswer FromProto(const delivery_v1::Delivery& delivery) {
  core::DeliveryAnswer answer;
  if (delivery.has_retry_time()) answer.retry_at = rpc::FromProto(delivery.retry_time());
  switch (delivery.state()) {
    case delivery_v1::DELIVERY_STATE_DONE:
      answer.state = core::DeliveryAnswer::State::kDone;
      return answer;
    case delivery_v1::DELIVERY_STATE_REJECTED:
      answer.state = core::DeliveryAnswer::State::kRejected;
      return answer;
    case delivery_v1::DELIVERY_STATE_UNSPECIFIED:
    case delivery_v1::DELIVERY_STATE_PENDING:
    case delivery_v1::DELIVERY_STATE_RETRYABLE:
    case delivery_v1::DELIVERY_STATE_UNKNOWN:
    default:
      return answer;
  }
}

Availability FromProto(const delivery_v1::CheckAvailabilityResponse& response) {
  Availability found{Availability::State::kUnknown, response.domain_name(), response.display_name(),
                     response.address()};
  switch (response.availability()) {
    case delivery_v1::AVAILABILITY_AVAILABLE:
      found.state = Availability::State::kAvailable;
      return found;
    case delivery_v1::AVAILABILITY_TAKEN:
      found.state = Availability::State::kTaken;
      return found;
    case delivery_v1::AVAILABILITY_RESERVED:
      found.state = Availability::State::kReserved;
      return found;
    case delivery_v1::AVAILABILITY_UNSPECIFIED:
    case delivery_v1::AVAILABILITY_UNKNOWN:
    default:
      return found;
  }
}

// A customer hears of a field by the name that it has in their request.
absl::Status InTheCustomersWords(absl::Status refusal, absl::string_view field, absl::string_view as) {
  std::vector<FieldViolation> violations = FieldViolationsOf(refusal);
  for (FieldViolation& violation : violations)
    violation.field = absl::StrReplaceAll(violation.field, {{field, as}});
  SetFieldViolations(refusal, violations);
  return refusal;
}

}  // namespace

absl::StatusOr<core::DeliveryAnswer> DeliveryClient::Deliver(const core::Product& product,
                                                             const core::Order& order) {
  delivery_v1::DeliverRequest request;
  request.set_order(core::OrderName(order));
  request.set_product(core::ProductName(product));
  request.set_time_zone(order.offer.time_zone);
  request.set_request_id(Uuid::Derive(order.id, "deliver").ToString());
  if (product.kind == core::ProductKind::kDomain) {
    SetDomainTask(product, order.offer, request);
  } else {
    SetMailboxTask(product, order.offer, mailbox_quota_mib_, request);
  }
  ASSIGN_OR_RETURN(const auto delivery,
                   peer_.Call<delivery_v1::Delivery>(std::string(kService) + "Deliver", request));
  return FromProto(delivery);
}

absl::StatusOr<Availability> DeliveryClient::CheckDomain(const std::string& domain_name) {
  delivery_v1::CheckAvailabilityRequest request;
  request.set_domain_name(domain_name);
  const auto response = peer_.Call<delivery_v1::CheckAvailabilityResponse>(
      std::string(kService) + "CheckAvailability", request);
  if (response.ok()) return FromProto(*response);
  return InTheCustomersWords(response.status(), "domain_name", "domain_purchase.domain_name");
}

absl::StatusOr<Availability> DeliveryClient::CheckMailbox(const Uuid& account_id,
                                                          const Uuid& domain_product_id,
                                                          const std::string& local_part) {
  delivery_v1::CheckAvailabilityRequest request;
  request.mutable_mailbox_address()->set_domain_product(
      MakeChildName(account_id, "products", domain_product_id));
  request.mutable_mailbox_address()->set_local_part(local_part);
  const auto response = peer_.Call<delivery_v1::CheckAvailabilityResponse>(
      std::string(kService) + "CheckAvailability", request);
  if (response.ok()) return FromProto(*response);
  return InTheCustomersWords(response.status(), "mailbox_address.", "mailbox_purchase.");
}

}  // namespace perennial::subscription
