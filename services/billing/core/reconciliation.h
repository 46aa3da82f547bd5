#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/base/money.h"
#include "libs/base/uuid.h"

// Whether all sides tell the same of a movement of money.
namespace perennial::billing::core {

enum class MovementKind { kCapture, kRefund };

enum class OrderStanding {
  kUnknown,   // not asked yet
  kMissing,   // asked: there is none
  kOpen,      // under way
  kApplied,   // paid, and its term is the customer's
  kRefunded,  // its money went back, or is going
  kFailed,
};

// What each side says; nothing: it has nothing.
struct Movement {
  MovementKind kind = MovementKind::kCapture;
  Uuid id;  // of the charge or refund; of what only the gateway knows, derived from its own id
  std::optional<Uuid> order_id;
  std::string gateway_reference;
  std::optional<Money> gateway;               // captured or given back there
  std::optional<Money> charge;                // succeeded at payment_token
  std::optional<Money> document;              // the total of the invoice or credit note
  std::optional<int64_t> ledger_cash_minor;   // what the ledger moved at the gateway for the document
  std::optional<int64_t> ledger_claim_minor;  // what it moved of term, tax and income for it
  OrderStanding order = OrderStanding::kUnknown;
  std::optional<Money> order_total;  // only of a capture that the order names
  bool order_has_term = false;
  bool account_deleted = false;  // its orders are gone (R7)
  // Of a refund: a person paid it (payment_token's SettleRefund), so the gateway need not have it.
  bool is_settled_by_hand = false;
  bool is_settlement = false;  // of what the gateway alone has: that person's payment
};

enum class DifferenceKind {
  kCapturedWithoutCharge,
  kChargeWithoutCapture,
  kCapturedWithoutInvoice,
  kInvoiceWithoutCapture,
  kCapturedWithoutOrder,
  kCapturedForFailedOrder,
  kPaidOrderWithoutCapture,
  kPaidOrderWithoutTerm,
  kGatewayRefundWithoutOurs,
  kRefundNotAtGateway,
  kRefundWithoutCreditNote,
  kCreditNoteWithoutRefund,
  kDocumentWithoutLedgerEntry,
  kAmountDiffers,
};
inline constexpr DifferenceKind kDifferenceKinds[] = {
    DifferenceKind::kCapturedWithoutCharge,      DifferenceKind::kChargeWithoutCapture,
    DifferenceKind::kCapturedWithoutInvoice,     DifferenceKind::kInvoiceWithoutCapture,
    DifferenceKind::kCapturedWithoutOrder,       DifferenceKind::kCapturedForFailedOrder,
    DifferenceKind::kPaidOrderWithoutCapture,    DifferenceKind::kPaidOrderWithoutTerm,
    DifferenceKind::kGatewayRefundWithoutOurs,   DifferenceKind::kRefundNotAtGateway,
    DifferenceKind::kRefundWithoutCreditNote,    DifferenceKind::kCreditNoteWithoutRefund,
    DifferenceKind::kDocumentWithoutLedgerEntry, DifferenceKind::kAmountDiffers};

// "captured_without_invoice": in tables and as a label of metrics.
absl::string_view NameOf(DifferenceKind kind);
std::optional<DifferenceKind> DifferenceKindOf(absl::string_view name);

// All that does not agree in a movement that is old enough for everybody to have done their part.
std::vector<DifferenceKind> DifferencesOf(const Movement& movement);

}  // namespace perennial::billing::core
