#include "services/domain_mailbox/rpc/delivery_handler.h"

#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "services/domain_mailbox/rpc/proto_mapping.h"

namespace perennial::domain_mailbox {
namespace {

using rpc::Call;

absl::StatusOr<v1::Delivery> Begin(Deliveries& deliveries, const v1::DeliverRequest& request) {
  ASSIGN_OR_RETURN(const DeliveryName name, DeliveryNameFrom(request.order(), request.product()));
  ASSIGN_OR_RETURN(const core::Task task, FromProto(request, name.account_id));
  ASSIGN_OR_RETURN(const core::Delivery delivery,
                   deliveries.Begin(name.order_id, name.product_id, name.account_id, task));
  return ToProto(delivery);
}

// Also for a repeat of the call: it goes on where the first one stopped, and tells how things stand now.
absl::StatusOr<v1::Delivery> Drive(Deliveries& deliveries, const v1::Delivery& committed) {
  ASSIGN_OR_RETURN(const DeliveryName name, DeliveryNameFrom(committed));
  ASSIGN_OR_RETURN(const core::Delivery delivery, deliveries.Drive(name.order_id, name.product_id));
  return ToProto(delivery);
}

absl::StatusOr<v1::CheckAvailabilityResponse> CheckDomainName(Domains& domains, const std::string& name) {
  ASSIGN_OR_RETURN(const Offer offer, domains.Check(name));
  v1::CheckAvailabilityResponse response;
  response.set_availability(ToProto(offer.availability));
  response.set_domain_name(offer.name.a_labels);
  response.set_display_name(offer.name.display);
  return response;
}

absl::StatusOr<v1::CheckAvailabilityResponse> CheckAddress(Mailboxes& mailboxes,
                                                           const v1::MailboxAddress& address) {
  const auto domain = ParseChildName(address.domain_product(), "products");
  if (!domain) return InvalidField("mailbox_address.domain_product", "must be \"accounts/{a}/products/{p}\"");
  ASSIGN_OR_RETURN(const AddressOffer offer,
                   mailboxes.Check(domain->account_id, domain->id, address.local_part()));
  v1::CheckAvailabilityResponse response;
  response.set_availability(ToProto(offer.availability));
  response.set_address(offer.address);
  return response;
}

}  // namespace

rpc::Service MakeDeliveryService(Deliveries& deliveries, Domains& domains, Mailboxes& mailboxes) {
  rpc::Service service("perennial.domain_mailbox.v1.DeliveryService");
  const rpc::Access access = rpc::Services({"subscription"});
  service.Mutate<v1::DeliverRequest, v1::Delivery>(
      "Deliver", access,
      rpc::Mutation<v1::DeliverRequest, v1::Delivery>{
          .prepare = {},
          .commit = [&deliveries](const Call&, const v1::DeliverRequest& request,
                                  const std::monostate&) { return Begin(deliveries, request); },
          .finish = [&deliveries](const Call&, const v1::DeliverRequest&, const v1::Delivery& committed,
                                  std::monostate*) { return Drive(deliveries, committed); }});
  service.Read<v1::GetDeliveryRequest, v1::Delivery>(
      "GetDelivery", access,
      [&deliveries](const Call&, const v1::GetDeliveryRequest& request) -> absl::StatusOr<v1::Delivery> {
        ASSIGN_OR_RETURN(const DeliveryName name, DeliveryNameFrom(request.order(), request.product()));
        ASSIGN_OR_RETURN(const core::Delivery delivery,
                         deliveries.Get(name.order_id, name.product_id, name.account_id));
        return ToProto(delivery);
      });
  service.Read<v1::CheckAvailabilityRequest, v1::CheckAvailabilityResponse>(
      "CheckAvailability", access,
      [&domains, &mailboxes](const Call&, const v1::CheckAvailabilityRequest& request)
          -> absl::StatusOr<v1::CheckAvailabilityResponse> {
        switch (request.item_case()) {
          case v1::CheckAvailabilityRequest::kDomainName:
            return CheckDomainName(domains, request.domain_name());
          case v1::CheckAvailabilityRequest::kMailboxAddress:
            return CheckAddress(mailboxes, request.mailbox_address());
          case v1::CheckAvailabilityRequest::ITEM_NOT_SET:
            break;
        }
        return InvalidField("item", "is required");
      });
  return service;
}

}  // namespace perennial::domain_mailbox
