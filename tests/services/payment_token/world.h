#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "absl/strings/str_format.h"
#include "libs/base/caller.h"
#include "libs/base/status_macros.h"
#include "libs/base/steady_time.h"
#include "services/payment_token/app/charges.h"
#include "services/payment_token/app/payment_methods.h"
#include "services/payment_token/storage/postgres_charge_store.h"
#include "services/payment_token/storage/postgres_payment_method_store.h"
#include "tests/services/payment_token/fake_gateway.h"
#include "tests/support/fakes.h"
#include "tests/support/postgres_fixture.h"
#include "tests/support/status_matchers.h"

namespace perennial::payment_token {

inline void InParallel(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

inline core::CardEntry CardOf(absl::string_view number = "4242 4242 4242 4242") {
  return {core::SecretText(number), 12, 2034, core::SecretText("987"), "Ada Lovelace"};
}

// Of a card that only customer `i` has: what is counted by card is counted over all accounts.
inline std::string OwnNumber(int i) {
  std::string number = absl::StrFormat("42424242%07d0", i);
  while (!core::PassesLuhn(number)) ++number.back();
  return number;
}

// The service without its transport: real tables, and a gateway of the test's choice.
struct World {
  explicit World(PaymentGateway& with) : gateway(with) {}

  PaymentGateway& gateway;
  testing::PostgresFixture postgres{"payment_token", 16};
  testing::FakeClock clock;
  TimedIdSource ids;
  CountedMetrics metrics;
  Vault vault{std::string(32, 'k')};
  PostgresPaymentMethodStore method_store{postgres.database(), postgres.outbox(), vault};
  PostgresChargeStore charge_store{postgres.database(), vault};
  PaymentMethods methods{method_store, gateway, clock, ids};
  Charges charges{charge_store, method_store, gateway, metrics, clock};
  Uuid account = ids.Next();
  std::atomic<int> transactions = 0;  // begun by TakeAll

  // As a test clock does it.
  void MoveClock(absl::Duration by) {
    const MovingTime moving;
    clock.Advance(by);
  }
  Caller Customer() const { return {Caller::Kind::kCustomer, account, Uuid(), ""}; }

  // Each a second after the one before, so that there is a newest.
  core::PaymentMethod AddCard(absl::string_view number = "4242424242424242") {
    clock.Advance(absl::Seconds(1));
    const auto card = methods.Tokenise(Customer(), account, CardOf(number), ids.Next());
    REQUIRE_OK(card);
    const auto method = methods.Add(Customer(), account, *card);
    REQUIRE_OK(method);
    return *method;
  }

  core::ChargeRequest Request(int64_t minor = 1999) {
    return {ids.Next(), account, ids.Next(), std::nullopt, {"EUR", minor}, true, "Gold for 12 months"};
  }

  // As CreateCharge's commit does it, a batch of one; its process ends there.
  absl::StatusOr<core::Charge> Open(const core::ChargeRequest& request) {
    absl::StatusOr<Charges::Opened> opened = charges.Open({request});
    if (!opened.ok()) return opened.status();
    return opened->results[0];
  }
  absl::StatusOr<core::Charge> Drive(const Uuid& of, const Uuid& charge_id) {
    absl::StatusOr<Charges::Results> results = charges.Drive({{of, charge_id}});
    if (!results.ok()) return results.status();
    return (*results)[0];
  }
  // As the RPC does it: commit, then finish.
  absl::StatusOr<core::Charge> TryTake(const core::ChargeRequest& request) {
    absl::StatusOr<Charges::Opened> opened = charges.Open({request});
    if (!opened.ok()) return opened.status();
    if (!opened->results[0].ok()) return opened->results[0];
    const auto driven = charges.Drive({{request.account_id, request.id}}, std::move(opened->claimed));
    if (!driven.ok()) return driven.status();
    return (*driven)[0];
  }
  core::Charge Take(const core::ChargeRequest& request) {
    const auto charge = TryTake(request);
    REQUIRE_OK(charge);
    return *charge;
  }
  core::Charge Get(const core::ChargeRequest& request) {
    const auto charge = Drive(request.account_id, request.id);
    REQUIRE_OK(charge);
    return *charge;
  }
  // One of a deleted account is not even stored.
  static bool IsOpen(const absl::StatusOr<core::Charge>& opened) {
    return opened.ok() && opened->state != core::ChargeState::kNoPaymentMethod;
  }
  // Many together, in one transaction, as BatchCreateCharges' commit; then its finish.
  Charges::Results TakeAll(const std::vector<core::ChargeRequest>& requests) {
    absl::StatusOr<Charges::Results> results = TryTakeAll(requests);
    REQUIRE_OK(results);
    return *std::move(results);
  }
  // The same beside other threads: Catch's assertions are for one at a time.
  absl::StatusOr<Charges::Results> TryTakeAll(const std::vector<core::ChargeRequest>& requests) {
    Charges::Opened opened;
    RETURN_IF_ERROR(postgres.database().Transact([&]() -> absl::Status {
      ++transactions;
      auto results = charges.Open(requests);
      if (results.ok()) opened = *std::move(results);
      return results.status();
    }));
    std::vector<ChildName> names;
    for (size_t i = 0; i < requests.size(); ++i) {
      if (IsOpen(opened.results[i])) names.push_back({requests[i].account_id, requests[i].id});
    }
    ASSIGN_OR_RETURN(const Charges::Results driven, charges.Drive(names, std::move(opened.claimed)));
    auto next = driven.begin();
    for (absl::StatusOr<core::Charge>& result : opened.results) {
      if (IsOpen(result)) result = *next++;
    }
    return opened.results;
  }
  // As a process that is about to ask the gateway, and may die there.
  std::optional<ChargeOrder> Claim(const core::ChargeRequest& request, absl::Time now) {
    const auto claimed =
        charge_store.Claim({request.id}, now, now + absl::Seconds(20), [&](const core::Charge& charge, bool) {
          return ChargeStore::Step{core::BeforeAsking(charge, now), core::NextStep::kSend};
        });
    REQUIRE_OK(claimed);
    return claimed->orders.empty() ? std::nullopt : std::optional(claimed->orders[0]);
  }
  // As CancelCharge does it.
  core::Charge Cancel(const core::ChargeRequest& request) {
    REQUIRE_OK(charges.GiveUp(request.account_id, request.id));
    return Get(request);
  }
  core::RefundRequest RefundOf(const core::ChargeRequest& request,
                               std::optional<Money> amount = std::nullopt) {
    return {ids.Next(), request.account_id, request.id, std::move(amount)};
  }

  // Moves the clock past each pause until the jobs find nothing to do.
  void RunJobs() {
    for (int i = 0; i < 50; ++i) {
      clock.Advance(absl::Minutes(2));
      const auto asked = charges.AskDue();
      const auto detached = methods.DetachDue();
      REQUIRE_OK(asked);
      REQUIRE_OK(detached);
    }
  }

  int64_t Count(absl::string_view sql) {
    const auto rows = postgres.database().Query(sql);
    REQUIRE_OK(rows);
    return (*rows)[0].Get<int64_t>("n");
  }
};

}  // namespace perennial::payment_token
