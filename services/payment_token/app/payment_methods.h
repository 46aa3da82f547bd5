#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/caller.h"
#include "libs/base/clock.h"
#include "libs/base/uuid.h"
#include "services/payment_token/app/ports.h"

namespace perennial::payment_token {

// A customer's stored payment methods (R16, R21, R22).
class PaymentMethods {
 public:
  PaymentMethods(PaymentMethodStore& store, PaymentGateway& gateway, const Clock& clock, IdSource& ids)
      : store_(store), gateway_(gateway), clock_(clock), ids_(ids) {}

  // A method whose token is at the gateway, and taken off it again unless the method is added until then.
  struct Held {
    Uuid id;
    absl::Time until;
  };
  // Exchanges the card for a token at the gateway. May be repeated with the same request_id; each time it is
  // another token, but only one is added.
  absl::StatusOr<Held> Tokenise(const Caller& caller, const Uuid& account_id, const core::CardEntry& card,
                                const Uuid& request_id);
  absl::StatusOr<core::PaymentMethod> Add(const Caller& caller, const Uuid& account_id, const Held& held);

  absl::StatusOr<core::PaymentMethod> Get(const Caller& caller, const Uuid& account_id, const Uuid& id);
  // Newest first.
  absl::StatusOr<std::vector<core::PaymentMethod>> List(const Caller& caller, const Uuid& account_id,
                                                        const std::optional<PagePosition>& after, int limit);
  absl::Status Remove(const Caller& caller, const Uuid& account_id, const Uuid& id);

  // What a renewal would charge (R16). PAYMENT_METHOD_MISSING.
  absl::StatusOr<core::PaymentMethod> Default(const Uuid& account_id);

  // R7, on account.deleted.
  absl::Status DeleteAccount(const Uuid& account_id);

  // The job that takes removed methods, and customers of deleted accounts, off the gateway. Returns how many
  // it tried.
  absl::StatusOr<int> DetachDue();

  absl::Time Now() const { return clock_.Now(); }

 private:
  absl::StatusOr<std::string> CustomerOf(const Uuid& account_id);
  absl::StatusOr<TokeniseOutcome> HoldAndAttach(const core::PaymentMethod& method, const GatewayCard& card,
                                                const std::string& customer, absl::Time until);
  Event MakeEvent(const char* type, const Uuid& account_id, const Uuid& payment_method_id);

  PaymentMethodStore& store_;
  PaymentGateway& gateway_;
  const Clock& clock_;
  IdSource& ids_;
};

}  // namespace perennial::payment_token
