#include "services/subscription/app/orders.h"

#include <map>

#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"
#include "services/subscription/app/ownership.h"
#include "services/subscription/app/product_batches.h"

namespace perennial::subscription {
namespace {

// The committing call drives the order itself; a worker takes over if that call was killed.
constexpr absl::Duration kHeadStart = absl::Seconds(30);
// Enough that what a batch costs by itself (calls, transactions, waits for the disk) is little for each.
constexpr int kBatch = 500;
// More steps than any order has; a loop would be a fault of the machine.
constexpr int kMostSteps = 40;

absl::Status QuoteNotFound() {
  return NotFound("QUOTE_NOT_FOUND", "there is no such quote");
}

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

absl::StatusOr<core::Order> Orders::Commit(const Caller& caller, const Uuid& account_id,
                                           const std::string& quote_handle,
                                           const std::string& payment_method) {
  RETURN_IF_ERROR(RequireOwner(caller, account_id, "QUOTE_NOT_FOUND"));
  RETURN_IF_ERROR(deletions_.Enter(account_id));
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const std::optional<Quote> quote, quotes_.Find(account_id, quote_handle));
  if (!quote) return QuoteNotFound();
  if (quote->order_id) return QuoteConsumed(*quote);
  if (now >= quote->expires_at)
    return Precondition("QUOTE_EXPIRED", "the quote's 15 minutes are over; quote anew");
  core::Order order;
  order.id = ids_.Next();
  order.account_id = account_id;
  order.quote_id = quote->id;
  order.offer = quote->offer;
  order.total_minor = quote->tax.total_minor;
  order.wanted_method = payment_method;
  // Nothing to pay: nothing to bill either, the change is only applied.
  if (quote->tax.total_minor == 0) order.step = core::OrderStep::kApply;
  order.next_at = now + kHeadStart;
  order.created_at = order.updated_at = now;
  ASSIGN_OR_RETURN(const bool is_first, quotes_.Consume(*quote, order.id));
  if (!is_first) {
    ASSIGN_OR_RETURN(const std::optional<Quote> consumed, quotes_.Find(account_id, quote_handle));
    if (!consumed || !consumed->order_id) return absl::InternalError("a consumed quote has no order");
    return QuoteConsumed(*consumed);
  }
  RETURN_IF_ERROR(Start(*quote, order));
  return order;
}

absl::StatusOr<core::Order> Orders::Drive(const Uuid& account_id, const Uuid& order_id) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const std::optional<Claim> claim, products_.ClaimOrder(order_id, now, now + kOrderLease));
  if (claim) RETURN_IF_ERROR(DriveClaimed({*claim}));
  ASSIGN_OR_RETURN(const std::optional<core::Order> order, products_.FindOrder(account_id, order_id));
  if (!order) return NotFound("ORDER_NOT_FOUND", "there is no such order");
  return *order;
}

// Of a product that has two orders in the batch, one that compensates, say, the second has its turn later.
absl::StatusOr<std::vector<HeldOrder>> Orders::Hold(std::vector<Claim>& claims) {
  std::map<Uuid, Claim> taken;
  std::erase_if(claims, [&](const Claim& claim) { return taken.emplace(claim.product_id, claim).second; });
  std::vector<Uuid> product_ids;
  for (const auto& [product_id, claim] : taken) product_ids.push_back(product_id);
  const auto on_unreadable = [&](const Uuid& product_id, const absl::Status& why) {
    meter_.Trouble("an order could not be handled", taken.at(product_id).order_id,
                   std::string(why.message()));
  };
  ASSIGN_OR_RETURN(std::vector<core::Aggregate> loaded, LoadApart(products_, product_ids, on_unreadable));
  std::vector<HeldOrder> held;
  for (core::Aggregate& aggregate : loaded) {
    const Claim& claim = taken.at(aggregate.product.id);
    const core::Order* order = aggregate.FindOrder(claim.order_id);
    const bool is_ours = order != nullptr && !order->IsOver() && order->version == claim.version;
    if (is_ours) held.push_back({std::move(aggregate), claim.order_id});
  }
  return held;
}

absl::Status Orders::DriveClaimed(std::vector<Claim> claims) {
  while (!claims.empty()) {
    ASSIGN_OR_RETURN(std::vector<HeldOrder> held, Hold(claims));
    RETURN_IF_ERROR(DriveHeld(std::move(held)));
  }
  return absl::OkStatus();
}

absl::Status Orders::DriveHeld(std::vector<HeldOrder> held) {
  for (int step = 0; !held.empty(); ++step) {
    if (step == kMostSteps) return absl::InternalError("an order does not come to rest");
    ASSIGN_OR_RETURN(held, TakeStep(std::move(held)));
  }
  return absl::OkStatus();
}

// Those that go on now. One that cannot be handled keeps its lease, so the others have their turn before it
// is tried again.
absl::StatusOr<std::vector<HeldOrder>> Orders::TakeStep(std::vector<HeldOrder> held) {
  std::vector<absl::StatusOr<core::Aggregate>> taken = steps_.Take(held);
  std::vector<HeldOrder> going_on;
  for (size_t i = 0; i < held.size(); ++i) {
    if (IsStoreAway(taken[i].status())) return taken[i].status();
    if (!taken[i].ok()) {
      if (!IsOrderTaken(taken[i].status()))
        meter_.Trouble("an order could not be handled", held[i].order_id,
                       std::string(taken[i].status().message()));
      continue;
    }
    const core::Order* order = taken[i]->FindOrder(held[i].order_id);
    const bool goes_on = order != nullptr && !order->IsOver() && order->next_at <= clock_.Now();
    if (goes_on) going_on.push_back({*std::move(taken[i]), held[i].order_id});
  }
  return going_on;
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

absl::StatusOr<int> Orders::RunDue() {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(std::vector<Claim> claims, products_.ClaimDue(now, now + kOrderLease, kBatch));
  const int count = static_cast<int>(claims.size());
  RETURN_IF_ERROR(DriveClaimed(std::move(claims)));
  return count;
}

}  // namespace perennial::subscription
