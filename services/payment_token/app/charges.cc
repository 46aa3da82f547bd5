#include "services/payment_token/app/charges.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/steady_time.h"
#include "services/payment_token/core/card_limits.h"

namespace perennial::payment_token {
namespace {

// Longer than any request to the gateway takes, so that a lease outlives its holder only if that died.
constexpr absl::Duration kLease = absl::Seconds(20);
constexpr int kBatch = 200;
constexpr int kRefundBatch = 20;
// What fails here needs an operator, and is tried again all the same.
constexpr absl::Duration kRest = absl::Hours(1);
// What is asked about one after the other stops in time for the last answer to be recorded.
constexpr absl::Duration kRoomForOneMore = absl::Seconds(20);

absl::Status ChargeNotFound() {
  return NotFound("CHARGE_NOT_FOUND", "there is no such charge");
}

absl::Status ChargeExists() {
  return Refusal(absl::StatusCode::kAlreadyExists, "CHARGE_EXISTS", "the id was used with other contents");
}

// Charges by their ids, while the vector lives.
class ById {
 public:
  explicit ById(const std::vector<core::Charge>& charges) {
    for (const core::Charge& charge : charges) charges_.emplace(charge.request.id, &charge);
  }
  const core::Charge* Find(const Uuid& id) const {
    const auto found = charges_.find(id);
    return found == charges_.end() ? nullptr : found->second;
  }

 private:
  absl::flat_hash_map<Uuid, const core::Charge*> charges_;
};

bool HasRoom() {
  const CallScope* scope = CallScope::Current();
  return scope == nullptr || scope->TimeLeft() > kRoomForOneMore;
}

}  // namespace

absl::Status Charges::TakeKnown(const std::vector<core::ChargeRequest>& requests, std::vector<size_t>& places,
                                Results& results) {
  std::vector<Uuid> ids;
  for (const size_t place : places) ids.push_back(requests[place].id);
  ASSIGN_OR_RETURN(const std::vector<core::Charge> found, store_.Find(ids));
  if (found.empty()) return absl::OkStatus();
  const ById known(found);
  std::erase_if(places, [&](size_t place) {
    const core::Charge* charge = known.Find(requests[place].id);
    if (charge == nullptr) return false;
    if (core::Answers(*charge, requests[place])) {
      results[place] = *charge;
    } else {
      results[place] = ChargeExists();
    }
    return true;
  });
  return absl::OkStatus();
}

absl::StatusOr<const core::PaymentMethod*> Charges::Choose(const core::ChargeRequest& request,
                                                           const ChargedAccount& account) {
  if (!request.payment_method_id) return core::ChooseDefault(account.held, account.last_used_method);
  for (const core::PaymentMethod& method : account.held) {
    if (method.id == *request.payment_method_id) return &method;
  }
  RETURN_IF_ERROR(method_store_.Get(request.account_id, *request.payment_method_id).status());  // says why
  return absl::InternalError("a method came from nowhere");
}

absl::StatusOr<Charges::Opened> Charges::Open(const std::vector<core::ChargeRequest>& requests) {
  Opened opened;
  Results& results = opened.results;
  results.resize(requests.size(), absl::UnknownError("not decided"));
  std::vector<size_t> places;
  std::vector<Uuid> account_ids;
  for (size_t i = 0; i < requests.size(); ++i) {
    if (absl::Status refused = AtField(core::CheckChargeAmount(requests[i].amount), "amount");
        !refused.ok()) {
      results[i] = std::move(refused);
      continue;
    }
    places.push_back(i);
    account_ids.push_back(requests[i].account_id);
  }
  std::sort(account_ids.begin(), account_ids.end());
  account_ids.erase(std::unique(account_ids.begin(), account_ids.end()), account_ids.end());
  // Locked: charges of one card are counted one after the other. Before known ones are looked for: what
  // another call records of these accounts is there by then.
  ASSIGN_OR_RETURN(const std::vector<ChargedAccount> accounts, method_store_.LockAccounts(account_ids));
  RETURN_IF_ERROR(TakeKnown(requests, places, results));
  std::vector<Chosen> chosen;
  for (const size_t place : places) {
    const core::ChargeRequest& request = requests[place];
    const auto at = std::lower_bound(account_ids.begin(), account_ids.end(), request.account_id);
    const ChargedAccount& account = accounts[static_cast<size_t>(at - account_ids.begin())];
    // Nothing is stored for a deleted account any more (R7); it has nothing to charge either.
    if (account.is_deleted) {
      results[place] = core::OpenCharge(request, nullptr, clock_.Now());
      continue;
    }
    const absl::StatusOr<const core::PaymentMethod*> method = Choose(request, account);
    if (method.ok()) {
      chosen.push_back({place, *method});
    } else {
      results[place] = method.status();
    }
  }
  RETURN_IF_ERROR(OpenOn(requests, chosen, opened));
  return opened;
}

absl::Status Charges::OpenOn(const std::vector<core::ChargeRequest>& requests,
                             const std::vector<Chosen>& chosen, Opened& opened) {
  const absl::Time now = clock_.Now();
  std::vector<std::string> cards;
  absl::flat_hash_map<std::string, size_t> place_of;
  for (const Chosen& each : chosen) {
    if (each.method != nullptr && place_of.try_emplace(each.method->card.fingerprint, cards.size()).second)
      cards.push_back(each.method->card.fingerprint);
  }
  ASSIGN_OR_RETURN(std::vector<core::CardTries> tries, store_.TriesOf(cards, now - core::kLimitsLookBack));
  std::vector<size_t> places;
  for (const auto& [place, method] : chosen) {
    core::Charge charge = method == nullptr
                              ? core::OpenCharge(requests[place], nullptr, now)
                              : core::OpenWithinLimits(requests[place], *method,
                                                       tries[place_of[method->card.fingerprint]], now);
    // Asked about as soon as this is committed: to claim it now spares another transaction.
    if (!core::IsFinal(charge.state)) charge = core::BeforeAsking(std::move(charge), now);
    opened.results[place] = std::move(charge);
    places.push_back(place);
  }
  return Store(requests, std::move(places), now, opened);
}

absl::Status Charges::Store(const std::vector<core::ChargeRequest>& requests, std::vector<size_t> places,
                            absl::Time now, Opened& opened) {
  std::vector<core::Charge> charges;
  for (const size_t place : places) charges.push_back(*opened.results[place]);
  ASSIGN_OR_RETURN(const std::vector<Uuid> inserted, store_.Insert(std::move(charges), now + kLease));
  const absl::flat_hash_set<Uuid> ours(inserted.begin(), inserted.end());
  std::erase_if(places, [&](size_t place) {
    if (!ours.contains(requests[place].id)) return false;
    const core::Charge& charge = *opened.results[place];
    if (core::IsFinal(charge.state)) {
      metrics_.ChargeEnded(charge);
    } else {
      opened.claimed.push_back(charge);
    }
    return true;
  });
  if (places.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(TakeKnown(requests, places, opened.results));
  return places.empty() ? absl::OkStatus() : absl::InternalError("a charge vanished");
}

absl::StatusOr<Charges::Results> Charges::Drive(const std::vector<ChildName>& names,
                                                std::vector<core::Charge> claimed) {
  absl::flat_hash_set<Uuid> held;
  for (const core::Charge& charge : claimed) held.insert(charge.request.id);
  std::vector<Uuid> ids;
  for (const ChildName& name : names) {
    if (!held.contains(name.id)) ids.push_back(name.id);
  }
  ASSIGN_OR_RETURN(const std::vector<core::Charge> found, store_.Find(ids));
  const ById before(found);
  const absl::Time now = clock_.Now();
  std::vector<Uuid> to_ask;
  for (const ChildName& name : names) {
    const core::Charge* charge = before.Find(name.id);
    if (charge != nullptr && core::IsOf(*charge, name.account_id) && core::MayAsk(*charge, now))
      to_ask.push_back(name.id);
  }
  ASSIGN_OR_RETURN(const Asked asked, AskAbout(to_ask, std::move(claimed)));
  const ById after(asked.charges);
  const absl::flat_hash_map<Uuid, absl::Status> unreadable(asked.unreadable.begin(), asked.unreadable.end());
  Results results;
  for (const ChildName& name : names) {
    const core::Charge* charge = after.Find(name.id);
    if (charge == nullptr) charge = before.Find(name.id);
    if (const auto failed = unreadable.find(name.id); failed != unreadable.end()) {
      results.push_back(failed->second);
    } else if (charge == nullptr || !core::IsOf(*charge, name.account_id)) {
      results.push_back(ChargeNotFound());
    } else {
      results.push_back(*charge);
    }
  }
  return results;
}

absl::StatusOr<core::Charge> Charges::GiveUp(const Uuid& account_id, const Uuid& charge_id) {
  ASSIGN_OR_RETURN(const std::vector<core::Charge> known, store_.Find({charge_id}));
  if (known.empty() || !core::IsOf(known[0], account_id)) return ChargeNotFound();
  core::ChargeState before = known[0].state;
  ASSIGN_OR_RETURN(const std::optional<core::Charge> after,
                   store_.UpdateLeased(charge_id, [&](const core::Charge& charge, bool) {
                     before = charge.state;
                     return core::GiveUp(charge, clock_.Now());
                   }));
  if (!after) return ChargeNotFound();
  if (core::IsFinal(after->state) && !core::IsFinal(before)) metrics_.ChargeEnded(*after);
  return *after;
}

absl::StatusOr<Charges::Asked> Charges::AskAbout(std::vector<Uuid> charge_ids,
                                                 std::vector<core::Charge> claimed_before) {
  Asked asked;
  if (charge_ids.empty() && claimed_before.empty()) return asked;
  // A charge that is on its way is not one that was sent a day ago and never arrived.
  const SteadyTime steady;
  const absl::Time now = clock_.Now();
  // Whose lease has run out since may be with somebody else by now, who knows what is to be asked.
  std::erase_if(claimed_before, [&](const core::Charge& charge) {
    if (now < *charge.last_asked_at + kLease) return false;
    charge_ids.push_back(charge.request.id);
    return true;
  });
  const auto step = [now](const core::Charge& charge, bool method_removed) -> ChargeStore::Step {
    const core::NextStep next = core::Next(charge, method_removed, now);
    if (next == core::NextStep::kEnd)
      return {core::EndUnsent(charge, method_removed, now), core::NextStep::kNothing};
    return {core::BeforeAsking(charge, now), next};
  };
  ASSIGN_OR_RETURN(ChargeStore::Claimed claimed, store_.Claim(charge_ids, now, now + kLease, step));
  ASSIGN_OR_RETURN(ChargeStore::Orders fresh, store_.OrdersOf(std::move(claimed_before)));
  for (const core::Charge& charge : claimed.ended) metrics_.ChargeEnded(charge);
  for (ChargeOrder& order : fresh.orders) claimed.orders.push_back(std::move(order));
  asked.count = static_cast<int>(claimed.orders.size() + claimed.ended.size());
  asked.charges = std::move(claimed.others);
  asked.charges.insert(asked.charges.end(), claimed.ended.begin(), claimed.ended.end());
  for (const auto& [charge, why] : claimed.unreadable) asked.unreadable.emplace_back(charge.request.id, why);
  // These were claimed, and are as good as not sent.
  std::vector<core::Charge> unsent;
  for (const auto& [charge, why] : fresh.unreadable) {
    asked.unreadable.emplace_back(charge.request.id, why);
    unsent.push_back(core::Apply(charge, core::NotSent{}, now));
  }
  RETURN_IF_ERROR(store_.Record(std::move(unsent)).status());
  RETURN_IF_ERROR(AskGateway(std::move(claimed.orders), asked.charges));
  return asked;
}

absl::Status Charges::AskGateway(std::vector<ChargeOrder> orders, std::vector<core::Charge>& charges) {
  if (orders.empty()) return absl::OkStatus();
  absl::Status done;
  std::vector<ChargeOrder> further;
  gateway_.AskCharges(orders, [&](const std::vector<ChargeAnswer>& answers) {
    std::vector<ChargeAnswer> last;
    for (const ChargeAnswer& answer : answers) {
      ChargeOrder& order = orders[answer.place];
      const auto* waiting = std::get_if<core::ActionRequired>(&answer.outcome);
      // A killed process loses nothing here: the next one searches again.
      if (order.step == core::NextStep::kSearch && waiting != nullptr && order.charge.given_up_at) {
        further.push_back(order);
        further.back().step = core::NextStep::kCancel;
        further.back().charge.gateway_reference = waiting->reference;
      } else {
        last.push_back(answer);
      }
    }
    absl::StatusOr<std::vector<core::Charge>> recorded = Record(orders, last);
    if (recorded.ok()) charges.insert(charges.end(), recorded->begin(), recorded->end());
    done.Update(recorded.status());
  });
  RETURN_IF_ERROR(done);
  return AskGateway(std::move(further), charges);
}

absl::StatusOr<std::vector<core::Charge>> Charges::Record(const std::vector<ChargeOrder>& orders,
                                                          const std::vector<ChargeAnswer>& answers) {
  if (answers.empty()) return std::vector<core::Charge>();
  const absl::Time now = clock_.Now();
  std::vector<core::Charge> charges;
  for (const ChargeAnswer& answer : answers)
    charges.push_back(core::Apply(orders[answer.place].charge, answer.outcome, now));
  ASSIGN_OR_RETURN(const std::vector<Uuid> recorded, store_.Record(charges));
  const absl::flat_hash_set<Uuid> as_claimed(recorded.begin(), recorded.end());
  for (size_t i = 0; i < charges.size(); ++i) {
    core::ChargeState before = orders[answers[i].place].charge.state;
    if (!as_claimed.contains(charges[i].request.id)) {
      ASSIGN_OR_RETURN(const std::optional<core::Charge> after,
                       store_.Update(charges[i].request.id, [&](const core::Charge& charge, bool) {
                         before = charge.state;
                         return core::Apply(charge, answers[i].outcome, clock_.Now());
                       }));
      if (after) charges[i] = *after;
    }
    if (core::IsFinal(charges[i].state) && !core::IsFinal(before)) metrics_.ChargeEnded(charges[i]);
  }
  return charges;
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

absl::StatusOr<int> Charges::AskDueCharges() {
  ASSIGN_OR_RETURN(const std::vector<Uuid> due, store_.Due(clock_.Now(), kBatch));
  const absl::StatusOr<Asked> together = AskAbout(due);
  if (together.ok()) {
    for (const auto& [id, why] : together->unreadable) RETURN_IF_ERROR(PutOff(id, why));
    return together->count;
  }
  // It may be the fault of one of them: the others are not to wait for it.
  int count = 0;
  for (const Uuid& id : due) {
    if (!HasRoom()) break;
    const absl::StatusOr<Asked> asked = AskAbout({id});
    if (!asked.ok()) RETURN_IF_ERROR(PutOff(id, asked.status()));
    count += asked.ok() ? asked->count : 0;
  }
  return count;
}

absl::StatusOr<int> Charges::AskDueRefunds() {
  int count = 0;
  ASSIGN_OR_RETURN(const std::vector<Uuid> due, store_.DueRefunds(clock_.Now(), kRefundBatch));
  for (const Uuid& id : due) {
    if (!HasRoom()) break;
    const absl::StatusOr<bool> asked = AskRefundOnce(id);
    if (!asked.ok()) RETURN_IF_ERROR(PutOffRefund(id, asked.status()));
    count += asked.value_or(false) ? 1 : 0;
  }
  return count;
}

absl::StatusOr<int> Charges::AskDue() {
  ASSIGN_OR_RETURN(const int charges, AskDueCharges());
  ASSIGN_OR_RETURN(const int refunds, AskDueRefunds());
  ASSIGN_OR_RETURN(const int64_t unknown, store_.CountUnknown());
  metrics_.UnknownCharges(unknown);
  return charges + refunds;
}

}  // namespace perennial::payment_token
