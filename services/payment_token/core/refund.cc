#include "services/payment_token/core/refund.h"

#include "libs/base/error.h"

namespace perennial::payment_token::core {
namespace {

constexpr absl::Duration kFirstPause = absl::Seconds(5);
constexpr absl::Duration kLeastBetweenQuestions = absl::Seconds(2);

// The gateway surely knows nothing of it: it may be sent as if for the first time.
Refund Unsent(Refund refund) {
  refund.state = RefundState::kPending;
  refund.first_sent_at.reset();
  return refund;
}

struct Applied {
  Refund refund;
  absl::Time now;

  Refund operator()(const GivenBack& given) {
    refund.state = RefundState::kSucceeded;
    refund.gateway_reference = given.reference;
    return refund;
  }
  Refund operator()(const Processing& processing) {
    refund.state = RefundState::kPending;
    refund.gateway_reference = processing.reference;
    return refund;
  }
  Refund operator()(const Rejected& rejected) {
    refund.state = RefundState::kFailed;
    refund.failure_code = rejected.code;
    return refund;
  }
  Refund operator()(const NotSent&) {
    // The count stays: a gateway that refuses us unheard is asked ever more rarely.
    const bool only_one =
        refund.state == RefundState::kPending && refund.first_sent_at == refund.last_asked_at;
    return only_one && refund.gateway_reference.empty() ? Unsent(std::move(refund)) : refund;
  }
  Refund operator()(const OutcomeUnknown&) {
    if (refund.gateway_reference.empty()) refund.state = RefundState::kUnknown;
    return refund;
  }
  Refund operator()(const NotThere&) {
    if (now - refund.first_sent_at.value_or(refund.created_at) < kKeyGone) return (*this)(OutcomeUnknown{});
    refund.ask_count = 0;
    return Unsent(std::move(refund));
  }
};

}  // namespace

bool IsFinal(RefundState state) {
  switch (state) {
    case RefundState::kSucceeded:
    case RefundState::kFailed:
      return true;
    case RefundState::kPending:
    case RefundState::kUnknown:
      return false;
  }
  return false;
}

bool Answers(const Refund& refund, const RefundRequest& request) {
  return refund.request.id == request.id && refund.request.charge_id == request.charge_id &&
         refund.request.amount == request.amount;
}

absl::StatusOr<Refund> OpenRefund(const RefundRequest& request, const Charge& charge, absl::Time now) {
  if (charge.state != ChargeState::kSucceeded)
    return Precondition("CHARGE_NOT_CAPTURED", "the charge took no money, so none can be given back");
  const Money& taken = charge.request.amount;
  const int64_t left_minor = taken.minor - charge.refunded_minor;
  if (request.amount && request.amount->currency != taken.currency)
    return Precondition("CURRENCY_MISMATCH", "the refund is not in the charge's currency");
  if (request.amount && request.amount->minor <= 0) {
    return AtField(
        Refusal(absl::StatusCode::kInvalidArgument, "AMOUNT_INVALID", "the amount must be more than 0"),
        "amount");
  }
  const int64_t wanted_minor = request.amount ? request.amount->minor : left_minor;
  if (wanted_minor > left_minor || left_minor == 0)
    return Precondition("REFUND_EXCEEDS_CHARGE", "more would be given back than was taken");
  Refund refund;
  refund.request = request;
  refund.order_id = charge.request.order_id;
  refund.amount = {taken.currency, wanted_minor};
  refund.created_at = now;
  refund.updated_at = now;
  refund.next_ask_at = now + kFirstPause;
  return refund;
}

absl::StatusOr<Refund> SettleByHand(Refund refund, const Charge& charge, const Settlement& settlement,
                                    absl::Time now) {
  if (refund.state != RefundState::kFailed)
    return Precondition("REFUND_NOT_FAILED", "only a refund that the gateway refused is paid by hand");
  if (charge.refunded_minor + refund.amount.minor > charge.request.amount.minor)
    return Precondition("REFUND_EXCEEDS_CHARGE", "more would be given back than was taken");
  refund.state = RefundState::kSucceeded;
  refund.settlement = settlement;
  refund.updated_at = now;
  return refund;
}

Refund Apply(Refund refund, const RefundOutcome& outcome, absl::Time now) {
  if (IsFinal(refund.state)) return refund;
  const RefundState before = refund.state;
  Refund after = std::visit(Applied{std::move(refund), now}, outcome);
  if (after.state != before) after.updated_at = now;
  after.next_ask_at = IsFinal(after.state) ? std::nullopt : std::optional(now + PauseAfter(after.ask_count));
  return after;
}

NextStep Next(const Refund& refund, absl::Time now) {
  if (IsFinal(refund.state)) return NextStep::kNothing;
  if (!refund.gateway_reference.empty()) return NextStep::kAskReference;
  const bool key_trusted = !refund.first_sent_at || now - *refund.first_sent_at < kKeyTrusted;
  return key_trusted ? NextStep::kSend : NextStep::kSearch;
}

Refund BeforeAsking(Refund refund, absl::Time now) {
  if (!refund.first_sent_at) refund.first_sent_at = now;
  refund.last_asked_at = now;
  ++refund.ask_count;
  return refund;
}

bool MayAsk(const Refund& refund, absl::Time now) {
  return !IsFinal(refund.state) &&
         (!refund.last_asked_at || now - *refund.last_asked_at >= kLeastBetweenQuestions);
}

}  // namespace perennial::payment_token::core
