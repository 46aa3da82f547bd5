#pragma once

#include <optional>
#include <string>

#include "services/subscription/core/order.h"

// What becomes of an order when a step has an outcome. Each function is one durable step: it takes the
// aggregate as it is, changes it, and storage writes it whole. `order` is always an element of
// `aggregate.orders`. After each of them the order says by next_at when a worker goes on: now, later, or
// never.
namespace perennial::subscription::core {

// Time that an on-session customer has to confirm a payment (R24).
inline constexpr absl::Duration kConfirmWithin = absl::Hours(1);

void ProFormaMade(Order& order, int64_t total_minor, absl::Time now);

// Billing will not bill this. `failure`: kQuoteStale or kBillingRefused.
void ProFormaRefused(const DunningPolicy& policy, Aggregate& aggregate, Order& order, OrderFailure failure,
                     absl::Time now);

// Wakes a waiting order: it is tried again, asked about, or given up (R17).
void Wake(Aggregate& aggregate, Order& order, absl::Time now);

// Pins a new attempt, or waits until the card networks allow one more of a renewal without the customer
// (R17). The attempt before, if any, has a final outcome.
void BeginAttempt(const DunningPolicy& policy, Aggregate& aggregate, Order& order, absl::Time now);
// An automatic renewal waits no longer: a new method came, or its own is gone (R16, R17).
void TryAgain(const DunningPolicy& policy, const Aggregate& aggregate, Order& order, absl::Time now);

// A new method came while the customer is asked to confirm with another: that is taken back first, so that
// only one of the two is ever charged (R17, R23).
void TakeBackChallenge(Order& order, absl::Time now);

struct ChargeAnswer {
  AttemptState state = AttemptState::kOpen;
  std::string decline_code = {};
  DeclineClass decline_class = DeclineClass::kSoft;
  std::string action_url = {};
  std::string payment_method = {};  // name
  std::string payment_description = {};
  // Nothing was sent: the card networks allow no attempt on this card (R17). Worth another one from then on.
  std::optional<absl::Time> retry_at = {};
};
void ChargeAnswered(const DunningPolicy& policy, Aggregate& aggregate, Order& order,
                    const ChargeAnswer& answer, absl::Time now);

void InvoiceIssued(Order& order, const std::string& invoice, absl::Time now);

// What was paid becomes the customer's (R10, R12, R18).
void Apply(const DunningPolicy& policy, Aggregate& aggregate, Order& order, absl::Time now);

struct DeliveryAnswer {
  enum class State { kDone, kPending, kRejected };
  State state = State::kPending;
  std::optional<absl::Time> retry_at = {};
};
void DeliveryAnswered(const DunningPolicy& policy, Aggregate& aggregate, Order& order,
                      const DeliveryAnswer& answer, absl::Time now);

// The gateway refused it for good: another one is asked for later, once a person had time to mend the cause.
void RefundRefused(Order& order, const std::string& refund, absl::Time now);
void RefundMade(Order& order, const std::string& refund, absl::Time now);
void CreditNoteIssued(Order& order, const std::string& credit_note, absl::Time now);
// The money is back: the order is over.
void Reverse(const DunningPolicy& policy, Aggregate& aggregate, Order& order, absl::Time now);

// Ends the order. If its charge can still be paid, that is made impossible first: money that comes in spite
// of it makes the order go on.
void GiveUp(Aggregate& aggregate, Order& order, OrderFailure failure, absl::Time now);
// What became of the charge that was given up: kOpen is asked about again.
void ChargeGivenUp(const DunningPolicy& policy, Aggregate& aggregate, Order& order,
                   const ChargeAnswer& answer, absl::Time now);

// Ends the order without money; its pro-forma is cancelled next.
void Fail(Aggregate& aggregate, Order& order, OrderFailure failure, absl::Time now);
void ProFormaCancelled(Order& order, absl::Time now);

// A peer is away or does not know yet: the order stays where it is and is looked at later.
void PutOff(Order& order, absl::Time now);

}  // namespace perennial::subscription::core
