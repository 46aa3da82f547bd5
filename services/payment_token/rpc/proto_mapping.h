#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/resource_name.h"
#include "perennial/payment_token/v1/charge_books_service.pb.h"
#include "perennial/payment_token/v1/charge_service.pb.h"
#include "perennial/payment_token/v1/payment_method.pb.h"
#include "perennial/payment_token/v1/payment_method_service.pb.h"
#include "services/payment_token/app/ports.h"

// FromProto validates, ToProto is total.
namespace perennial::payment_token {

// INVALID_ARGUMENT about `field` unless `name` has that form.
absl::StatusOr<Uuid> ReadAccountName(absl::string_view name, absl::string_view field);
absl::StatusOr<ChildName> ReadChildName(absl::string_view name, absl::string_view collection,
                                        absl::string_view field);

// Copies the card's secrets once, into memory that is wiped.
core::CardEntry FromProto(const v1::CardEntry& entry);
// REQUEST_ID_REUSED unless `kept` can be what came of `entry`: a number is no part of what is remembered of a
// request (R21), so the same request_id with another card is known by what was kept of the first.
absl::Status CheckSameCard(const v1::CardEntry& entry, const v1::PaymentMethod& kept);
absl::StatusOr<core::ChargeRequest> FromProto(const v1::CreateChargeRequest& request);
absl::StatusOr<core::RefundRequest> FromProto(const v1::CreateRefundRequest& request);
absl::StatusOr<core::RefundName> FromProto(const v1::SettleRefundRequest& request);

v1::PaymentMethod ToProto(const core::PaymentMethod& method, absl::Time now);
// With the decline code as customers may read it.
v1::Charge ToProto(const core::Charge& charge);
v1::Refund ToProto(const core::Refund& refund);
// With the gateway's own decline code.
v1::ChargeBook ToProto(const ChargeBook& book);

// Page tokens hold the last row of the page before. 0: 50; at most 200.
int PageSize(int32_t page_size);
std::string WritePosition(absl::Time created_at, const Uuid& id);
// Nothing for the first page.
std::optional<PagePosition> ReadPosition(absl::string_view position);

}  // namespace perennial::payment_token
