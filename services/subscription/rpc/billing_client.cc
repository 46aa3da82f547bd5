#include "services/subscription/rpc/billing_client.h"

#include "absl/strings/str_cat.h"
#include "libs/base/resource_name.h"
#include "libs/rpc/proto_values.h"
#include "perennial/billing/v1/invoicing_service.pb.h"
#include "services/subscription/core/facts.h"

namespace perennial::subscription {
namespace {

namespace billing_v1 = billing::v1;

constexpr char kService[] = "perennial.billing.v1.InvoicingService/";

template <typename Request>
void AddLines(const Uuid& account_id, const core::Offer& offer, Request& request) {
  for (const core::Line& line : offer.lines) {
    billing_v1::ChargeLine* added = request.add_lines();
    added->set_description(line.description);
    added->set_product(MakeChildName(account_id, "products", offer.product_id));
    *added->mutable_term_start_date() = rpc::ToProto(line.start);
    *added->mutable_term_end_date() = rpc::ToProto(line.end);
    *added->mutable_net() = rpc::ToProto(Money{offer.currency, line.net_minor});
  }
}

std::string RequestId(const core::Order& order, absl::string_view step) {
  return Uuid::Derive(order.id, step).ToString();
}

}  // namespace

absl::StatusOr<Tax> BillingClient::PreviewTax(const Uuid& account_id, const core::Offer& offer) {
  billing_v1::PreviewTaxRequest request;
  request.set_account(AccountName(account_id));
  request.set_language(offer.language);
  AddLines(account_id, offer, request);
  ASSIGN_OR_RETURN(const auto response,
                   peer_.Call<billing_v1::PreviewTaxResponse>(std::string(kService) + "PreviewTax", request));
  Tax tax{response.tax().minor_units(), response.total().minor_units(), {}};
  for (const auto& line : response.tax_lines()) tax.descriptions.push_back(line.description());
  return tax;
}

absl::StatusOr<int64_t> BillingClient::CreateProForma(const core::Order& order,
                                                      std::optional<int64_t> expected_total_minor) {
  billing_v1::CreateProFormaRequest request;
  request.set_order(core::OrderName(order));
  AddLines(order.account_id, order.offer, request);
  if (expected_total_minor) {
    *request.mutable_expected_total() = rpc::ToProto(Money{order.offer.currency, *expected_total_minor});
  }
  request.set_language(order.offer.language);
  request.set_time_zone(order.offer.time_zone);
  // Before each attempt anew: tax and buyer are those of the day.
  request.set_request_id(RequestId(order, absl::StrCat("pro_forma/", order.attempt_count)));
  ASSIGN_OR_RETURN(const auto pro_forma,
                   peer_.Call<billing_v1::ProForma>(std::string(kService) + "CreateProForma", request));
  return pro_forma.total().minor_units();
}

absl::Status BillingClient::CancelProForma(const core::Order& order) {
  billing_v1::CancelProFormaRequest request;
  request.set_order(core::OrderName(order));
  request.set_request_id(RequestId(order, "cancel_pro_forma"));
  return peer_.Call<billing_v1::ProForma>(std::string(kService) + "CancelProForma", request).status();
}

absl::StatusOr<std::string> BillingClient::IssueInvoice(const core::Order& order) {
  billing_v1::IssueInvoiceRequest request;
  request.set_order(core::OrderName(order));
  if (order.charge_id) request.set_charge(MakeChildName(order.account_id, "charges", *order.charge_id));
  request.set_payment_description(order.payment_description);
  request.set_request_id(RequestId(order, "invoice"));
  ASSIGN_OR_RETURN(const auto invoice,
                   peer_.Call<billing_v1::Invoice>(std::string(kService) + "IssueInvoice", request));
  return invoice.name();
}

absl::StatusOr<std::string> BillingClient::CreateCreditNote(const core::Order& order) {
  billing_v1::CreateCreditNoteRequest request;
  request.set_order(core::OrderName(order));
  request.set_refund(order.refund);
  const bool not_delivered = order.failure == core::OrderFailure::kDeliveryRejected;
  request.set_reason(not_delivered ? billing_v1::CREDIT_REASON_NOT_DELIVERED
                                   : billing_v1::CREDIT_REASON_CORRECTION);
  request.set_request_id(RequestId(order, "credit_note"));
  ASSIGN_OR_RETURN(const auto note,
                   peer_.Call<billing_v1::Invoice>(std::string(kService) + "CreateCreditNote", request));
  return note.name();
}

}  // namespace perennial::subscription
