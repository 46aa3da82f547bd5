#include "services/billing/rpc/invoicing_handler.h"

#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "services/billing/rpc/proto_mapping.h"

namespace perennial::billing {
namespace {

absl::StatusOr<v1::PreviewTaxResponse> PreviewTax(Invoicing& invoicing,
                                                  const v1::PreviewTaxRequest& request) {
  const auto account_id = ParseAccountName(request.account());
  if (!account_id) return InvalidField("account", "must be accounts/{a}");
  ASSIGN_OR_RETURN(const core::Language language, LanguageFromProto(request.language()));
  ASSIGN_OR_RETURN(const auto lines, LinesFromProto(request.lines(), *account_id));
  ASSIGN_OR_RETURN(const core::Bill bill, invoicing.PreviewTax(*account_id, lines, language));
  return ToProto(bill);
}

absl::StatusOr<v1::ProForma> CreateProForma(Invoicing& invoicing, const v1::CreateProFormaRequest& request) {
  ASSIGN_OR_RETURN(const NewProForma made, FromProto(request));
  ASSIGN_OR_RETURN(const core::ProForma pro_forma, invoicing.CreateProForma(made));
  return ToProto(made.order.account_id, pro_forma);
}

absl::StatusOr<v1::ProForma> CancelProForma(Invoicing& invoicing, const v1::CancelProFormaRequest& request) {
  ASSIGN_OR_RETURN(const OrderId order, OrderFromProto(request.order()));
  ASSIGN_OR_RETURN(const core::ProForma pro_forma, invoicing.CancelProForma(order));
  return ToProto(order.account_id, pro_forma);
}

absl::StatusOr<v1::Invoice> IssueInvoice(Invoicing& invoicing, const v1::IssueInvoiceRequest& request) {
  ASSIGN_OR_RETURN(const OrderId order, OrderFromProto(request.order()));
  ASSIGN_OR_RETURN(const Payment payment, FromProto(request, order));
  ASSIGN_OR_RETURN(const core::Document invoice, invoicing.IssueInvoice(order, payment));
  return ToProto(invoice);
}

absl::StatusOr<v1::Invoice> CreateCreditNote(Invoicing& invoicing,
                                             const v1::CreateCreditNoteRequest& request) {
  ASSIGN_OR_RETURN(const NewCreditNote note, FromProto(request));
  ASSIGN_OR_RETURN(const core::Document document, invoicing.CreateCreditNote(note));
  return ToProto(document);
}

}  // namespace

rpc::Service MakeInvoicingService(Invoicing& invoicing) {
  rpc::Service service("perennial.billing.v1.InvoicingService");
  const rpc::Access access = rpc::Services({"subscription"});
  service.Read<v1::PreviewTaxRequest, v1::PreviewTaxResponse>(
      "PreviewTax", access,
      [&](const rpc::Call&, const v1::PreviewTaxRequest& request) { return PreviewTax(invoicing, request); });
  service.Mutate<v1::CreateProFormaRequest, v1::ProForma>(
      "CreateProForma", access, [&](const rpc::Call&, const v1::CreateProFormaRequest& request) {
        return CreateProForma(invoicing, request);
      });
  service.Mutate<v1::CancelProFormaRequest, v1::ProForma>(
      "CancelProForma", access, [&](const rpc::Call&, const v1::CancelProFormaRequest& request) {
        return CancelProForma(invoicing, request);
      });
  service.Mutate<v1::IssueInvoiceRequest, v1::Invoice>(
      "IssueInvoice", access, [&](const rpc::Call&, const v1::IssueInvoiceRequest& request) {
        return IssueInvoice(invoicing, request);
      });
  service.Mutate<v1::CreateCreditNoteRequest, v1::Invoice>(
      "CreateCreditNote", access, [&](const rpc::Call&, const v1::CreateCreditNoteRequest& request) {
        return CreateCreditNote(invoicing, request);
      });
  return service;
}

}  // namespace perennial::billing
