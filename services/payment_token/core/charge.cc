#include "services/payment_token/core/charge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"

namespace perennial::payment_token::core {
namespace {

// Currencies whose minor unit at the gateway is that of ISO 4217, with its least charge
// (https://docs.stripe.com/currencies). Not those of three decimals: it charges only multiples of ten of
// them, and a total with tax is not always one.
struct Offered {
  absl::string_view currency;
  int64_t least_minor;
};
constexpr Offered kOffered[] = {{"EUR", 50}, {"USD", 50}, {"JPY", 50}};
constexpr int64_t kMostMinor = 99'999'999;

constexpr absl::Duration kFirstPause = absl::Seconds(5);
constexpr absl::Duration kLongestPause = absl::Hours(1);
constexpr absl::Duration kLeastBetweenQuestions = absl::Seconds(2);

Charge Decline(Charge charge, absl::string_view code, DeclineClass decline_class) {
  charge.state = ChargeState::kDeclined;
  charge.decline_code = std::string(code);
  charge.decline_class = decline_class;
  return charge;
}

// Each returns the charge with the outcome's facts; Apply does what is common to all.
struct Applied {
  Charge charge;
  absl::Time now;

  Charge operator()(const Captured& captured) {
    charge.state = ChargeState::kSucceeded;
    charge.gateway_reference = captured.reference;
    return charge;
  }
  Charge operator()(const Declined& declined) {
    if (!declined.reference.empty()) charge.gateway_reference = declined.reference;
    // The gateway says only that it was canceled; why is ours to know.
    const bool canceled = charge.given_up_at && declined.code == kActionExpired;
    const absl::string_view code = canceled ? kCanceled : absl::string_view(declined.code);
    return Decline(std::move(charge), code, ClassOf(code));
  }
  Charge operator()(const ActionRequired& required) {
    charge.state = ChargeState::kRequiresAction;
    charge.action_url = required.url;
    charge.gateway_reference = required.reference;
    return charge;
  }
  Charge operator()(const Processing& processing) {
    charge.state = ChargeState::kPending;
    charge.gateway_reference = processing.reference;
    return charge;
  }
  Charge operator()(const Rejected& rejected) {
    return Decline(std::move(charge), rejected.code, DeclineClass::kHard);
  }
  Charge operator()(const NotSent&) {
    // Only if no earlier request can have arrived does the gateway surely not know of it.
    const bool may_be_first = charge.state == ChargeState::kPending || charge.given_up_at;
    const bool is_only = may_be_first && charge.first_sent_at == charge.last_asked_at;
    if (!is_only || !charge.gateway_reference.empty()) return charge;
    if (charge.given_up_at) return Decline(std::move(charge), kCanceled, ClassOf(kCanceled));
    // The count stays: a gateway that refuses us unheard is asked ever more rarely.
    charge.first_sent_at.reset();
    return charge;
  }
  Charge operator()(const OutcomeUnknown&) {
    // With a reference the gateway has it, and the state it had there is still our best knowledge.
    if (charge.gateway_reference.empty()) charge.state = ChargeState::kUnknown;
    return charge;
  }
  Charge operator()(const NotThere&) {
    if (now - charge.first_sent_at.value_or(charge.created_at) < kNeverArrives)
      return (*this)(OutcomeUnknown{});
    const absl::string_view code = charge.given_up_at ? kCanceled : kNeverReceived;
    return Decline(std::move(charge), code, ClassOf(code));
  }
};

Charge Settled(Charge charge, ChargeState before, absl::Time now) {
  // Whatever it waits for at the gateway, nobody is to answer it any more.
  if (charge.given_up_at && !IsFinal(charge.state)) charge.state = ChargeState::kUnknown;
  if (charge.state != before) charge.updated_at = now;
  if (charge.state != ChargeState::kRequiresAction) charge.action_url.clear();
  charge.next_ask_at =
      IsFinal(charge.state) ? std::nullopt : std::optional(now + PauseAfter(charge.ask_count));
  return charge;
}

}  // namespace

bool IsFinal(ChargeState state) {
  switch (state) {
    case ChargeState::kSucceeded:
    case ChargeState::kDeclined:
    case ChargeState::kNoPaymentMethod:
      return true;
    case ChargeState::kPending:
    case ChargeState::kRequiresAction:
    case ChargeState::kUnknown:
      return false;
  }
  return false;
}

bool IsOf(const Charge& charge, const Uuid& account_id) {
  return charge.is_pseudonymous || charge.request.account_id == account_id;
}

bool Answers(const Charge& charge, const ChargeRequest& request) {
  if (!charge.is_pseudonymous) return charge.request == request;
  return charge.request.id == request.id && charge.request.order_id == request.order_id &&
         charge.request.amount == request.amount;
}

absl::Status CheckChargeAmount(const Money& amount) {
  const auto* offered = std::find_if(std::begin(kOffered), std::end(kOffered), [&](const Offered& candidate) {
    return candidate.currency == amount.currency;
  });
  if (offered == std::end(kOffered)) {
    return Refusal(absl::StatusCode::kInvalidArgument, "CURRENCY_NOT_OFFERED",
                   "nothing can be charged in this currency", {{"currency_code", amount.currency}});
  }
  if (amount.minor < offered->least_minor || amount.minor > kMostMinor) {
    return Refusal(
        absl::StatusCode::kInvalidArgument, "AMOUNT_INVALID",
        absl::StrCat("the gateway charges from ", offered->least_minor, " to ", kMostMinor, " minor units"));
  }
  return absl::OkStatus();
}

Charge OpenCharge(ChargeRequest request, const PaymentMethod* method, absl::Time now) {
  Charge charge;
  charge.request = std::move(request);
  charge.created_at = now;
  charge.updated_at = now;
  if (method == nullptr) {
    charge.state = ChargeState::kNoPaymentMethod;
    return charge;
  }
  charge.payment_method_id = method->id;
  charge.card_fingerprint = method->card.fingerprint;
  charge.payment_description = Describe(method->card);
  // The caller drives it at once; the job only if the caller dies.
  charge.next_ask_at = now + kFirstPause;
  return charge;
}

Charge OpenWithinLimits(ChargeRequest request, const PaymentMethod& method, CardTries& tries,
                        absl::Time now) {
  const absl::Time allowed_at = NextAllowed(method.card.brand, request.off_session, tries, now);
  Charge charge = OpenCharge(std::move(request), &method, now);
  if (allowed_at <= now) {
    tries.open.push_back(now);
    return charge;
  }
  charge = Decline(std::move(charge), kCardExhausted, ClassOf(kCardExhausted));
  charge.retry_at = allowed_at;
  charge.next_ask_at = std::nullopt;
  return charge;
}

Charge Apply(Charge charge, const ChargeOutcome& outcome, absl::Time now) {
  if (IsFinal(charge.state)) return charge;
  const ChargeState before = charge.state;
  return Settled(std::visit(Applied{std::move(charge), now}, outcome), before, now);
}

NextStep Next(const Charge& charge, bool method_removed, absl::Time now) {
  if (IsFinal(charge.state)) return NextStep::kNothing;
  if (!charge.first_sent_at) {
    const bool too_late = now - charge.created_at >= kKeyGone;
    return method_removed || too_late ? NextStep::kEnd : NextStep::kSend;
  }
  // Without a reference it is looked for first: to send it could take the money.
  if (charge.given_up_at) return charge.gateway_reference.empty() ? NextStep::kSearch : NextStep::kCancel;
  const absl::Duration age = now - *charge.first_sent_at;
  if (charge.state == ChargeState::kRequiresAction && (method_removed || age >= kKeyTrusted))
    return NextStep::kCancel;
  if (!charge.gateway_reference.empty()) return NextStep::kAskReference;
  // Sent again, it could be taken from a method that was removed meanwhile (R22).
  return age < kKeyTrusted && !method_removed ? NextStep::kSend : NextStep::kSearch;
}

Charge GiveUp(Charge charge, absl::Time now) {
  if (IsFinal(charge.state) || charge.given_up_at) return charge;
  const ChargeState before = charge.state;
  charge.given_up_at = now;
  if (!charge.first_sent_at)
    return Settled(Decline(std::move(charge), kCanceled, ClassOf(kCanceled)), before, now);
  charge = Settled(std::move(charge), before, now);
  // The caller asks at once; the job only if the caller dies.
  charge.next_ask_at = now + kFirstPause;
  return charge;
}

Charge EndUnsent(Charge charge, bool method_removed, absl::Time now) {
  const ChargeState before = charge.state;
  const absl::string_view code = method_removed ? kMethodRemoved : kNeverReceived;
  return Settled(Decline(std::move(charge), code, ClassOf(code)), before, now);
}

Charge BeforeAsking(Charge charge, absl::Time now) {
  if (!charge.first_sent_at) charge.first_sent_at = now;
  charge.last_asked_at = now;
  ++charge.ask_count;
  return charge;
}

bool MayAsk(const Charge& charge, absl::Time now) {
  if (IsFinal(charge.state)) return false;
  if (!charge.last_asked_at || now - *charge.last_asked_at >= kLeastBetweenQuestions) return true;
  // The first question since it was given up is another one.
  return charge.given_up_at && *charge.given_up_at >= *charge.last_asked_at;
}

absl::Duration PauseAfter(int ask_count) {
  absl::Duration pause = kFirstPause;
  for (int i = 1; i < ask_count && pause < kLongestPause; ++i) pause *= 2;
  return std::min(pause, kLongestPause);
}

}  // namespace perennial::payment_token::core
