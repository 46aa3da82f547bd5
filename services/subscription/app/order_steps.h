#pragma once

#include "libs/base/clock.h"
#include "services/subscription/app/ports.h"
#include "services/subscription/core/catalogue.h"

namespace perennial::subscription {

// Whether `Take` stopped because somebody else has the order.
bool IsOrderTaken(const absl::Status& status);

// The steps of an order, each durable and idempotent: what is known is read, a peer is asked under keys that
// derive from the order, and what it answered is written in one transaction, if the order is still at the
// version that was read. A process may be killed between any two lines; the step is then taken again.
class OrderSteps {
 public:
  struct Peers {
    Billing& billing;
    Payments& payments;
    Delivery& delivery;
  };
  OrderSteps(const core::Catalogue& catalogue, ProductStore& products, Peers peers, const Clock& clock,
             Meter& meter)
      : policy_(catalogue.dunning()), products_(products), peers_(peers), clock_(clock), meter_(meter) {}

  // Takes the order's next step and returns the product as written. A peer that is away is not an error: the
  // order is then put off. IsOrderTaken: nothing was done.
  absl::StatusOr<core::Aggregate> Take(const core::Aggregate& aggregate, const core::Order& order);

 private:
  using Result = absl::StatusOr<core::Aggregate>;
  using Change = absl::FunctionRef<void(core::Aggregate&, core::Order&, absl::Time)>;

  Result MakeProForma(const core::Order& order);
  Result WakeUp(const core::Order& order);
  Result Charge(const core::Aggregate& aggregate, const core::Order& order);
  Result PinAttempt(const core::Order& order);
  Result CancelCharge(const core::Aggregate& aggregate, const core::Order& order);
  Result Invoice(const core::Order& order);
  Result Apply(const core::Order& order);
  Result Deliver(const core::Aggregate& aggregate, const core::Order& order);
  Result GiveBack(const core::Order& order);
  Result Credit(const core::Order& order);
  Result Reverse(const core::Order& order);
  Result CancelProForma(const core::Order& order);

  // Writes an outcome, if the order is as it was read.
  Result Record(const core::Order& order, Change change);
  Result PutOff(const core::Order& order, const absl::Status& why);

  const core::DunningPolicy& policy_;
  ProductStore& products_;
  const Peers peers_;
  const Clock& clock_;
  Meter& meter_;
};

}  // namespace perennial::subscription
