#pragma once

#include "absl/status/statusor.h"
#include "libs/crypto/page_token.h"
#include "perennial/domain_mailbox/v1/delivery_service.pb.h"
#include "perennial/domain_mailbox/v1/domain_service.pb.h"
#include "perennial/domain_mailbox/v1/mailbox_service.pb.h"
#include "services/domain_mailbox/app/domains.h"
#include "services/domain_mailbox/core/delivery.h"

// FromProto validates everything, ToProto is total.
namespace perennial::domain_mailbox {

struct DeliveryName {
  Uuid account_id;
  Uuid order_id;
  Uuid product_id;
};
// INVALID_ARGUMENT unless both are names of one account.
absl::StatusOr<DeliveryName> DeliveryNameFrom(absl::string_view order, absl::string_view product);

absl::StatusOr<core::Task> FromProto(const v1::DeliverRequest& request, const Uuid& account_id);
v1::Delivery ToProto(const core::Delivery& delivery);
// What a commit recorded, read back: order and product only.
absl::StatusOr<DeliveryName> DeliveryNameFrom(const v1::Delivery& delivery);

v1::Availability ToProto(core::Availability availability);
v1::Domain ToProto(const core::Domain& domain, const std::string& display_name);
v1::Mailbox ToProto(const core::Mailbox& mailbox);

// One page of a list: 0 is 50, at most 200.
struct Page {
  int size;
  std::string after;
};
absl::StatusOr<Page> PageFrom(const crypto::PageTokens& tokens, absl::string_view list, int32_t page_size,
                              absl::string_view page_token);

}  // namespace perennial::domain_mailbox
