#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/money.h"
#include "libs/base/uuid.h"
#include "services/billing/core/reconciliation.h"

// What reconciliation needs of the outside.
namespace perennial::billing {

// A page of a list; `next` is empty on the last one.
template <typename Side>
struct PageOf {
  std::vector<Side> sides;
  std::string next;
  std::optional<absl::Time> oldest_undecided = {};  // at the gateway: it may become a side, of this time
};

// What the gateway did, whoever asked for it. The ids are those that its object names.
struct GatewaySide {
  std::string reference;
  std::optional<Uuid> id;
  std::optional<Uuid> order_id;
  Money amount;
  absl::Time time;  // by the gateway's clock
};

// A charge or refund that succeeded, as payment_token has it.
struct ChargeSide {
  core::MovementKind kind = core::MovementKind::kCapture;
  Uuid id;
  Uuid order_id;
  Money amount;
  absl::Time time;
  std::string settlement_reference = {};  // of a refund that a person paid: what the payment is found by
};

struct OrderSide {
  Uuid order_id;
  std::optional<Uuid> charge_id;
  std::optional<Money> total;
  core::OrderStanding standing = core::OrderStanding::kUnknown;
  bool has_term = false;
  absl::Time time;
};

// Writes what the order says of the charge that it names.
inline void TakeOver(const OrderSide& side, core::Movement& movement) {
  movement.order = side.standing;
  movement.order_has_term = side.has_term;
  const bool is_paid =
      side.standing == core::OrderStanding::kApplied || side.standing == core::OrderStanding::kRefunded;
  movement.order_total = is_paid ? side.total : std::nullopt;
}

// payment_token, and the gateway through it. Lists begin at `since`, inclusive.
class MoneyBooks {
 public:
  virtual ~MoneyBooks() = default;
  virtual absl::StatusOr<PageOf<GatewaySide>> AtGateway(core::MovementKind kind, absl::Time since,
                                                        const std::string& page_token) = 0;
  virtual absl::StatusOr<PageOf<ChargeSide>> Succeeded(core::MovementKind kind, absl::Time since,
                                                       const std::string& page_token) = 0;
  // Those of them that succeeded.
  virtual absl::StatusOr<std::vector<ChargeSide>> Find(const std::vector<Uuid>& charge_ids,
                                                       const std::vector<Uuid>& refund_ids) = 0;
};

// subscription.
class OrderBooks {
 public:
  virtual ~OrderBooks() = default;
  virtual absl::StatusOr<PageOf<OrderSide>> Paid(absl::Time since, const std::string& page_token) = 0;
  virtual absl::StatusOr<std::vector<OrderSide>> Find(const std::vector<Uuid>& order_ids) = 0;
};

enum class FeedName { kGatewayCaptures, kGatewayRefunds, kCharges, kRefunds, kOrders, kDocuments };

// How far a list was read.
struct Feed {
  FeedName name = FeedName::kDocuments;
  absl::Time since;
  absl::Time newest;  // of what this reading has seen
  std::string page_token;
  bool is_read = false;  // to its end

  // After a page whose newest entry is of `time`.
  void Saw(absl::Time time) { newest = std::max(newest, time); }
  // Of a list that is newest first, after all of the page was seen: the next reading begins here.
  void BeginAgainAt(absl::Time time) { newest = std::min(newest, time); }
  void Turn(std::string next) {
    page_token = std::move(next);
    is_read = page_token.empty();
    if (is_read) since = newest;
  }
};

// A movement with what does not agree in it.
struct Judged {
  core::Movement movement;
  std::vector<core::DifferenceKind> differences;
};

struct FoundDifference {
  core::DifferenceKind kind = core::DifferenceKind::kAmountDiffers;
  core::Movement movement;
  std::optional<Uuid> document_id;
  std::string document_number;
  absl::Time found_at;
};

struct ReconciliationReport {
  std::optional<absl::Time> last_success;
  std::vector<std::pair<core::DifferenceKind, int64_t>> differences;
  std::optional<absl::Time> oldest_unsettled;
};

// Where a page of differences begins: after this one.
struct DifferencePosition {
  absl::Time found_at;
  Uuid movement_id;
  std::string kind;
};

// Every method that is given a run writes only while nobody else claimed another one since; else ABORTED.
class ReconciliationStore {
 public:
  virtual ~ReconciliationStore() = default;

  // The run that is due, for one worker until `lease_until`.
  virtual absl::StatusOr<std::optional<Uuid>> Claim(absl::Time now, absl::Time lease_until) = 0;
  // The next list that this run has not read to its end.
  virtual absl::StatusOr<std::optional<Feed>> NextFeed() = 0;
  // Keep a page of sides and how far the list is read. What is new or changed is compared at `check_at`.
  virtual absl::Status KeepGateway(const Uuid& run, const Feed& feed, core::MovementKind kind,
                                   const std::vector<GatewaySide>& sides, absl::Time now,
                                   absl::Time check_at) = 0;
  virtual absl::Status KeepCharges(const Uuid& run, const Feed& feed, const std::vector<ChargeSide>& sides,
                                   absl::Time now, absl::Time check_at) = 0;
  virtual absl::Status KeepOrders(const Uuid& run, const Feed& feed, const std::vector<OrderSide>& sides,
                                  absl::Time now, absl::Time check_at) = 0;
  // Sees to it that each document issued before `before` has its movement; a page of at most `limit`.
  virtual absl::Status KeepDocuments(const Uuid& run, Feed feed, absl::Time before, absl::Time now,
                                     absl::Time check_at, int limit) = 0;

  struct Due {
    core::Movement movement;
    bool ask_again = false;
  };
  // Movements to be compared now, with documents and ledger as they are.
  virtual absl::StatusOr<std::vector<Due>> ToCompare(absl::Time now, int limit) = 0;
  // Keeps what was found and what the others said; what differs is compared again at `again_at`.
  virtual absl::Status Record(const Uuid& run, const std::vector<Judged>& judged, absl::Time now,
                              absl::Time again_at) = 0;

  // Ends the run: all was read and compared. The next one is due at `next_at`.
  virtual absl::Status Finish(const Uuid& run, absl::Time now, absl::Time next_at) = 0;
  // Leaves the run to be gone on with at `next_at`.
  virtual absl::Status PutOff(const Uuid& run, absl::Time next_at) = 0;

  // Has all that was first seen at `since` or later compared anew, and the others asked about it.
  virtual absl::Status Restart(absl::Time since, absl::Time now) = 0;
  virtual absl::StatusOr<ReconciliationReport> Report() = 0;
  virtual absl::StatusOr<int64_t> CountUnsettled() = 0;
  virtual absl::StatusOr<std::vector<FoundDifference>> List(const std::optional<DifferencePosition>& after,
                                                            int limit) = 0;
};

}  // namespace perennial::billing
