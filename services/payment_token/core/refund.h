#pragma once

#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/money.h"
#include "libs/base/uuid.h"
#include "services/payment_token/core/charge.h"

namespace perennial::payment_token::core {

enum class RefundState {
  kPending,    // recorded, not answered; or being processed at the gateway
  kSucceeded,  // final
  kFailed,     // the gateway refused; only an operator changes that (SettleByHand)
  kUnknown,    // sent, and the answer is not known
};

// What a caller asks for. Two requests of one refund id must be equal in all of it but the account, which a
// deletion replaces by a pseudonym (R7).
struct RefundRequest {
  Uuid id;
  Uuid account_id;
  Uuid charge_id;
  std::optional<Money> amount;  // nothing: all that is left
};

// accounts/{account}/charges/{charge}/refunds/{id}
struct RefundName {
  Uuid account_id;
  Uuid charge_id;
  Uuid id;
};

// That a person gave back what the gateway refused to.
struct Settlement {
  std::string settled_by;  // the operator who said so
  std::string reference;   // what the payment is found by
};

// Money given back. Its id is the idempotency key at the gateway.
struct Refund {
  RefundRequest request;
  Uuid order_id;
  Money amount;
  RefundState state = RefundState::kPending;
  std::string failure_code;
  std::string gateway_reference;
  absl::Time created_at;
  absl::Time updated_at;
  std::optional<absl::Time> first_sent_at;  // as of a charge
  int ask_count = 0;
  std::optional<absl::Time> last_asked_at;
  std::optional<absl::Time> next_ask_at;
  std::optional<Settlement> settlement = {};
};

bool IsFinal(RefundState state);

// Whether the refund is what `request` asks for.
bool Answers(const Refund& refund, const RefundRequest& request);

// A new refund of `charge`, of which `charge.refunded_minor` are given back or on their way.
// CHARGE_NOT_CAPTURED, CURRENCY_MISMATCH, AMOUNT_INVALID or REFUND_EXCEEDS_CHARGE.
absl::StatusOr<Refund> OpenRefund(const RefundRequest& request, const Charge& charge, absl::Time now);

// The refused refund, paid by hand. REFUND_NOT_FAILED; REFUND_EXCEEDS_CHARGE if the money went back
// otherwise.
absl::StatusOr<Refund> SettleByHand(Refund refund, const Charge& charge, const Settlement& settlement,
                                    absl::Time now);

// What the gateway said about a refund.
struct GivenBack {
  std::string reference;
};
using RefundOutcome = std::variant<GivenBack, Processing, Rejected, NotSent, OutcomeUnknown, NotThere>;

Refund Apply(Refund refund, const RefundOutcome& outcome, absl::Time now);

// kSend, kAskReference, kSearch or kNothing. Unlike a charge, a refund that never arrived is sent for as long
// as it takes: it is owed.
NextStep Next(const Refund& refund, absl::Time now);
Refund BeforeAsking(Refund refund, absl::Time now);
bool MayAsk(const Refund& refund, absl::Time now);

}  // namespace perennial::payment_token::core
