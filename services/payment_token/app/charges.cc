#include "services/payment_token/app/charges.h"

#include <algorithm>

#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/payment_token/core/card_limits.h"

namespace perennial::payment_token {
namespace {

// Longer than any request to the gateway takes, so that a lease outlives its holder only if that died.
constexpr absl::Duration kLease = absl::Seconds(20);
constexpr int kBatch = 20;
// What fails here needs an operator, and is tried again all the same.
constexpr absl::Duration kRest = absl::Hours(1);
// A batch stops in time for its last answer to be recorded.
constexpr absl::Duration kRoomForOneMore = absl::Seconds(20);

absl::Status ChargeNotFound() {
  return NotFound("CHARGE_NOT_FOUND", "there is no such charge");
}

absl::Status ChargeExists() {
  return Refusal(absl::StatusCode::kAlreadyExists, "CHARGE_EXISTS", "the id was used with other contents");
}

bool HasRoom() {
  const CallScope* scope = CallScope::Current();
  return scope == nullptr || scope->TimeLeft() > kRoomForOneMore;
}

}  // namespace

absl::StatusOr<core::Charge> Charges::Existing(const core::ChargeRequest& request,
                                               const core::Charge& charge) {
  if (!core::Answers(charge, request)) return ChargeExists();
  return charge;
}

absl::StatusOr<std::optional<core::PaymentMethod>> Charges::Choose(const core::ChargeRequest& request,
                                                                   const GatewayAccount& account) {
  if (request.payment_method_id) return method_store_.Get(request.account_id, *request.payment_method_id);
  ASSIGN_OR_RETURN(const auto held, method_store_.List(request.account_id, std::nullopt, 0));
  const core::PaymentMethod* chosen = core::ChooseDefault(held, account.last_used_method);
  return chosen == nullptr ? std::nullopt : std::optional(*chosen);
}

absl::StatusOr<core::Charge> Charges::Open(const core::ChargeRequest& request) {
  RETURN_IF_ERROR(core::CheckChargeAmount(request.amount));
  ASSIGN_OR_RETURN(const std::optional<core::Charge> known, store_.Find(request.id));
  if (known) return Existing(request, *known);
  // Locked: charges of one card are counted one after the other.
  ASSIGN_OR_RETURN(const GatewayAccount account, method_store_.LockAndGetAccount(request.account_id));
  // Nothing is stored for a deleted account any more (R7); it has nothing to charge either.
  if (account.is_deleted) return core::OpenCharge(request, nullptr, clock_.Now());
  ASSIGN_OR_RETURN(const std::optional<core::PaymentMethod> method, Choose(request, account));
  const absl::Time now = clock_.Now();
  core::Charge charge = core::OpenCharge(request, method ? &*method : nullptr, now);
  if (method) {
    ASSIGN_OR_RETURN(std::vector<absl::Time> tries,
                     store_.TriesInVain(method->id, method->card.fingerprint, now - core::kLimitsLookBack));
    const absl::Time allowed_at =
        core::NextAllowed(method->card.brand, request.off_session, std::move(tries), now);
    if (allowed_at > now) charge = core::EndExhausted(std::move(charge), allowed_at);
  }
  ASSIGN_OR_RETURN(const bool inserted, store_.Insert(charge));
  if (inserted) {
    if (core::IsFinal(charge.state)) metrics_.ChargeEnded(charge);
    return charge;
  }
  ASSIGN_OR_RETURN(const std::optional<core::Charge> twin, store_.Find(request.id));
  if (!twin) return absl::InternalError("a charge vanished");
  return Existing(request, *twin);
}

absl::StatusOr<core::Charge> Charges::Drive(const Uuid& account_id, const Uuid& charge_id) {
  ASSIGN_OR_RETURN(const std::optional<core::Charge> before, store_.Find(charge_id));
  if (!before || !core::IsOf(*before, account_id)) return ChargeNotFound();
  if (!core::MayAsk(*before, clock_.Now())) return *before;
  RETURN_IF_ERROR(AskOnce(charge_id).status());
  ASSIGN_OR_RETURN(const std::optional<core::Charge> after, store_.Find(charge_id));
  return after.value_or(*before);
}

absl::StatusOr<core::Charge> Charges::GiveUp(const Uuid& account_id, const Uuid& charge_id) {
  ASSIGN_OR_RETURN(const std::optional<core::Charge> known, store_.Find(charge_id));
  if (!known || !core::IsOf(*known, account_id)) return ChargeNotFound();
  core::ChargeState before = known->state;
  ASSIGN_OR_RETURN(const std::optional<core::Charge> after,
                   store_.UpdateLeased(charge_id, [&](const core::Charge& charge, bool) {
                     before = charge.state;
                     return core::GiveUp(charge, clock_.Now());
                   }));
  if (!after) return ChargeNotFound();
  if (core::IsFinal(after->state) && !core::IsFinal(before)) metrics_.ChargeEnded(*after);
  return *after;
}

absl::StatusOr<bool> Charges::AskOnce(const Uuid& charge_id) {
  const absl::Time now = clock_.Now();
  bool ended = false;
  ASSIGN_OR_RETURN(const std::optional<ChargeOrder> order,
                   store_.Claim(charge_id, now, now + kLease, [&](const core::Charge& charge, bool removed) {
                     ended = core::Next(charge, removed, now) == core::NextStep::kEnd;
                     return ended ? core::EndUnsent(charge, removed, now) : core::BeforeAsking(charge, now);
                   }));
  if (!order) {
    if (!ended) return false;
    ASSIGN_OR_RETURN(const std::optional<core::Charge> charge, store_.Find(charge_id));
    if (charge) metrics_.ChargeEnded(*charge);
    return true;
  }
  const core::ChargeOutcome outcome = Ask(*order);
  core::ChargeState before = core::ChargeState::kPending;
  ASSIGN_OR_RETURN(const std::optional<core::Charge> after,
                   store_.Update(charge_id, [&](const core::Charge& charge, bool) {
                     before = charge.state;
                     return core::Apply(charge, outcome, clock_.Now());
                   }));
  if (after && core::IsFinal(after->state) && !core::IsFinal(before)) metrics_.ChargeEnded(*after);
  return true;
}

core::ChargeOutcome Charges::Ask(const ChargeOrder& order) {
  const core::Charge& charge = order.charge;
  switch (core::Next(charge, order.method_removed, clock_.Now())) {
    case core::NextStep::kNothing:
    case core::NextStep::kEnd:
      return core::OutcomeUnknown{};
    case core::NextStep::kSend:
      return gateway_.Charge(order);
    case core::NextStep::kAskReference:
      return gateway_.AskCharge(charge.gateway_reference);
    case core::NextStep::kSearch:
      return Search(charge);
    case core::NextStep::kCancel:
      return gateway_.CancelCharge(charge.gateway_reference);
  }
  return core::OutcomeUnknown{};
}

core::ChargeOutcome Charges::Search(const core::Charge& charge) {
  core::ChargeOutcome found = gateway_.FindCharge(charge.request.id);
  const auto* waiting = std::get_if<core::ActionRequired>(&found);
  // A killed process loses nothing here: the next one searches again.
  if (waiting != nullptr && charge.given_up_at) return gateway_.CancelCharge(waiting->reference);
  return found;
}

absl::StatusOr<core::Refund> Charges::OpenRefund(const core::RefundRequest& request) {
  ASSIGN_OR_RETURN(core::Refund refund, store_.OpenRefund(request, [&](const core::Charge& charge) {
    return core::OpenRefund(request, charge, clock_.Now());
  }));
  if (!core::Answers(refund, request)) return ChargeExists();
  return refund;
}

absl::StatusOr<core::Refund> Charges::DriveRefund(const Uuid& refund_id) {
  ASSIGN_OR_RETURN(const std::optional<core::Refund> before, store_.FindRefund(refund_id));
  if (!before) return ChargeNotFound();
  if (!core::MayAsk(*before, clock_.Now())) return *before;
  RETURN_IF_ERROR(AskRefundOnce(refund_id).status());
  ASSIGN_OR_RETURN(const std::optional<core::Refund> after, store_.FindRefund(refund_id));
  return after.value_or(*before);
}

absl::StatusOr<core::Refund> Charges::SettleRefund(const core::RefundName& name,
                                                   const core::Settlement& settlement) {
  ASSIGN_OR_RETURN(core::Refund settled,
                   store_.SettleRefund(name, [&](const core::Refund& refund, const core::Charge& charge) {
                     return core::SettleByHand(refund, charge, settlement, clock_.Now());
                   }));
  metrics_.RefundEnded(settled);
  return settled;
}

absl::StatusOr<bool> Charges::AskRefundOnce(const Uuid& refund_id) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const std::optional<RefundOrder> order,
                   store_.ClaimRefund(refund_id, now, now + kLease, [&](const core::Refund& refund) {
                     return core::BeforeAsking(refund, now);
                   }));
  if (!order) return false;
  const core::RefundOutcome outcome = Ask(*order);
  core::RefundState before = core::RefundState::kPending;
  ASSIGN_OR_RETURN(const std::optional<core::Refund> after,
                   store_.UpdateRefund(refund_id, [&](const core::Refund& refund) {
                     before = refund.state;
                     return core::Apply(refund, outcome, clock_.Now());
                   }));
  if (after && core::IsFinal(after->state) && !core::IsFinal(before)) metrics_.RefundEnded(*after);
  return true;
}

core::RefundOutcome Charges::Ask(const RefundOrder& order) {
  switch (core::Next(order.refund, clock_.Now())) {
    case core::NextStep::kSend:
      return gateway_.Refund(order);
    case core::NextStep::kAskReference:
      return gateway_.AskRefund(order.refund.gateway_reference);
    case core::NextStep::kSearch:
      return gateway_.FindRefund(order);
    case core::NextStep::kNothing:
    case core::NextStep::kEnd:
    case core::NextStep::kCancel:
      return core::OutcomeUnknown{};
  }
  return core::OutcomeUnknown{};
}

absl::Status Charges::PutOff(const Uuid& charge_id, const absl::Status& why) {
  metrics_.CouldNotAsk(charge_id, why);
  const auto rest = [&](core::Charge charge, bool) {
    if (charge.next_ask_at) charge.next_ask_at = clock_.Now() + kRest;
    return charge;
  };
  return store_.UpdateLeased(charge_id, rest).status();
}

absl::Status Charges::PutOffRefund(const Uuid& refund_id, const absl::Status& why) {
  metrics_.CouldNotAsk(refund_id, why);
  const auto rest = [&](core::Refund refund) {
    if (refund.next_ask_at) refund.next_ask_at = clock_.Now() + kRest;
    return refund;
  };
  return store_.UpdateRefund(refund_id, rest).status();
}

absl::StatusOr<int> Charges::AskDue() {
  int asked = 0;
  ASSIGN_OR_RETURN(const std::vector<Uuid> charges, store_.Due(clock_.Now(), kBatch));
  for (const Uuid& id : charges) {
    if (!HasRoom()) break;
    const absl::StatusOr<bool> done = AskOnce(id);
    if (!done.ok()) RETURN_IF_ERROR(PutOff(id, done.status()));
    asked += done.value_or(false) ? 1 : 0;
  }
  ASSIGN_OR_RETURN(const std::vector<Uuid> refunds, store_.DueRefunds(clock_.Now(), kBatch));
  for (const Uuid& id : refunds) {
    if (!HasRoom()) break;
    const absl::StatusOr<bool> done = AskRefundOnce(id);
    if (!done.ok()) RETURN_IF_ERROR(PutOffRefund(id, done.status()));
    asked += done.value_or(false) ? 1 : 0;
  }
  ASSIGN_OR_RETURN(const int64_t unknown, store_.CountUnknown());
  metrics_.UnknownCharges(unknown);
  return asked;
}

}  // namespace perennial::payment_token
