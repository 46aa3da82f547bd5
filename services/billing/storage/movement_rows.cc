#include "services/billing/storage/movement_rows.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace perennial::billing {
namespace {

using core::MovementKind;
using core::OrderStanding;

template <typename Enum, size_t kCount>
Enum FromText(const Enum (&values)[kCount], const std::string& text) {
  for (const Enum value : values) {
    if (ToText(value) == text) return value;
  }
  std::abort();
}

std::optional<Money> MoneyIn(const pg::Row& row, const char* minor, const char* currency) {
  const auto amount_minor = row.Get<std::optional<int64_t>>(minor);
  if (!amount_minor) return std::nullopt;
  return Money{row.Get<std::string>(currency), *amount_minor};
}

}  // namespace

std::string ToText(MovementKind kind) {
  switch (kind) {
    case MovementKind::kCapture:
      return "capture";
    case MovementKind::kRefund:
      return "refund";
  }
  std::abort();
}

std::string ToText(OrderStanding standing) {
  switch (standing) {
    case OrderStanding::kUnknown:
      return "unknown";
    case OrderStanding::kMissing:
      return "missing";
    case OrderStanding::kOpen:
      return "open";
    case OrderStanding::kApplied:
      return "applied";
    case OrderStanding::kRefunded:
      return "refunded";
    case OrderStanding::kFailed:
      return "failed";
  }
  std::abort();
}

std::string ToText(FeedName name) {
  switch (name) {
    case FeedName::kGatewayCaptures:
      return "gateway_captures";
    case FeedName::kGatewayRefunds:
      return "gateway_refunds";
    case FeedName::kCharges:
      return "charges";
    case FeedName::kRefunds:
      return "refunds";
    case FeedName::kOrders:
      return "orders";
    case FeedName::kDocuments:
      return "documents";
  }
  std::abort();
}

MovementKind MovementKindFromText(const std::string& text) {
  return FromText({MovementKind::kCapture, MovementKind::kRefund}, text);
}

OrderStanding StandingFromText(const std::string& text) {
  return FromText({OrderStanding::kUnknown, OrderStanding::kMissing, OrderStanding::kOpen,
                   OrderStanding::kApplied, OrderStanding::kRefunded, OrderStanding::kFailed},
                  text);
}

FeedName FeedNameFromText(const std::string& text) {
  return FromText({FeedName::kGatewayCaptures, FeedName::kGatewayRefunds, FeedName::kCharges,
                   FeedName::kRefunds, FeedName::kOrders, FeedName::kDocuments},
                  text);
}

core::Movement ReadMovement(const pg::Row& row) {
  core::Movement movement;
  movement.kind = MovementKindFromText(row.Get<std::string>("kind"));
  movement.id = row.Get<Uuid>("id");
  movement.order_id = row.Get<std::optional<Uuid>>("order_id");
  movement.gateway_reference = row.Get<std::string>("gateway_reference");
  movement.gateway = MoneyIn(row, "gateway_minor", "gateway_currency");
  movement.charge = MoneyIn(row, "charge_minor", "charge_currency");
  movement.document = MoneyIn(row, "document_minor", "document_currency");
  movement.ledger_cash_minor = row.Get<std::optional<int64_t>>("cash");
  movement.ledger_claim_minor = row.Get<std::optional<int64_t>>("claim");
  movement.order = StandingFromText(row.Get<std::string>("order_standing"));
  movement.order_total = MoneyIn(row, "order_minor", "order_currency");
  movement.order_has_term = row.Get<bool>("order_has_term");
  movement.account_deleted = row.Get<bool>("account_deleted");
  movement.is_settled_by_hand = row.Get<bool>("is_settled_by_hand");
  movement.is_settlement = row.Get<bool>("is_settlement");
  return movement;
}

std::string TextOf(const std::optional<Uuid>& id) {
  return id ? id->ToString() : "";
}

std::string MinorOf(const std::optional<Money>& amount) {
  return amount ? absl::StrCat(amount->minor) : "";
}

std::string CurrencyOf(const std::optional<Money>& amount) {
  return amount ? amount->currency : "";
}

}  // namespace perennial::billing
