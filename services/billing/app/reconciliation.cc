#include "services/billing/app/reconciliation.h"

#include "absl/container/flat_hash_map.h"
#include "libs/base/status_macros.h"

namespace perennial::billing {
namespace {

constexpr absl::Duration kInterval = absl::Minutes(10);
constexpr absl::Duration kLease = absl::Minutes(2);
// An order takes seconds. A charge whose answer was lost is asked about again within an hour, a step that
// failed within minutes: what does not agree after this time is no order under way.
constexpr absl::Duration kNormalCourse = absl::Hours(2);
constexpr absl::Duration kCompareAgain = absl::Hours(1);
constexpr absl::Duration kLatestCommit = absl::Minutes(1);
constexpr int kPagesAtOnce = 20;
constexpr int kDocuments = 500;
constexpr int kBatch = 200;

bool IsAway(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<int> Reconciliation::RunOnce() {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const std::optional<Uuid> run, store_.Claim(now, now + kLease));
  if (!run) return 0;
  const absl::StatusOr<int> pages = Work(*run, now);
  if (pages.ok()) return pages;
  // Somebody else goes on with it.
  if (absl::IsAborted(pages.status())) return 0;
  // Nothing is lost by waiting for the others, and jobs must come to rest without them.
  const bool is_away = IsAway(pages.status());
  if (is_away) away_(pages.status());
  const absl::Status put_off = store_.PutOff(*run, now + kInterval);
  if (!is_away) return pages;
  if (!put_off.ok() && !absl::IsAborted(put_off)) return put_off;
  return 0;
}

absl::StatusOr<int> Reconciliation::Work(const Uuid& run, absl::Time now) {
  for (int pages = 0; pages < kPagesAtOnce; ++pages) {
    ASSIGN_OR_RETURN(const std::optional<Feed> feed, store_.NextFeed());
    if (feed) {
      RETURN_IF_ERROR(ReadPage(run, *feed, now));
      continue;
    }
    ASSIGN_OR_RETURN(const bool compared, Compare(run, now));
    if (compared) continue;
    RETURN_IF_ERROR(store_.Finish(run, now, now + kInterval));
    return 1;
  }
  RETURN_IF_ERROR(store_.PutOff(run, now));
  return kPagesAtOnce;
}

absl::Status Reconciliation::ReadPage(const Uuid& run, Feed feed, absl::Time now) {
  switch (feed.name) {
    case FeedName::kGatewayCaptures:
      return ReadGateway(run, std::move(feed), core::MovementKind::kCapture, now);
    case FeedName::kGatewayRefunds:
      return ReadGateway(run, std::move(feed), core::MovementKind::kRefund, now);
    case FeedName::kCharges:
      return ReadCharges(run, std::move(feed), core::MovementKind::kCapture, now);
    case FeedName::kRefunds:
      return ReadCharges(run, std::move(feed), core::MovementKind::kRefund, now);
    case FeedName::kOrders:
      return ReadOrders(run, std::move(feed), now);
    case FeedName::kDocuments:
      return store_.KeepDocuments(run, std::move(feed), now - kLatestCommit, now, now + kNormalCourse,
                                  kDocuments);
  }
  return absl::InternalError("unknown feed");
}

absl::Status Reconciliation::ReadGateway(const Uuid& run, Feed feed, core::MovementKind kind,
                                         absl::Time now) {
  ASSIGN_OR_RETURN(const auto page, money_.AtGateway(kind, feed.since, feed.page_token));
  for (const GatewaySide& side : page.sides) feed.Saw(side.time);
  if (page.oldest_undecided) feed.BeginAgainAt(*page.oldest_undecided);
  feed.Turn(page.next);
  return store_.KeepGateway(run, feed, kind, page.sides, now, now + kNormalCourse);
}

absl::Status Reconciliation::ReadCharges(const Uuid& run, Feed feed, core::MovementKind kind,
                                         absl::Time now) {
  ASSIGN_OR_RETURN(const auto page, money_.Succeeded(kind, feed.since, feed.page_token));
  for (const ChargeSide& side : page.sides) feed.Saw(side.time);
  feed.Turn(page.next);
  return store_.KeepCharges(run, feed, page.sides, now, now + kNormalCourse);
}

absl::Status Reconciliation::ReadOrders(const Uuid& run, Feed feed, absl::Time now) {
  ASSIGN_OR_RETURN(const auto page, orders_.Paid(feed.since, feed.page_token));
  for (const OrderSide& side : page.sides) feed.Saw(side.time);
  feed.Turn(page.next);
  return store_.KeepOrders(run, feed, page.sides, now, now + kNormalCourse);
}

absl::StatusOr<bool> Reconciliation::Compare(const Uuid& run, absl::Time now) {
  ASSIGN_OR_RETURN(std::vector<ReconciliationStore::Due> due, store_.ToCompare(now, kBatch));
  if (due.empty()) return false;
  std::vector<core::Movement*> doubtful;
  for (ReconciliationStore::Due& each : due) {
    core::Movement& movement = each.movement;
    const bool lacks_order = movement.kind == core::MovementKind::kCapture && movement.order_id &&
                             movement.order == core::OrderStanding::kUnknown;
    if (each.ask_again || lacks_order || !DifferencesOf(movement).empty()) doubtful.push_back(&movement);
  }
  RETURN_IF_ERROR(AskOthers(doubtful));
  std::vector<Judged> judged;
  for (const ReconciliationStore::Due& each : due)
    judged.push_back({each.movement, DifferencesOf(each.movement)});
  RETURN_IF_ERROR(store_.Record(run, judged, now, now + kCompareAgain));
  return true;
}

absl::Status Reconciliation::AskOthers(std::vector<core::Movement*> movements) {
  if (movements.empty()) return absl::OkStatus();
  std::vector<Uuid> charges, refunds, orders;
  for (const core::Movement* movement : movements) {
    const bool is_capture = movement->kind == core::MovementKind::kCapture;
    (is_capture ? charges : refunds).push_back(movement->id);
    if (is_capture && movement->order_id) orders.push_back(*movement->order_id);
  }
  ASSIGN_OR_RETURN(const auto found_charges, money_.Find(charges, refunds));
  ASSIGN_OR_RETURN(const auto found_orders, orders_.Find(orders));
  absl::flat_hash_map<Uuid, ChargeSide> charge_of;
  for (const ChargeSide& side : found_charges) charge_of[side.id] = side;
  absl::flat_hash_map<Uuid, OrderSide> order_of;
  for (const OrderSide& side : found_orders) order_of[side.order_id] = side;
  for (core::Movement* movement : movements) {
    const auto charge = charge_of.find(movement->id);
    movement->charge = charge == charge_of.end() ? std::nullopt : std::optional(charge->second.amount);
    if (charge != charge_of.end())
      movement->is_settled_by_hand = !charge->second.settlement_reference.empty();
    if (movement->kind != core::MovementKind::kCapture || !movement->order_id) continue;
    const auto order = order_of.find(*movement->order_id);
    movement->order_total.reset();
    movement->order_has_term = false;
    if (order == order_of.end()) {
      movement->order = core::OrderStanding::kMissing;
    } else if (order->second.charge_id != movement->id) {
      movement->order = core::OrderStanding::kOpen;  // it says nothing of this charge
    } else {
      TakeOver(order->second, *movement);
    }
  }
  return absl::OkStatus();
}

}  // namespace perennial::billing
