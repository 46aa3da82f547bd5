#include "services/subscription/app/orders.h"

#include <exception>

#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"
#include "services/subscription/app/ownership.h"

namespace perennial::subscription {
namespace {

// Longer than a batch may take, so that a lease ends only when its holder is gone.
constexpr absl::Duration kLease = absl::Seconds(90);
// The committing call drives the order itself; a worker takes over if that call was killed.
constexpr absl::Duration kHeadStart = absl::Seconds(30);
constexpr int kBatch = 20;
// A batch has 60 s (libs/work); an order that begins later than this may be cut off in its charge.
constexpr absl::Duration kBatchTime = absl::Seconds(30);
// More steps than any order has; a loop would be a fault of the machine.
constexpr int kMostSteps = 40;

absl::Status QuoteConsumed(const Quote& quote) {
  return Refusal(absl::StatusCode::kFailedPrecondition, "QUOTE_CONSUMED", "the quote was committed already",
                 {{"order", MakeChildName(quote.account_id, "orders", *quote.order_id)}});
}

}  // namespace

absl::Status Orders::Start(const Quote& quote, const core::Order& order) {
  if (quote.offer.kind == core::OrderKind::kPurchase) {
    core::Aggregate aggregate;
    aggregate.product = quote.draft;
    aggregate.product.created_at = aggregate.product.updated_at = order.created_at;
    aggregate.orders.push_back(order);
    return products_.Create(aggregate);
  }
  return products_
      .Update(quote.offer.product_id,
              [&](core::Aggregate& aggregate) { return core::StartOrder(aggregate, order, clock_.Now()); })
      .status();
}

absl::StatusOr<core::Order> Orders::Commit(const Caller& caller, const Uuid& account_id, const Uuid& quote_id,
                                           const std::string& payment_method) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "QUOTE_NOT_FOUND"));
  RETURN_IF_ERROR(deletions_.Enter(account_id));
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const std::optional<Quote> quote, quotes_.Lock(account_id, quote_id));
  if (!quote) return NotFound("QUOTE_NOT_FOUND", "there is no such quote");
  if (quote->order_id) return QuoteConsumed(*quote);
  if (now >= quote->expires_at)
    return Precondition("QUOTE_EXPIRED", "the quote's 15 minutes are over; quote anew");
  core::Order order;
  order.id = ids_.Next();
  order.account_id = account_id;
  order.quote_id = quote_id;
  order.offer = quote->offer;
  order.total_minor = quote->tax.total_minor;
  order.wanted_method = payment_method;
  // Nothing to pay: nothing to bill either, the change is only applied.
  if (quote->tax.total_minor == 0) order.step = core::OrderStep::kApply;
  order.next_at = now + kHeadStart;
  order.created_at = order.updated_at = now;
  RETURN_IF_ERROR(Start(*quote, order));
  RETURN_IF_ERROR(quotes_.Consume(quote_id, order.id));
  return order;
}

absl::StatusOr<core::Order> Orders::Drive(const Uuid& account_id, const Uuid& order_id) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const std::optional<Claim> claim, products_.ClaimOrder(order_id, now, now + kLease));
  if (claim) RETURN_IF_ERROR(DriveClaimed(*claim));
  ASSIGN_OR_RETURN(const std::optional<core::Order> order, products_.FindOrder(account_id, order_id));
  if (!order) return NotFound("ORDER_NOT_FOUND", "there is no such order");
  return *order;
}

absl::Status Orders::DriveClaimed(const Claim& claim) {
  ASSIGN_OR_RETURN(core::Aggregate aggregate, products_.Load(claim.product_id));
  int64_t version = claim.version;
  for (int step = 0; step < kMostSteps; ++step) {
    const core::Order* order = aggregate.FindOrder(claim.order_id);
    // Over, or no longer ours.
    if (order == nullptr || order->IsOver() || order->version != version) return absl::OkStatus();
    const bool is_later = step > 0 && order->next_at && *order->next_at > clock_.Now();
    if (is_later) return absl::OkStatus();
    absl::StatusOr<core::Aggregate> taken = steps_.Take(aggregate, *order);
    if (IsOrderTaken(taken.status())) return absl::OkStatus();
    ASSIGN_OR_RETURN(aggregate, std::move(taken));
    const core::Order* after = aggregate.FindOrder(claim.order_id);
    if (after != nullptr) version = after->version;
  }
  return absl::InternalError("an order does not come to rest");
}

absl::StatusOr<core::Order> Orders::Get(const Caller& caller, const Uuid& account_id, const Uuid& order_id) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "ORDER_NOT_FOUND"));
  ASSIGN_OR_RETURN(const std::optional<core::Order> order, products_.FindOrder(account_id, order_id));
  if (!order) return NotFound("ORDER_NOT_FOUND", "there is no such order");
  return *order;
}

absl::StatusOr<std::vector<core::Order>> Orders::List(const Caller& caller, const OrderPage& page) {
  RETURN_IF_ERROR(RequireOwner(caller, *page.account_id, "ACCOUNT_NOT_FOUND"));
  return products_.Orders(page);
}

// An order that fails keeps its lease, so the others have their turn before it is tried again.
absl::Status Orders::DriveApart(const Claim& claim) {
  absl::Status status;
  try {
    status = DriveClaimed(claim);
  } catch (const std::exception& error) {
    status = absl::InternalError(error.what());  // a row that cannot be read
  }
  if (status.ok() || absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) return status;
  meter_.Trouble("an order could not be handled", claim.order_id, std::string(status.message()));
  return absl::OkStatus();
}

absl::StatusOr<int> Orders::RunDue() {
  const absl::Time start = clock_.Now();
  ASSIGN_OR_RETURN(std::vector<Claim> claims, products_.ClaimDue(start, start + kLease, kBatch));
  for (size_t i = 0; i < claims.size(); ++i) {
    // What cannot begin in time goes back at once, to another worker or the next batch.
    if (i > 0 && clock_.Now() > start + kBatchTime) {
      RETURN_IF_ERROR(products_.GiveBack({claims.begin() + static_cast<int>(i), claims.end()}));
      return static_cast<int>(i);
    }
    RETURN_IF_ERROR(DriveApart(claims[i]));
  }
  return static_cast<int>(claims.size());
}

}  // namespace perennial::subscription
