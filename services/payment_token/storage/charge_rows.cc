#include "services/payment_token/storage/charge_rows.h"

#include "services/payment_token/storage/column_text.h"

namespace perennial::payment_token {

core::Charge ReadCharge(const pg::Row& row) {
  core::Charge charge;
  core::ChargeRequest& request = charge.request;
  request.id = row.Get<Uuid>("charge_id");
  request.account_id = row.Get<Uuid>("account_id");
  charge.is_pseudonymous = row.Get<bool>("is_pseudonymous");
  request.order_id = row.Get<Uuid>("order_id");
  request.payment_method_id = row.Get<std::optional<Uuid>>("requested_method_id");
  request.amount = {row.Get<std::string>("currency"), row.Get<int64_t>("amount_minor")};
  request.off_session = row.Get<bool>("off_session");
  request.description = row.Get<std::string>("description");
  charge.payment_method_id = row.Get<std::optional<Uuid>>("payment_method_id");
  charge.payment_description = row.Get<std::string>("payment_description");
  charge.state = FromColumn<core::ChargeState>(row.Get<std::string>("state"));
  charge.decline_code = row.Get<std::string>("decline_code");
  charge.decline_class = FromColumn<core::DeclineClass>(row.Get<std::string>("decline_class"));
  charge.action_url = row.Get<std::string>("action_url");
  charge.gateway_reference = row.Get<std::string>("gateway_reference");
  charge.refunded_minor = row.Get<int64_t>("refunded_minor");
  charge.created_at = row.Get<absl::Time>("created_at");
  charge.updated_at = row.Get<absl::Time>("updated_at");
  charge.first_sent_at = row.Get<std::optional<absl::Time>>("first_sent_at");
  charge.ask_count = row.Get<int>("ask_count");
  charge.last_asked_at = row.Get<std::optional<absl::Time>>("last_asked_at");
  charge.next_ask_at = row.Get<std::optional<absl::Time>>("next_ask_at");
  charge.given_up_at = row.Get<std::optional<absl::Time>>("given_up_at");
  charge.card_fingerprint = row.Get<std::string>("card_fingerprint");
  charge.retry_at = row.Get<std::optional<absl::Time>>("retry_at");
  return charge;
}

core::Refund ReadRefund(const pg::Row& row) {
  core::Refund refund;
  refund.request.id = row.Get<Uuid>("refund_id");
  refund.request.account_id = row.Get<Uuid>("account_id");
  refund.request.charge_id = row.Get<Uuid>("charge_id");
  refund.order_id = row.Get<Uuid>("order_id");
  refund.amount = {row.Get<std::string>("currency"), row.Get<int64_t>("amount_minor")};
  if (const auto requested = row.Get<std::optional<int64_t>>("requested_minor"))
    refund.request.amount = Money{refund.amount.currency, *requested};
  refund.state = FromColumn<core::RefundState>(row.Get<std::string>("state"));
  refund.failure_code = row.Get<std::string>("failure_code");
  refund.gateway_reference = row.Get<std::string>("gateway_reference");
  refund.created_at = row.Get<absl::Time>("created_at");
  refund.updated_at = row.Get<absl::Time>("updated_at");
  refund.first_sent_at = row.Get<std::optional<absl::Time>>("first_sent_at");
  refund.ask_count = row.Get<int>("ask_count");
  refund.last_asked_at = row.Get<std::optional<absl::Time>>("last_asked_at");
  refund.next_ask_at = row.Get<std::optional<absl::Time>>("next_ask_at");
  if (const auto settled_by = row.Get<std::optional<std::string>>("settled_by"))
    refund.settlement = {*settled_by, row.Get<std::string>("settlement_reference")};
  return refund;
}

}  // namespace perennial::payment_token
