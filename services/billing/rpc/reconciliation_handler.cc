#include "services/billing/rpc/reconciliation_handler.h"

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/error.h"
#include "libs/rpc/proto_values.h"
#include "perennial/billing/v1/reconciliation_service.pb.h"
#include "services/billing/rpc/paging.h"

namespace perennial::billing {
namespace {

using core::DifferenceKind;

v1::DifferenceKind ToProto(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::kCapturedWithoutCharge:
      return v1::DIFFERENCE_KIND_CAPTURED_WITHOUT_CHARGE;
    case DifferenceKind::kChargeWithoutCapture:
      return v1::DIFFERENCE_KIND_CHARGE_WITHOUT_CAPTURE;
    case DifferenceKind::kCapturedWithoutInvoice:
      return v1::DIFFERENCE_KIND_CAPTURED_WITHOUT_INVOICE;
    case DifferenceKind::kInvoiceWithoutCapture:
      return v1::DIFFERENCE_KIND_INVOICE_WITHOUT_CAPTURE;
    case DifferenceKind::kCapturedWithoutOrder:
      return v1::DIFFERENCE_KIND_CAPTURED_WITHOUT_ORDER;
    case DifferenceKind::kCapturedForFailedOrder:
      return v1::DIFFERENCE_KIND_CAPTURED_FOR_FAILED_ORDER;
    case DifferenceKind::kPaidOrderWithoutCapture:
      return v1::DIFFERENCE_KIND_PAID_ORDER_WITHOUT_CAPTURE;
    case DifferenceKind::kPaidOrderWithoutTerm:
      return v1::DIFFERENCE_KIND_PAID_ORDER_WITHOUT_TERM;
    case DifferenceKind::kGatewayRefundWithoutOurs:
      return v1::DIFFERENCE_KIND_GATEWAY_REFUND_WITHOUT_OURS;
    case DifferenceKind::kRefundNotAtGateway:
      return v1::DIFFERENCE_KIND_REFUND_NOT_AT_GATEWAY;
    case DifferenceKind::kRefundWithoutCreditNote:
      return v1::DIFFERENCE_KIND_REFUND_WITHOUT_CREDIT_NOTE;
    case DifferenceKind::kCreditNoteWithoutRefund:
      return v1::DIFFERENCE_KIND_CREDIT_NOTE_WITHOUT_REFUND;
    case DifferenceKind::kDocumentWithoutLedgerEntry:
      return v1::DIFFERENCE_KIND_DOCUMENT_WITHOUT_LEDGER_ENTRY;
    case DifferenceKind::kAmountDiffers:
      return v1::DIFFERENCE_KIND_AMOUNT_DIFFERS;
  }
  std::abort();
}

v1::Difference ToProto(const FoundDifference& found) {
  const core::Movement& movement = found.movement;
  v1::Difference proto;
  proto.set_kind(ToProto(found.kind));
  proto.set_movement_id(movement.id.ToString());
  if (movement.order_id) proto.set_order_id(movement.order_id->ToString());
  proto.set_gateway_reference(movement.gateway_reference);
  if (found.document_id) proto.set_document_id(found.document_id->ToString());
  proto.set_document_number(found.document_number);
  if (movement.gateway) *proto.mutable_gateway_amount() = rpc::ToProto(*movement.gateway);
  if (movement.charge) *proto.mutable_charge_amount() = rpc::ToProto(*movement.charge);
  if (movement.document) *proto.mutable_document_amount() = rpc::ToProto(*movement.document);
  if (movement.document && movement.ledger_cash_minor) {
    *proto.mutable_ledger_amount() =
        rpc::ToProto(Money{movement.document->currency, *movement.ledger_cash_minor});
  }
  if (movement.order_total) *proto.mutable_order_amount() = rpc::ToProto(*movement.order_total);
  *proto.mutable_find_time() = rpc::ToProto(found.found_at);
  return proto;
}

absl::StatusOr<v1::ReconciliationReport> MakeReport(Reconciliation& reconciliation) {
  ASSIGN_OR_RETURN(const ReconciliationReport report, reconciliation.Report());
  ASSIGN_OR_RETURN(const int64_t unsettled, reconciliation.CountUnsettled());
  v1::ReconciliationReport proto;
  if (report.last_success) *proto.mutable_last_success_time() = rpc::ToProto(*report.last_success);
  for (const auto& [kind, count] : report.differences) {
    v1::DifferenceCount& out = *proto.add_differences();
    out.set_kind(ToProto(kind));
    out.set_count(count);
  }
  proto.set_unsettled_count(unsettled);
  if (report.oldest_unsettled)
    *proto.mutable_oldest_unsettled_time() = rpc::ToProto(*report.oldest_unsettled);
  return proto;
}

// "micros/movement/kind" of a page's last difference.
absl::StatusOr<std::optional<DifferencePosition>> PositionFrom(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  int64_t micros = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &micros)) return absl::InternalError("page position");
  return DifferencePosition{absl::FromUnixMicros(micros), Uuid::FromTrusted(parts[1]), parts[2]};
}

absl::StatusOr<v1::ListDifferencesResponse> ListDifferences(Reconciliation& reconciliation,
                                                            const crypto::PageTokens& tokens,
                                                            const v1::ListDifferencesRequest& request) {
  ASSIGN_OR_RETURN(const int size, ReadPageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::string text, tokens.Read("differences", request.page_token()));
  ASSIGN_OR_RETURN(const auto after, PositionFrom(text));
  ASSIGN_OR_RETURN(std::vector<FoundDifference> page, reconciliation.List(after, size + 1));
  v1::ListDifferencesResponse response;
  if (static_cast<int>(page.size()) > size) {
    page.pop_back();
    const FoundDifference& last = page.back();
    response.set_next_page_token(
        tokens.Make("differences", absl::StrCat(absl::ToUnixMicros(last.found_at), "/",
                                                last.movement.id.ToString(), "/", NameOf(last.kind))));
  }
  for (const FoundDifference& found : page) *response.add_differences() = ToProto(found);
  return response;
}

}  // namespace

rpc::Service MakeReconciliationService(Reconciliation& reconciliation, const crypto::PageTokens& tokens) {
  rpc::Service service("perennial.billing.v1.ReconciliationService");
  service.Read<v1::GetReconciliationReportRequest, v1::ReconciliationReport>(
      "GetReconciliationReport", rpc::Operators(),
      [&](const rpc::Call&, const v1::GetReconciliationReportRequest&) {
        return MakeReport(reconciliation);
      });
  service.Read<v1::ListDifferencesRequest, v1::ListDifferencesResponse>(
      "ListDifferences", rpc::Operators(), [&](const rpc::Call&, const v1::ListDifferencesRequest& request) {
        return ListDifferences(reconciliation, tokens, request);
      });
  service.Mutate<v1::RestartReconciliationRequest, v1::ReconciliationReport>(
      "RestartReconciliation", rpc::Operators(),
      [&](const rpc::Call&,
          const v1::RestartReconciliationRequest& request) -> absl::StatusOr<v1::ReconciliationReport> {
        if (!request.has_start_time()) return InvalidField("start_time", "is required");
        ASSIGN_OR_RETURN(const absl::Time since, rpc::FromProto(request.start_time(), "start_time"));
        RETURN_IF_ERROR(reconciliation.Restart(since));
        return MakeReport(reconciliation);
      });
  return service;
}

}  // namespace perennial::billing
