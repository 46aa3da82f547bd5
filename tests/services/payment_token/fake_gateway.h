#pragma once

#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/payment_token/app/ports.h"

namespace perennial::payment_token {

// What goes wrong on the way to the gateway and back.
enum class Trouble {
  kNone,
  kNotReached,   // nothing arrives
  kLostRequest,  // nothing arrives, but that cannot be known
  kLostAnswer,   // done, and the answer is lost
};

// A gateway in memory that keeps keys and books as Stripe does. Thread-safe.
class FakeGateway : public PaymentGateway {
 public:
  // The trouble of the next requests, in order; none after that.
  void Plan(std::vector<Trouble> troubles) {
    std::lock_guard lock(mutex_);
    troubles_ = std::move(troubles);
  }
  // What the bank says to a charge.
  void Answer(core::ChargeOutcome outcome) {
    std::lock_guard lock(mutex_);
    bank_ = std::move(outcome);
  }
  // What happens while the next charge or card is on its way.
  void OnTheWay(std::function<void()> act) { on_the_way_ = std::move(act); }
  // As if 24 hours had passed there.
  void ForgetKeys() {
    std::lock_guard lock(mutex_);
    keys_.clear();
  }
  int captures() const { return captures_; }
  int64_t captured_minor() const { return captured_minor_; }
  int64_t refunded_minor() const { return refunded_minor_; }
  int charge_requests() const { return charge_requests_; }
  int canceled() const { return canceled_; }
  const std::vector<std::string>& detached() const { return detached_; }
  size_t attached() const { return attached_.size(); }
  const std::vector<std::string>& deleted_customers() const { return deleted_customers_; }
  void set_removal(RemovalOutcome removal) { removal_ = removal; }
  void set_refuses_refunds(bool refuses) { refuses_refunds_ = refuses; }

  CustomerOutcome CreateCustomer(const Uuid& account_id) override {
    std::lock_guard lock(mutex_);
    if (Next() != Trouble::kNone) return GatewayAway{};
    return "cus_" + account_id.ToString();
  }
  RemovalOutcome DeleteCustomer(const std::string& customer) override {
    std::lock_guard lock(mutex_);
    if (removal_ == RemovalOutcome::kGone) deleted_customers_.push_back(customer);
    return removal_;
  }
  TokeniseOutcome Tokenise(const core::CardEntry& card, const Uuid& key) override {
    std::lock_guard lock(mutex_);
    if (Next() != Trouble::kNone) return GatewayAway{};
    const core::SecretText digits = core::Digits(card.number.view());
    const std::string number(digits.view());
    if (number == "4000000000000127") return CardInvalid{"card.security_code"};
    GatewayCard token;
    token.token = "pm_" + key.ToString();
    token.card = {core::CardBrand::kVisa,
                  number.substr(number.size() - 4),
                  card.expiry_month,
                  card.expiry_year,
                  "fp_" + number,
                  "FR",
                  core::CardFunding::kCredit};
    return token;
  }
  TokeniseOutcome Attach(const GatewayCard& card, const std::string&, const Uuid&) override {
    if (on_the_way_) std::exchange(on_the_way_, nullptr)();
    std::lock_guard lock(mutex_);
    if (card.card.fingerprint == "fp_4000000000009979") return CardDeclined{"stolen_card"};
    const Trouble trouble = Next();
    if (trouble == Trouble::kNone || trouble == Trouble::kLostAnswer) attached_.insert(card.token);
    if (trouble != Trouble::kNone) return GatewayAway{};
    return card;
  }
  RemovalOutcome Detach(const std::string& token) override {
    std::lock_guard lock(mutex_);
    if (removal_ == RemovalOutcome::kGone) detached_.push_back(token);
    if (removal_ == RemovalOutcome::kGone) attached_.erase(token);
    return removal_;
  }

  void AskCharges(const std::vector<ChargeOrder>& orders, const TakeChargeAnswers& take) override {
    // In two parts, as answers come.
    for (const size_t parity : {0, 1}) {
      std::vector<ChargeAnswer> answers;
      for (size_t i = parity; i < orders.size(); i += 2) answers.push_back({i, Ask(orders[i])});
      if (!answers.empty()) take(answers);
    }
  }
  core::ChargeOutcome Ask(const ChargeOrder& order) {
    switch (order.step) {
      case core::NextStep::kAskReference:
        return AskCharge(order.charge.gateway_reference);
      case core::NextStep::kSearch:
        return FindCharge(order.charge.request.id);
      case core::NextStep::kCancel:
        return CancelCharge(order.charge.gateway_reference);
      case core::NextStep::kSend:
        return Charge(order);
      case core::NextStep::kNothing:
      case core::NextStep::kEnd:
        break;
    }
    std::abort();
  }
  core::ChargeOutcome Charge(const ChargeOrder& order) {
    if (on_the_way_) std::exchange(on_the_way_, nullptr)();
    std::lock_guard lock(mutex_);
    ++charge_requests_;
    const Trouble trouble = Next();
    if (trouble == Trouble::kNotReached) return core::NotSent{};
    if (trouble == Trouble::kLostRequest) return core::OutcomeUnknown{};
    const std::string id = order.charge.request.id.ToString();
    const auto [known, is_new] = keys_.try_emplace(id, bank_);
    if (is_new) {
      const std::string reference = "pi_" + id + "_" + std::to_string(++intents_);
      Settle(known->second, reference, order.charge.request.amount.minor);
      by_reference_[reference] = known->second;
      by_charge_[id] = reference;
    }
    if (trouble == Trouble::kLostAnswer) return core::OutcomeUnknown{};
    return known->second;
  }
  core::ChargeOutcome AskCharge(const std::string& reference) {
    std::lock_guard lock(mutex_);
    if (Next() != Trouble::kNone) return core::OutcomeUnknown{};
    return by_reference_.at(reference);
  }
  core::ChargeOutcome FindCharge(const Uuid& charge_id) {
    std::lock_guard lock(mutex_);
    if (Next() != Trouble::kNone) return core::OutcomeUnknown{};
    const auto found = by_charge_.find(charge_id.ToString());
    if (found == by_charge_.end()) return core::NotThere{};
    return by_reference_.at(found->second);
  }
  core::ChargeOutcome CancelCharge(const std::string& reference) {
    std::lock_guard lock(mutex_);
    if (Next() != Trouble::kNone) return core::OutcomeUnknown{};
    core::ChargeOutcome& outcome = by_reference_.at(reference);
    if (std::holds_alternative<core::ActionRequired>(outcome)) {
      outcome = core::Declined{std::string(core::kActionExpired), reference};
      ++canceled_;
    }
    return outcome;
  }
  // The customer answers the challenge.
  void Confirm(const std::string& reference, int64_t amount_minor) {
    std::lock_guard lock(mutex_);
    by_reference_.at(reference) = core::Captured{};
    Settle(by_reference_.at(reference), reference, amount_minor);
  }

  core::RefundOutcome Refund(const RefundOrder& order) override {
    std::lock_guard lock(mutex_);
    const Trouble trouble = Next();
    if (trouble == Trouble::kNotReached) return core::NotSent{};
    if (trouble == Trouble::kLostRequest) return core::OutcomeUnknown{};
    if (refuses_refunds_) return core::Rejected{"charge_already_refunded"};
    const std::string id = order.refund.request.id.ToString();
    if (refunds_.try_emplace(id, "re_" + id).second) refunded_minor_ += order.refund.amount.minor;
    if (trouble == Trouble::kLostAnswer) return core::OutcomeUnknown{};
    return core::GivenBack{refunds_[id]};
  }
  core::RefundOutcome AskRefund(const std::string& reference) override { return core::GivenBack{reference}; }
  core::RefundOutcome FindRefund(const RefundOrder& order) override {
    std::lock_guard lock(mutex_);
    if (Next() != Trouble::kNone) return core::OutcomeUnknown{};
    const auto found = refunds_.find(order.refund.request.id.ToString());
    if (found == refunds_.end()) return core::NotThere{};
    return core::GivenBack{found->second};
  }
  ListingOutcome ListMovements(MovementKind, absl::Time, const std::string&, int) override {
    return GatewayPage{};
  }

 private:
  Trouble Next() {
    if (troubles_.empty()) return Trouble::kNone;
    const Trouble next = troubles_.front();
    troubles_.erase(troubles_.begin());
    return next;
  }
  void Settle(core::ChargeOutcome& outcome, const std::string& reference, int64_t amount_minor) {
    if (auto* captured = std::get_if<core::Captured>(&outcome)) {
      captured->reference = reference;
      ++captures_;
      captured_minor_ += amount_minor;
    }
    if (auto* declined = std::get_if<core::Declined>(&outcome)) declined->reference = reference;
    if (auto* action = std::get_if<core::ActionRequired>(&outcome)) action->reference = reference;
  }

  std::mutex mutex_;
  std::function<void()> on_the_way_;
  std::vector<Trouble> troubles_;
  core::ChargeOutcome bank_ = core::Captured{};
  std::map<std::string, core::ChargeOutcome> keys_;
  std::map<std::string, core::ChargeOutcome> by_reference_;
  std::map<std::string, std::string> by_charge_;
  std::map<std::string, std::string> refunds_;
  RemovalOutcome removal_ = RemovalOutcome::kGone;
  bool refuses_refunds_ = false;
  std::vector<std::string> detached_;
  std::set<std::string> attached_;
  std::vector<std::string> deleted_customers_;
  int captures_ = 0;
  int intents_ = 0;
  int canceled_ = 0;
  int charge_requests_ = 0;
  int64_t captured_minor_ = 0;
  int64_t refunded_minor_ = 0;
};

class CountedMetrics final : public PaymentMetrics {
 public:
  void ChargeEnded(const core::Charge&) override { ++charges_ended; }
  void RefundEnded(const core::Refund&) override { ++refunds_ended; }
  void UnknownCharges(int64_t count) override { unknown = count; }
  void CouldNotAsk(const Uuid&, const absl::Status&) override { ++could_not_ask; }

  std::atomic<int> charges_ended = 0;
  std::atomic<int> refunds_ended = 0;
  std::atomic<int> could_not_ask = 0;
  std::atomic<int64_t> unknown = 0;
};

}  // namespace perennial::payment_token
