#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "libs/base/clock.h"
#include "services/subscription/app/ports.h"
#include "services/subscription/core/catalogue.h"

namespace perennial::subscription {

// Whether `Take` stopped because somebody else has the order, or there was no time left to begin with it.
bool IsOrderTaken(const absl::Status& status);

// An order that a worker holds, with its product as it was last read.
struct HeldOrder {
  core::Aggregate aggregate;
  Uuid order_id;

  const core::Order& order() const { return *aggregate.FindOrder(order_id); }
};

// The steps of an order, each durable and idempotent: what is known is read, a peer is asked under keys that
// derive from the order, and what it answered is written in one transaction, if the order is still at the
// version that was read. A process may be killed between any two lines; the step is then taken again.
// Orders that are at the same step take it together: one call and one transaction for all of them.
class OrderSteps {
 public:
  struct Peers {
    Billing& billing;
    Payments& payments;
    Delivery& delivery;
  };
  OrderSteps(const core::Catalogue& catalogue, ProductStore& products, TaxPositionStore& tax_positions,
             Peers peers, const Clock& clock, Meter& meter)
      : policy_(catalogue.dunning()),
        products_(products),
        tax_positions_(tax_positions),
        peers_(peers),
        clock_(clock),
        meter_(meter) {}

  // Takes the next step of each order, and the steps after it that ask nobody. Returns the products as
  // written, in the same order. A peer that is away is not an error: the order is then put off. IsOrderTaken:
  // nothing was done. `held`: of different products.
  std::vector<absl::StatusOr<core::Aggregate>> Take(const std::vector<HeldOrder>& held);

 private:
  using Group = std::vector<const HeldOrder*>;
  // What an answer does to an order.
  using Change = std::function<void(core::Aggregate&, core::Order&, absl::Time)>;

  std::vector<Change> Ask(core::OrderStep step, const Group& group);
  std::vector<Change> AskEach(const Group& group, absl::FunctionRef<Change(const HeldOrder&)> ask);
  std::vector<Change> MakeProFormas(const Group& group);
  Change ProFormaRefused(const HeldOrder& held, core::OrderFailure failure);
  using Answer = std::optional<absl::StatusOr<core::ChargeAnswer>>;
  std::vector<Answer> AskForMoney(const Group& group);
  std::vector<Change> Charge(const Group& group);
  std::vector<Change> Invoice(const Group& group);
  Change Charged(const HeldOrder& held, absl::StatusOr<core::ChargeAnswer> answer);
  Change CancelCharge(const HeldOrder& held);
  Change Deliver(const HeldOrder& held);
  Change GiveBack(const HeldOrder& held);
  Change Credit(const HeldOrder& held);
  Change CancelProForma(const HeldOrder& held);
  Change PutOff(const HeldOrder& held, const absl::Status& why);

  // Writes the outcomes of those orders that are as they were read.
  std::vector<absl::StatusOr<core::Aggregate>> Record(const Group& group, const std::vector<Change>& changes);
  void CountAttempt(const HeldOrder& before, const core::Aggregate& after);

  const core::DunningPolicy& policy_;
  ProductStore& products_;
  TaxPositionStore& tax_positions_;
  const Peers peers_;
  const Clock& clock_;
  Meter& meter_;
};

}  // namespace perennial::subscription
