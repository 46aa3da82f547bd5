#include "services/billing/core/reconciliation.h"

#include <cstdlib>

namespace perennial::billing::core {
namespace {

// What a missing side is called, by the way the money went.
struct Names {
  DifferenceKind not_ours;
  DifferenceKind not_at_gateway;
  DifferenceKind without_document;
  DifferenceKind without_money;
};

Names NamesOf(MovementKind kind) {
  switch (kind) {
    case MovementKind::kCapture:
      return {DifferenceKind::kCapturedWithoutCharge, DifferenceKind::kChargeWithoutCapture,
              DifferenceKind::kCapturedWithoutInvoice, DifferenceKind::kInvoiceWithoutCapture};
    case MovementKind::kRefund:
      return {DifferenceKind::kGatewayRefundWithoutOurs, DifferenceKind::kRefundNotAtGateway,
              DifferenceKind::kRefundWithoutCreditNote, DifferenceKind::kCreditNoteWithoutRefund};
  }
  std::abort();
}

bool AmountsDiffer(const Movement& movement) {
  std::optional<Money> one;
  for (const std::optional<Money>& side :
       {movement.gateway, movement.charge, movement.document, movement.order_total}) {
    if (!side) continue;
    if (one && *one != *side) return true;
    one = side;
  }
  return false;
}

// An entry of each kind, over the whole total.
bool IsInLedger(const Movement& movement) {
  return movement.ledger_cash_minor == movement.document->minor &&
         movement.ledger_claim_minor == movement.document->minor;
}

void CompareOrder(const Movement& movement, bool money_moved, std::vector<DifferenceKind>& found) {
  switch (movement.order) {
    case OrderStanding::kUnknown:
    case OrderStanding::kOpen:
      return;
    case OrderStanding::kMissing:
      if (money_moved && !movement.account_deleted) found.push_back(DifferenceKind::kCapturedWithoutOrder);
      return;
    case OrderStanding::kFailed:
      if (money_moved) found.push_back(DifferenceKind::kCapturedForFailedOrder);
      return;
    case OrderStanding::kApplied:
    case OrderStanding::kRefunded:
      if (!money_moved) found.push_back(DifferenceKind::kPaidOrderWithoutCapture);
      break;
  }
  const bool must_have = movement.order == OrderStanding::kApplied;
  if (must_have && !movement.order_has_term) found.push_back(DifferenceKind::kPaidOrderWithoutTerm);
}

}  // namespace

absl::string_view NameOf(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::kCapturedWithoutCharge:
      return "captured_without_charge";
    case DifferenceKind::kChargeWithoutCapture:
      return "charge_without_capture";
    case DifferenceKind::kCapturedWithoutInvoice:
      return "captured_without_invoice";
    case DifferenceKind::kInvoiceWithoutCapture:
      return "invoice_without_capture";
    case DifferenceKind::kCapturedWithoutOrder:
      return "captured_without_order";
    case DifferenceKind::kCapturedForFailedOrder:
      return "captured_for_failed_order";
    case DifferenceKind::kPaidOrderWithoutCapture:
      return "paid_order_without_capture";
    case DifferenceKind::kPaidOrderWithoutTerm:
      return "paid_order_without_term";
    case DifferenceKind::kGatewayRefundWithoutOurs:
      return "gateway_refund_without_ours";
    case DifferenceKind::kRefundNotAtGateway:
      return "refund_not_at_gateway";
    case DifferenceKind::kRefundWithoutCreditNote:
      return "refund_without_credit_note";
    case DifferenceKind::kCreditNoteWithoutRefund:
      return "credit_note_without_refund";
    case DifferenceKind::kDocumentWithoutLedgerEntry:
      return "document_without_ledger_entry";
    case DifferenceKind::kAmountDiffers:
      return "amount_differs";
  }
  std::abort();
}

std::optional<DifferenceKind> DifferenceKindOf(absl::string_view name) {
  for (const DifferenceKind kind : kDifferenceKinds) {
    if (NameOf(kind) == name) return kind;
  }
  return std::nullopt;
}

std::vector<DifferenceKind> DifferencesOf(const Movement& movement) {
  const Names names = NamesOf(movement.kind);
  const bool money_moved = movement.gateway || movement.charge;
  std::vector<DifferenceKind> found;
  if (movement.is_settlement) return found;  // judged as the refund that it settled
  if (movement.gateway && !movement.charge) found.push_back(names.not_ours);
  if (movement.charge && !movement.gateway && !movement.is_settled_by_hand)
    found.push_back(names.not_at_gateway);
  if (money_moved && !movement.document) found.push_back(names.without_document);
  if (movement.document && !money_moved) found.push_back(names.without_money);
  if (movement.document && !IsInLedger(movement))
    found.push_back(DifferenceKind::kDocumentWithoutLedgerEntry);
  if (AmountsDiffer(movement)) found.push_back(DifferenceKind::kAmountDiffers);
  if (movement.kind == MovementKind::kCapture) CompareOrder(movement, money_moved, found);
  return found;
}

}  // namespace perennial::billing::core
