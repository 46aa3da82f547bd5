#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/subscription/app/ports.h"
#include "tests/services/subscription/core/builders.h"

// The other services in memory, with books that can be compared, and a killer between any two calls.
namespace perennial::subscription::testing {

// A SIGKILL: it leaves everything that was durable, and nothing else.
struct Killed {};

// Counts the moments at which a process could die; kills at the chosen one, once.
class Killer {
 public:
  int moments = 0;
  int kill_at = 0;  // 1-based; 0: never
  void Moment() {
    if (++moments == kill_at) throw Killed();
  }
};

class FakeAccounts final : public Accounts {
 public:
  std::map<Uuid, AccountProfile> profiles = {{Id("account"), {kParis, false}}};
  absl::Status away;  // given instead of an answer, if not OK
  absl::StatusOr<std::map<Uuid, AccountProfile>> Find(const std::vector<Uuid>&) override {
    RETURN_IF_ERROR(away);
    return profiles;
  }
};

class FakeBilling final : public Billing {
 public:
  explicit FakeBilling(Killer& killer) : killer_(killer) {}
  absl::Status away;      // given instead of an answer, if not OK
  bool is_served = true;  // whether it sells to the customer's country
  int64_t tax_percent = 20;
  int64_t tax_revision = 0;
  int times_asked = 0;
  std::function<void()> before_answer = [] {};
  std::map<Uuid, int64_t> pro_formas;
  std::set<Uuid> cancelled;
  std::map<Uuid, std::string> invoices;
  std::map<Uuid, std::string> credit_notes;
  absl::Time ask_again_at = Utc(2200, 1, 1);

  absl::StatusOr<TaxAnswer> PreviewTax(const Uuid&, const core::Offer& offer) override {
    ++times_asked;
    before_answer();
    if (!is_served) return Precondition("COUNTRY_NOT_SERVED", "");
    ASSIGN_OR_RETURN(const tax::Tax tax, TaxOf(offer));
    return TaxAnswer{{tax.tax_minor, tax.total_minor, {tax.description}},
                     TaxPosition{Position(), tax_revision, ask_again_at}};
  }
  std::vector<absl::StatusOr<int64_t>> CreateProFormas(const OrderBatch& orders) override {
    std::vector<absl::StatusOr<int64_t>> totals;
    for (const core::Order* order : orders) {
      const auto expected = core::AgreedTotal(*order);
      totals.push_back(Step<int64_t>([&]() -> absl::StatusOr<int64_t> {
        const auto it = pro_formas.find(order->id);
        if (it != pro_formas.end() && expected) return it->second;
        if (!is_served) return Precondition("COUNTRY_NOT_SERVED", "");
        ASSIGN_OR_RETURN(const tax::Tax tax, TaxOf(order->offer));
        const int64_t total = tax.total_minor;
        if (expected && *expected != total) return Precondition("PRO_FORMA_CHANGED", "");
        return pro_formas[order->id] = total;
      }));
    }
    return totals;
  }
  absl::Status CancelProForma(const core::Order& order) override {
    return Step<bool>([&]() -> absl::StatusOr<bool> {
             if (!pro_formas.contains(order.id)) return NotFound("PRO_FORMA_NOT_FOUND", "");
             if (invoices.contains(order.id)) return Precondition("INVOICE_ALREADY_ISSUED", "");
             cancelled.insert(order.id);
             return true;
           })
        .status();
  }
  std::vector<absl::StatusOr<std::string>> IssueInvoices(const OrderBatch& orders) override {
    std::vector<absl::StatusOr<std::string>> names;
    for (const core::Order* order : orders) {
      names.push_back(Step<std::string>([&]() -> absl::StatusOr<std::string> {
        if (cancelled.contains(order->id)) return Precondition("PRO_FORMA_CANCELLED", "");
        return invoices[order->id] = "invoices/" + order->id.ToString();
      }));
    }
    return names;
  }
  absl::StatusOr<std::string> CreateCreditNote(const core::Order& order) override {
    return Step<std::string>([&]() -> absl::StatusOr<std::string> {
      return credit_notes[order.id] = "notes/" + order.id.ToString();
    });
  }

 private:
  tax::Position Position() const {
    return {.treatment = tax::Treatment::kStandard,
            .country_code = "FR",
            .rate_ppm = static_cast<int32_t>(tax_percent) * 10'000,
            .country_name_en = "France",
            .country_name_fr = "France"};
  }
  absl::StatusOr<tax::Tax> TaxOf(const core::Offer& offer) const {
    std::vector<Money> nets;
    for (const core::Line& line : offer.lines) nets.push_back({offer.currency, line.net_minor});
    const auto language = offer.language == "fr" ? tax::Language::kFrench : tax::Language::kEnglish;
    return tax::TaxOn(nets, Position(), language);
  }
  template <typename T>
  absl::StatusOr<T> Step(std::function<absl::StatusOr<T>()> effect) {
    killer_.Moment();
    if (!away.ok()) return away;
    absl::StatusOr<T> result = effect();
    killer_.Moment();
    return result;
  }
  Killer& killer_;
};

// A payment service that charges once an id, whatever is sent how often.
class FakePayments final : public Payments {
 public:
  explicit FakePayments(Killer& killer) : killer_(killer) {}
  std::function<core::ChargeAnswer()> answer = [] {
    return core::ChargeAnswer{.state = core::AttemptState::kSucceeded};
  };
  bool answers_lost = false;  // charges, but the answer never comes
  absl::Status away;
  std::map<Uuid, core::ChargeAnswer> charges;
  std::map<Uuid, int64_t> captures;
  std::map<Uuid, int64_t> refunds;  // by charge
  std::vector<Uuid> sent;
  int refunds_to_refuse = 0;
  std::set<std::string> gone;  // payment methods

  std::vector<absl::StatusOr<core::ChargeAnswer>> Charge(const std::vector<PinnedCharge>& pinned) override {
    std::vector<absl::StatusOr<core::ChargeAnswer>> answers;
    for (const PinnedCharge& each : pinned) answers.push_back(Charge(*each.attempt));
    return answers;
  }
  absl::StatusOr<core::ChargeAnswer> Charge(const core::Attempt& attempt) {
    killer_.Moment();
    if (!away.ok()) return away;
    if (gone.contains(attempt.payment_method)) return NotFound("PAYMENT_METHOD_NOT_FOUND", "");
    sent.push_back(attempt.id);
    if (!charges.contains(attempt.id)) {
      charges[attempt.id] = answer();
      if (charges[attempt.id].state == core::AttemptState::kSucceeded)
        captures[attempt.id] += attempt.amount_minor;
    }
    killer_.Moment();
    if (answers_lost) return absl::DeadlineExceededError("no answer");
    return charges[attempt.id];
  }
  absl::StatusOr<core::ChargeAnswer> Ask(const core::Order&, const core::Attempt& attempt) override {
    killer_.Moment();
    if (!away.ok()) return away;
    if (answers_lost) return absl::DeadlineExceededError("no answer");
    if (!charges.contains(attempt.id)) return NotFound("CHARGE_NOT_FOUND", "");
    return charges[attempt.id];
  }
  absl::StatusOr<core::ChargeAnswer> Cancel(const core::Order&, const core::Attempt& attempt) override {
    killer_.Moment();
    if (!away.ok()) return away;
    core::ChargeAnswer& charge = charges[attempt.id];
    if (charge.state != core::AttemptState::kSucceeded)
      charge = {.state = core::AttemptState::kDeclined, .decline_code = "canceled"};
    killer_.Moment();
    return charge;
  }
  // The customer meets the challenge: taken, unless the charge was given up.
  void Confirm(const core::Attempt& attempt) {
    core::ChargeAnswer& charge = charges.at(attempt.id);
    if (charge.state != core::AttemptState::kRequiresAction) return;
    charge.state = core::AttemptState::kSucceeded;
    captures[attempt.id] += attempt.amount_minor;
  }
  absl::StatusOr<Refund> GiveBack(const core::Order& order) override {
    killer_.Moment();
    if (refunds_to_refuse > 0) {
      --refunds_to_refuse;
      return Refund{Refund::State::kFailed, "refused/" + std::to_string(refunds_to_refuse) + order.refund};
    }
    refunds[*order.charge_id] = captures.at(*order.charge_id);
    killer_.Moment();
    return Refund{Refund::State::kSucceeded, "refund"};
  }
  absl::StatusOr<std::string> DefaultMethod(const Uuid&) override { return "method"; }

 private:
  Killer& killer_;
};

class FakeDelivery final : public Delivery {
 public:
  explicit FakeDelivery(Killer& killer) : killer_(killer) {}
  core::DeliveryAnswer answer{.state = core::DeliveryAnswer::State::kDone};
  std::set<Uuid> delivered;

  absl::StatusOr<core::DeliveryAnswer> Deliver(const core::Product&, const core::Order& order) override {
    killer_.Moment();
    if (answer.state == core::DeliveryAnswer::State::kDone) delivered.insert(order.id);
    killer_.Moment();
    return answer;
  }
  absl::StatusOr<Availability> CheckDomain(const std::string& name) override {
    return Availability{Availability::State::kAvailable, name, name, ""};
  }
  absl::StatusOr<Availability> CheckMailbox(const Uuid&, const Uuid&,
                                            const std::string& local_part) override {
    return Availability{Availability::State::kAvailable, "", "", local_part + "@example.com"};
  }

 private:
  Killer& killer_;
};

}  // namespace perennial::subscription::testing
