#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/event.h"
#include "services/subscription/core/product.h"

namespace perennial::subscription::core {

enum class OrderKind { kPurchase, kUpgrade, kRenewal, kAutomaticRenewal };

// The step that an order takes next; each is idempotent under the order's id (docs/architecture.md, "One
// order").
enum class OrderStep {
  kProForma,
  kCharge,
  kWaiting,  // an automatic renewal between attempts
  kInvoice,
  kApply,
  kDeliver,
  kRefund,
  kCreditNote,
  kReverse,
  kCancelCharge,    // given up while its charge can still be paid; `failure` says why
  kCancelProForma,  // it has failed; its pro-forma is not cancelled yet
  kDone,
  kFailed,
  kRefunded,
};

// What the customer sees.
enum class OrderState {
  kOpen,
  kAwaitingPayment,
  kPastDue,
  kPaid,
  kDelivering,
  kDone,
  kFailed,
  kCompensating,
  kRefunded
};

enum class OrderFailure {
  kNone,
  kPaymentDeclined,
  kPaymentMethodMissing,
  kPaymentNotConfirmed,
  kQuoteStale,
  kDunningEnded,
  kAutoRenewOff,
  kDeliveryRejected,
  kAccountDeleted,
  kSuperseded,
  kBillingRefused
};

// What a waiting order waits for.
enum class Wait { kNone, kRung, kMethod, kCustomer };

// One line of a quote, and of the invoice to come.
struct Line {
  std::string description;
  CivilDate start;
  CivilDate end;
  int64_t net_minor = 0;

  bool operator==(const Line&) const = default;
};

// What is ordered, at which price: fixed by the quote or, of an automatic renewal, on the day it begins.
struct Offer {
  OrderKind kind = OrderKind::kPurchase;
  Uuid product_id;
  std::string plan_id;    // plan: the one bought
  std::string plan_name;  // its display name
  int cycle_months = 0;   // of the term bought; an upgrade: 0
  std::string currency;
  std::vector<Line> lines;
  CivilDate change_date;     // upgrade: the day that it counts from
  bool restore = false;      // a domain out of redemption (R20)
  std::string language;      // of the invoice
  std::string time_zone;     // of the dates
  int64_t paid_version = 0;  // Product.paid_version that it was priced from

  int64_t NetMinor() const;
  CivilDate TermStart() const { return lines.front().start; }
  CivilDate TermEnd() const { return lines.back().end; }

  bool operator==(const Offer&) const = default;
};

enum class AttemptState { kOpen, kSucceeded, kDeclined, kRequiresAction, kNoMethod };

// What an attempt comes to that was never sent, because its card was tried too often (R17).
inline constexpr char kCardExhausted[] = "card_attempts_exhausted";

// One attempt to charge; pinned before the gateway is asked, its id is the key there (R23).
struct Attempt {
  Uuid id;  // the charge's
  Uuid order_id;
  int number = 0;  // from 1
  int64_t amount_minor = 0;
  std::string payment_method;  // name; empty: chosen by payment_token (R16)
  bool off_session = false;
  AttemptState state = AttemptState::kOpen;
  std::string decline_code;
  absl::Time created_at;
  absl::Time updated_at;

  // Its outcome may still change: no other attempt may be made.
  bool IsInFlight() const { return state == AttemptState::kOpen || state == AttemptState::kRequiresAction; }

  bool operator==(const Attempt&) const = default;
};

struct Order {
  Uuid id;
  Uuid account_id;
  std::optional<Uuid> quote_id;  // unset: an automatic renewal
  Offer offer;
  OrderStep step = OrderStep::kProForma;
  OrderFailure failure = OrderFailure::kNone;
  std::optional<int64_t> total_minor;  // net plus tax, once known
  std::string wanted_method;           // name; empty: chosen by R16
  std::string payment_method;          // name, of the last attempt
  std::string payment_description;     // "Visa •••• 4242"
  std::optional<Uuid> charge_id;
  int attempt_count = 0;
  Wait wait = Wait::kNone;
  std::optional<absl::Time> next_at;           // when a worker looks at it; unset: never, it is over
  std::optional<absl::Time> first_attempt_at;  // automatic: the ladder counts from here
  std::optional<absl::Time> dunning_ends_at;
  std::string decline_code;
  std::string action_url;
  std::string invoice;          // name
  std::string refund;           // name; while compensating: of the last one that was refused
  std::string credit_note;      // name
  std::optional<Uuid> held_by;  // a renewal by hand that came in between: stands still meanwhile
  int faults = 0;               // in a row, of peers: for the back-off
  std::optional<absl::Time> lease_until;
  int64_t version = 0;
  absl::Time created_at;
  absl::Time updated_at;

  bool IsOver() const {
    return step == OrderStep::kDone || step == OrderStep::kFailed || step == OrderStep::kRefunded;
  }
  // Nothing can come of it any more but cleaning up.
  bool HasFailed() const { return step == OrderStep::kCancelProForma || step == OrderStep::kFailed; }
  // Its money goes back, and it has no part in the product any more (R31).
  bool IsCompensating() const {
    return step == OrderStep::kRefund || step == OrderStep::kCreditNote || step == OrderStep::kReverse;
  }

  bool operator==(const Order&) const = default;
};

OrderState StateOf(const Order& order);

// What its bill must come to: what was quoted. An automatic renewal takes the tax of the day.
std::optional<int64_t> AgreedTotal(const Order& order);

// Everything that an order may change, locked and written as one: a product, its terms, and its orders that
// are not over, with their attempts (under the lock those of past orders too, the last ones). Rules change a
// copy; storage writes what differs, with the events.
struct Aggregate {
  Product product;
  std::vector<Term> terms;  // that count, by start; a rule may add and retire
  std::vector<Order> orders;
  std::vector<Attempt> attempts;
  bool account_deleted = false;
  std::vector<Event> events;  // facts to be told with the change

  Order* FindOrder(const Uuid& id);
  const Order* FindOrder(const Uuid& id) const;
  Attempt* CurrentAttempt(const Order& order);
  const Attempt* CurrentAttempt(const Order& order) const;
  // Of all orders of the product: what the card networks count.
  std::vector<absl::Time> AttemptTimes() const;
};

// The order that keeps others from starting, or null: not over, not failed, not held, not compensating.
const Order* BlockingOrder(const Aggregate& aggregate);
// The open automatic renewal, held or not, or null.
const Order* OpenAutomaticRenewal(const Aggregate& aggregate);
Order* OpenAutomaticRenewal(Aggregate& aggregate);

// Whether it was paid, so that it will be applied whatever is switched now.
bool IsPaid(const Order& order);

// Whether money may be on its way: such an order is finished, never dropped.
bool IsCharging(const Aggregate& aggregate, const Order& order);

}  // namespace perennial::subscription::core
