#include "services/payment_token/app/payment_methods.h"

#include "absl/strings/str_cat.h"
#include "libs/base/call_scope.h"
#include "libs/base/civil_date.h"
#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"
#include "libs/base/steady_time.h"

namespace perennial::payment_token {
namespace {

constexpr int kDetachBatch = 10;
constexpr absl::Duration kDetachLease = absl::Minutes(2);
constexpr absl::Duration kDetachPause = absl::Minutes(1);
// A call lasts a minute at most.
constexpr absl::Duration kHoldFor = absl::Minutes(15);

// A customer mistypes a few times; who tests stolen cards needs many tries.
constexpr int kMostRefusedCards = 10;
constexpr absl::Duration kRefusedCardsCountFor = absl::Hours(1);

absl::Status TooManyRefused(absl::Duration wait) {
  const int64_t seconds = absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)));
  return Refusal(absl::StatusCode::kResourceExhausted, "CARDS_THROTTLED",
                 "too many cards were refused within an hour", {{kRetryDelaySeconds, absl::StrCat(seconds)}});
}

absl::Status GatewayUnavailable() {
  return Unavailable("GATEWAY_UNAVAILABLE",
                     "the payment gateway does not answer; repeat with the same request_id");
}

absl::Status AccountDeleted() {
  return Precondition("ACCOUNT_DELETED", "the account was deleted");
}

// What an attempt to store a card came to, as the customer hears it.
struct Told {
  absl::Status operator()(const GatewayCard&) { return absl::OkStatus(); }
  absl::Status operator()(const CardInvalid& invalid) {
    return AtField(Refusal(absl::StatusCode::kInvalidArgument, "CARD_INVALID",
                           "the gateway found the card mistyped", {{"field", invalid.field}}),
                   invalid.field.empty() ? "card" : invalid.field);
  }
  absl::Status operator()(const CardDeclined& declined) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "CARD_DECLINED",
                   "the card's bank refused to have it stored",
                   {{"decline_code", core::CodeForCustomer(declined.code)}});
  }
  absl::Status operator()(const GatewayAway&) { return GatewayUnavailable(); }
};

}  // namespace

Event PaymentMethods::MakeEvent(const char* type, const Uuid& account_id, const Uuid& payment_method_id) {
  return {ids_.Next(),  type, account_id, MakeChildName(account_id, "paymentMethods", payment_method_id),
          clock_.Now(), {}};
}

absl::StatusOr<std::string> PaymentMethods::CustomerOf(const Uuid& account_id) {
  ASSIGN_OR_RETURN(GatewayAccount account, store_.GetAccount(account_id));
  if (account.is_deleted) return AccountDeleted();
  if (!account.customer.empty()) return account.customer;
  const CustomerOutcome created = gateway_.CreateCustomer(account_id);
  const auto* customer = std::get_if<std::string>(&created);
  if (customer == nullptr) return GatewayUnavailable();
  // Kept at once, so that what is at the gateway is known here when the account is deleted (R7).
  ASSIGN_OR_RETURN(account, store_.KeepCustomer(account_id, *customer));
  if (account.is_deleted) return AccountDeleted();
  return account.customer;
}

// The token is recorded before it can be charged: killed anywhere after that, the job takes it off the
// gateway again (R22). One that nobody has attached is of no use to anybody, and Stripe drops it by itself.
absl::StatusOr<TokeniseOutcome> PaymentMethods::HoldAndAttach(const core::PaymentMethod& method,
                                                              const GatewayCard& card,
                                                              const std::string& customer, absl::Time until) {
  RETURN_IF_ERROR(store_.Hold(method, card.token, until));
  TokeniseOutcome outcome = gateway_.Attach(card, customer, method.id);
  const bool is_refused =
      std::holds_alternative<CardInvalid>(outcome) || std::holds_alternative<CardDeclined>(outcome);
  if (is_refused) RETURN_IF_ERROR(store_.Forget(method.id));
  return outcome;
}

absl::StatusOr<PaymentMethods::Held> PaymentMethods::Tokenise(const Caller& caller, const Uuid& account_id,
                                                              const core::CardEntry& card,
                                                              const Uuid& request_id) {
  if (!caller.Owns(account_id)) return NotFound("ACCOUNT_NOT_FOUND", "there is no such account");
  RETURN_IF_ERROR(core::CheckCard(card, DateAt(clock_.Now(), absl::UTCTimeZone())));
  ASSIGN_OR_RETURN(const std::string customer, CustomerOf(account_id));
  // The account is part of it: request_ids of two customers may be the same.
  const Uuid attempt = Uuid::Derive(account_id, absl::StrCat("payment_method/", request_id.ToString()));
  // A card that is on its way to the gateway is not one that was left there.
  const SteadyTime steady;
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const auto counted, store_.CountCardTry(account_id, attempt, now,
                                                           now - kRefusedCardsCountFor, kMostRefusedCards));
  if (counted.oldest) return TooManyRefused(*counted.oldest + kRefusedCardsCountFor - now);
  const Held held{ids_.Next(), now + kHoldFor};
  TokeniseOutcome outcome = gateway_.Tokenise(card, held.id);
  if (const auto* token = std::get_if<GatewayCard>(&outcome)) {
    const core::PaymentMethod method{held.id, account_id, token->card, now, std::nullopt};
    ASSIGN_OR_RETURN(outcome, HoldAndAttach(method, *token, customer, held.until));
  }
  // A repeat that finds the gateway away may be of a card that was refused.
  const bool not_refused = std::holds_alternative<GatewayCard>(outcome) ||
                           (std::holds_alternative<GatewayAway>(outcome) && counted.is_new);
  if (not_refused) RETURN_IF_ERROR(store_.ForgetCardTry(attempt));
  RETURN_IF_ERROR(std::visit(Told{}, outcome));
  return held;
}

absl::StatusOr<core::PaymentMethod> PaymentMethods::Add(const Caller& caller, const Uuid& account_id,
                                                        const Held& held) {
  if (!caller.Owns(account_id)) return NotFound("ACCOUNT_NOT_FOUND", "there is no such account");
  const auto events = [&](const std::vector<Uuid>& removed) {
    std::vector<Event> told = {MakeEvent("payment_method.created", account_id, held.id)};
    for (const Uuid& id : removed) told.push_back(MakeEvent("payment_method.deleted", account_id, id));
    return told;
  };
  ASSIGN_OR_RETURN(auto added, store_.Add(account_id, held.id, held.until, clock_.Now(), events));
  if (!added) return GatewayUnavailable();
  return *std::move(added);
}

absl::StatusOr<core::PaymentMethod> PaymentMethods::Get(const Caller& caller, const Uuid& account_id,
                                                        const Uuid& id) {
  const absl::Status not_found = NotFound("PAYMENT_METHOD_NOT_FOUND", "there is no such payment method");
  if (!caller.Owns(account_id)) return not_found;
  absl::StatusOr<core::PaymentMethod> method = store_.Get(account_id, id);
  // What was deleted for good is not there any more, for a customer.
  return ReasonOf(method.status()) == "PAYMENT_METHOD_REMOVED" ? not_found : method;
}

absl::StatusOr<std::vector<core::PaymentMethod>> PaymentMethods::List(
    const Caller& caller, const Uuid& account_id, const std::optional<PagePosition>& after, int limit) {
  if (!caller.Owns(account_id)) return NotFound("ACCOUNT_NOT_FOUND", "there is no such account");
  return store_.List(account_id, after, limit);
}

absl::Status PaymentMethods::Remove(const Caller& caller, const Uuid& account_id, const Uuid& id) {
  RETURN_IF_ERROR(Get(caller, account_id, id).status());
  const absl::Status removed =
      store_.Remove(account_id, id, clock_.Now(), {MakeEvent("payment_method.deleted", account_id, id)});
  // Somebody else was quicker.
  if (ReasonOf(removed) == "PAYMENT_METHOD_REMOVED")
    return NotFound("PAYMENT_METHOD_NOT_FOUND", "there is no such payment method");
  return removed;
}

absl::StatusOr<core::PaymentMethod> PaymentMethods::Default(const Uuid& account_id) {
  ASSIGN_OR_RETURN(const GatewayAccount account, store_.GetAccount(account_id));
  ASSIGN_OR_RETURN(const std::vector<core::PaymentMethod> held, store_.List(account_id, std::nullopt, 0));
  const core::PaymentMethod* method = core::ChooseDefault(held, account.last_used_method);
  if (method == nullptr) return Precondition("PAYMENT_METHOD_MISSING", "the account has no payment method");
  return *method;
}

absl::Status PaymentMethods::DeleteAccount(const Uuid& account_id) {
  return store_.DeleteAccount(account_id, clock_.Now());
}

absl::StatusOr<int> PaymentMethods::DetachDue() {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const auto detachments, store_.ClaimDetachments(now, now + kDetachLease, kDetachBatch));
  for (const DetachOrder& order : detachments) {
    const bool gone = gateway_.Detach(order.token) == RemovalOutcome::kGone;
    RETURN_IF_ERROR(gone ? store_.Forget(order.payment_method_id)
                         : store_.TryDetachAgain(order.payment_method_id, now + kDetachPause));
  }
  ASSIGN_OR_RETURN(const auto customers, store_.ClaimCustomers(now, now + kDetachLease, kDetachBatch));
  for (const auto& removal : customers) {
    const bool gone =
        removal.customer.empty() || gateway_.DeleteCustomer(removal.customer) == RemovalOutcome::kGone;
    // Without the time, which the account's tombstone has as well.
    const Uuid pseudonym = Uuid::Derive(ids_.Next(), "pseudonym");
    RETURN_IF_ERROR(gone ? store_.ForgetAccount(removal.account_id, pseudonym)
                         : store_.TryCustomerAgain(removal.account_id, now + kDetachPause));
  }
  return static_cast<int>(detachments.size() + customers.size());
}

}  // namespace perennial::payment_token
