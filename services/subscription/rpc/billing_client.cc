#include "services/subscription/rpc/billing_client.h"

#include "absl/strings/str_cat.h"
#include "libs/base/resource_name.h"
#include "libs/rpc/proto_values.h"
#include "perennial/billing/v1/invoicing_service.pb.h"
#include "services/subscription/core/facts.h"
#include "services/subscription/rpc/batch_call.h"

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

// Nothing if it is of a kind that this release does not know: then each quote asks.
std::optional<TaxPosition> FromProto(const billing_v1::TaxPosition& told) {
  TaxPosition position;
  switch (told.treatment()) {
    case billing_v1::TAX_TREATMENT_STANDARD:
      position.position.treatment = tax::Treatment::kStandard;
      break;
    case billing_v1::TAX_TREATMENT_REVERSE_CHARGE:
      position.position.treatment = tax::Treatment::kReverseCharge;
      break;
    case billing_v1::TAX_TREATMENT_OUT_OF_SCOPE:
      position.position.treatment = tax::Treatment::kOutOfScope;
      break;
    default:
      return std::nullopt;
  }
  position.position.country_code = told.country_code();
  position.position.rate_ppm = told.rate_ppm();
  position.position.country_name_en = told.country_name_en();
  position.position.country_name_fr = told.country_name_fr();
  position.revision = told.revision();
  position.ask_again_at = rpc::FromProto(told.ask_again_time());
  return position;
}

std::string RequestId(const core::Order& order, absl::string_view step) {
  return Uuid::Derive(order.id, step).ToString();
}

}  // namespace

absl::StatusOr<TaxAnswer> BillingClient::PreviewTax(const Uuid& account_id, const core::Offer& offer) {
  billing_v1::PreviewTaxRequest request;
  request.set_account(AccountName(account_id));
  request.set_language(offer.language);
  AddLines(account_id, offer, request);
  ASSIGN_OR_RETURN(const auto response,
                   peer_.Call<billing_v1::PreviewTaxResponse>(std::string(kService) + "PreviewTax", request));
  Tax tax{response.tax().minor_units(), response.total().minor_units(), {}};
  for (const auto& line : response.tax_lines()) tax.descriptions.push_back(line.description());
  return TaxAnswer{std::move(tax), FromProto(response.position())};
}

std::vector<absl::StatusOr<int64_t>> BillingClient::CreateProFormas(const OrderBatch& orders) {
  using Request = billing_v1::BatchCreateProFormasRequest;
  using Response = billing_v1::BatchCreateProFormasResponse;
  const BatchCall<const core::Order*, int64_t, Request, Response> call{
      .method = std::string(kService) + "BatchCreateProFormas",
      .timeout = absl::Seconds(15),
      .add =
          [](const core::Order* order, Request& request) {
            billing_v1::CreateProFormaRequest& item = *request.add_requests();
            item.set_order(core::OrderName(*order));
            AddLines(order->account_id, order->offer, item);
            if (const auto agreed = core::AgreedTotal(*order))
              *item.mutable_expected_total() = rpc::ToProto(Money{order->offer.currency, *agreed});
            item.set_language(order->offer.language);
            item.set_time_zone(order->offer.time_zone);
          },
      .order_of = [](const core::Order* order) -> const core::Order& { return *order; },
      .values =
          [](const Response& response) {
            std::vector<int64_t> totals;
            for (const auto& made : response.pro_formas()) totals.push_back(made.total().minor_units());
            return totals;
          },
  };
  return call.Run(peer_, orders);
}

absl::Status BillingClient::CancelProForma(const core::Order& order) {
  billing_v1::CancelProFormaRequest request;
  request.set_order(core::OrderName(order));
  request.set_request_id(RequestId(order, "cancel_pro_forma"));
  return peer_.Call<billing_v1::ProForma>(std::string(kService) + "CancelProForma", request).status();
}

std::vector<absl::StatusOr<std::string>> BillingClient::IssueInvoices(const OrderBatch& orders) {
  using Request = billing_v1::BatchIssueInvoicesRequest;
  using Response = billing_v1::BatchIssueInvoicesResponse;
  const BatchCall<const core::Order*, std::string, Request, Response> call{
      .method = std::string(kService) + "BatchIssueInvoices",
      .timeout = absl::Seconds(15),
      .add =
          [](const core::Order* order, Request& request) {
            billing_v1::IssueInvoiceRequest& item = *request.add_requests();
            item.set_order(core::OrderName(*order));
            if (order->charge_id)
              item.set_charge(MakeChildName(order->account_id, "charges", *order->charge_id));
            item.set_payment_description(order->payment_description);
            item.set_charged_minor_units(order->total_minor.value_or(0));
          },
      .order_of = [](const core::Order* order) -> const core::Order& { return *order; },
      .values =
          [](const Response& response) {
            std::vector<std::string> names;
            for (const auto& issued : response.invoices()) names.push_back(issued.invoice());
            return names;
          },
  };
  return call.Run(peer_, orders);
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
