#include <catch2/catch.hpp>
#include <thread>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "tests/services/payment_token/world.h"

namespace perennial::payment_token {
namespace {

struct Fixture : FakeGateway, World {
  Fixture() : World(static_cast<FakeGateway&>(*this)) {}
};

std::vector<Uuid> IdsOf(const std::vector<core::PaymentMethod>& methods) {
  std::vector<Uuid> ids;
  for (const auto& method : methods) ids.push_back(method.id);
  return ids;
}

TEST_CASE_METHOD(Fixture, "a card is kept as a sealed token, and its number nowhere (R21)") {
  const core::PaymentMethod method = AddCard("4242424242424242");
  CHECK(method.card.last_four == "4242");
  CHECK(Count("SELECT count(*) AS n FROM payment_methods WHERE last_four = '4242'") == 1);
  // Not as text, and not in any bytes of any table.
  for (const char* secret : {"4242424242424242", "pm_", "cus_", "fp_4242"}) {
    INFO(secret);
    const auto rows = postgres.database().Query(
        "SELECT (SELECT count(*) FROM payment_methods t WHERE position($1::bytea IN token) > 0 OR t::text "
        "LIKE $2) + "
        "(SELECT count(*) FROM gateway_accounts t WHERE position($1::bytea IN customer) > 0 OR t::text LIKE "
        "$2) + "
        "(SELECT count(*) FROM outbox t WHERE t::text LIKE $2) AS n",
        pg::Bytes{secret}, absl::StrCat("%", secret, "%"));
    REQUIRE_OK(rows);
    CHECK((*rows)[0].Get<int64_t>("n") == 0);
  }
}

TEST_CASE_METHOD(Fixture, "a token moved to another row does not open") {
  const auto a = AddCard("4242424242424242");
  const auto b = AddCard("5555555555554444");
  REQUIRE_OK(postgres.database().Query(
      "UPDATE payment_methods SET token = (SELECT token FROM payment_methods WHERE payment_method_id = $2) "
      "WHERE payment_method_id = $1",
      a.id, b.id));
  core::ChargeRequest request = Request();
  request.payment_method_id = a.id;
  CHECK(TryTake(request).status().code() == absl::StatusCode::kInternal);
  CHECK(charge_requests() == 0);
}

TEST_CASE_METHOD(Fixture, "adding a method tells the others so") {
  const auto method = AddCard();
  const auto rows = postgres.database().Query("SELECT type, subject, account_id FROM outbox");
  REQUIRE_OK(rows);
  REQUIRE(rows->size() == 1);
  CHECK((*rows)[0].Get<std::string>("type") == "payment_method.created");
  CHECK((*rows)[0].Get<std::string>("subject") ==
        absl::StrCat("accounts/", account.ToString(), "/paymentMethods/", method.id.ToString()));
}

TEST_CASE_METHOD(Fixture, "what the gateway and the bank refuse is told by reason") {
  const auto store = [&](absl::string_view number) {
    return methods.Tokenise(Customer(), account, CardOf(number), ids.Next()).status();
  };
  CHECK_REFUSED(store("4000000000009979"), "CARD_DECLINED");
  CHECK(MetadataOf(store("4000000000009979"))[0].second == "generic_decline");
  CHECK_REFUSED(store("4000000000000127"), "CARD_INVALID");
  CHECK_REFUSED(store("4242424242424241"), "REQUEST_INVALID");
  Plan({Trouble::kLostAnswer});
  CHECK_REFUSED(store("4242424242424242"), "GATEWAY_UNAVAILABLE");
  CHECK(Count("SELECT count(*) AS n FROM payment_methods") == 0);
}

TEST_CASE_METHOD(Fixture, "after ten refused cards in an hour no more are tried; good ones do not count") {
  const auto store = [&](absl::string_view number, const Uuid& request_id) {
    clock.Advance(absl::Seconds(1));
    return methods.Tokenise(Customer(), account, CardOf(number), request_id).status();
  };
  constexpr absl::string_view kStolen = "4000000000009979";
  for (int i = 0; i < 12; ++i) REQUIRE_OK(store("4242424242424242", ids.Next()));
  Plan(std::vector<Trouble>(3, Trouble::kLostAnswer));
  for (int i = 0; i < 3; ++i) CHECK_REFUSED(store(kStolen, ids.Next()), "GATEWAY_UNAVAILABLE");
  // A repeat of a request counts once, and takes nothing back when it finds the gateway away.
  const Uuid first = ids.Next();
  CHECK_REFUSED(store(kStolen, first), "CARD_DECLINED");
  CHECK_REFUSED(store(kStolen, first), "CARD_DECLINED");
  Plan({Trouble::kLostAnswer});
  CHECK_REFUSED(store(kStolen, first), "GATEWAY_UNAVAILABLE");
  for (int i = 0; i < 8; ++i) CHECK_REFUSED(store(kStolen, ids.Next()), "CARD_DECLINED");
  CHECK_REFUSED(store("4000000000000127", ids.Next()), "CARD_INVALID");
  CHECK_REFUSED(store("4242424242424242", ids.Next()), "CARDS_THROTTLED");
  CHECK(MetadataOf(store("4242424242424242", ids.Next()))[0].first == kRetryDelaySeconds);
  clock.Advance(absl::Minutes(60) - absl::Seconds(10));
  REQUIRE_OK(store("4242424242424242", ids.Next()));
  account = ids.Next();
  REQUIRE_OK(store("4242424242424242", ids.Next()));
}

TEST_CASE_METHOD(Fixture, "refused cards tried at the same time are counted all the same") {
  REQUIRE_OK(methods.Tokenise(Customer(), account, CardOf(), ids.Next()));
  std::vector<Uuid> requests;
  for (int i = 0; i < 16; ++i) requests.push_back(ids.Next());
  std::atomic<int> throttled = 0;
  InParallel(16, [&](int i) {
    const auto status =
        methods.Tokenise(Customer(), account, CardOf("4000000000009979"), requests[i]).status();
    if (ReasonOf(status) == "CARDS_THROTTLED") ++throttled;
  });
  CHECK(throttled == 6);
}

TEST_CASE_METHOD(Fixture,
                 "killed between the gateway and the commit, a card does not stay at the gateway (R22)") {
  const Uuid request_id = ids.Next();
  const auto killed = methods.Tokenise(Customer(), account, CardOf(), request_id);
  REQUIRE_OK(killed);
  CHECK(attached() == 1);
  CHECK(methods.List(Customer(), account, std::nullopt, 10)->empty());
  CHECK_REFUSED(methods.Get(Customer(), account, killed->id), "PAYMENT_METHOD_NOT_FOUND");
  clock.Advance(absl::Minutes(14));
  CHECK(*methods.DetachDue() == 0);
  clock.Advance(absl::Minutes(1));
  CHECK(*methods.DetachDue() == 1);
  CHECK(attached() == 0);
  CHECK(Count("SELECT count(*) AS n FROM payment_methods") == 0);
  // The repeat is another token, which stays.
  const auto repeated = methods.Tokenise(Customer(), account, CardOf(), request_id);
  REQUIRE_OK(repeated);
  REQUIRE_OK(methods.Add(Customer(), account, *repeated));
  RunJobs();
  CHECK(attached() == 1);
  CHECK(methods.Default(account)->id == repeated->id);
  CHECK(Count("SELECT count(*) AS n FROM outbox WHERE type = 'payment_method.created'") == 1);
}

TEST_CASE_METHOD(Fixture,
                 "a card whose answer was lost does not stay at the gateway either, nor one it refused") {
  REQUIRE_OK(methods.Tokenise(Customer(), account, CardOf(), ids.Next()));
  Plan({Trouble::kNone, Trouble::kLostAnswer});
  CHECK_REFUSED(methods.Tokenise(Customer(), account, CardOf("5555555555554444"), ids.Next()),
                "GATEWAY_UNAVAILABLE");
  CHECK(attached() == 2);
  CHECK_REFUSED(methods.Tokenise(Customer(), account, CardOf("4000000000009979"), ids.Next()),
                "CARD_DECLINED");
  CHECK(Count("SELECT count(*) AS n FROM payment_methods") == 2);
  RunJobs();
  CHECK(attached() == 0);
  CHECK(Count("SELECT count(*) AS n FROM payment_methods") == 0);
}

TEST_CASE_METHOD(Fixture, "the clock is not moved while a card is on its way to the gateway (R22, R36)") {
  std::thread other;
  absl::Notification detached;
  OnTheWay([&] {
    // It is not there yet. Who takes it off again now finds nothing, and it stays for good.
    other = std::thread([&] {
      MoveClock(absl::Hours(1));
      if (!methods.DetachDue().ok()) std::abort();
      detached.Notify();
    });
    detached.WaitForNotificationWithTimeout(absl::Milliseconds(500));
  });
  const auto held = methods.Tokenise(Customer(), account, CardOf(), ids.Next());
  other.join();
  REQUIRE_OK(held);
  CHECK(methods.Add(Customer(), account, *held).ok() == (attached() == 1));
}

TEST_CASE_METHOD(Fixture, "what the job has begun to take off the gateway is not added any more") {
  const auto held = methods.Tokenise(Customer(), account, CardOf(), ids.Next());
  REQUIRE_OK(held);
  clock.Advance(absl::Minutes(15));
  REQUIRE(method_store.ClaimDetachments(clock.Now(), clock.Now() + absl::Minutes(2), 10)->size() == 1);
  CHECK_REFUSED(methods.Add(Customer(), account, *held), "GATEWAY_UNAVAILABLE");
  REQUIRE_OK(method_store.TryDetachAgain(held->id, clock.Now() + absl::Minutes(1)));
  CHECK_REFUSED(methods.Add(Customer(), account, *held), "GATEWAY_UNAVAILABLE");
  RunJobs();
  CHECK(attached() == 0);
}

TEST_CASE_METHOD(Fixture, "pages are newest first and complete") {
  std::vector<Uuid> added;
  for (const char* number : {"4242424242424242", "5555555555554444", "378282246310005"})
    added.insert(added.begin(), AddCard(number).id);
  const auto first = methods.List(Customer(), account, std::nullopt, 2);
  REQUIRE_OK(first);
  const auto& last = first->back();
  const auto second = methods.List(Customer(), account, PagePosition{last.created_at, last.id}, 2);
  REQUIRE_OK(second);
  std::vector<Uuid> listed = IdsOf(*first);
  for (const Uuid& id : IdsOf(*second)) listed.push_back(id);
  CHECK(listed == added);
}

TEST_CASE_METHOD(Fixture, "customers see only their own (R33)") {
  const auto method = AddCard();
  const Caller stranger{Caller::Kind::kCustomer, ids.Next(), Uuid(), ""};
  CHECK_REFUSED(methods.Get(stranger, account, method.id), "PAYMENT_METHOD_NOT_FOUND");
  CHECK_REFUSED(methods.Get(stranger, stranger.account_id, method.id), "PAYMENT_METHOD_NOT_FOUND");
  CHECK_REFUSED(methods.Remove(stranger, stranger.account_id, method.id), "PAYMENT_METHOD_NOT_FOUND");
  CHECK_REFUSED(methods.List(stranger, account, std::nullopt, 10), "ACCOUNT_NOT_FOUND");
  CHECK_REFUSED(methods.Tokenise(stranger, account, CardOf(), ids.Next()), "ACCOUNT_NOT_FOUND");
  core::ChargeRequest request = Request();
  request.account_id = stranger.account_id;
  request.payment_method_id = method.id;
  CHECK_REFUSED(Open(request), "PAYMENT_METHOD_NOT_FOUND");
}

TEST_CASE_METHOD(Fixture,
                 "the default follows the last successful charge, then the newest that is held (R16)") {
  CHECK_REFUSED(methods.Default(account), "PAYMENT_METHOD_MISSING");
  const auto a = AddCard("4242424242424242");
  const auto b = AddCard("5555555555554444");
  CHECK(methods.Default(account)->id == b.id);
  core::ChargeRequest with_a = Request();
  with_a.payment_method_id = a.id;
  CHECK(Take(with_a).state == core::ChargeState::kSucceeded);
  CHECK(methods.Default(account)->id == a.id);
  CHECK(methods.Default(account)->last_used_at.has_value());
  // A declined charge uses nothing.
  Answer(core::Declined{"insufficient_funds", ""});
  core::ChargeRequest with_b = Request();
  with_b.payment_method_id = b.id;
  CHECK(Take(with_b).state == core::ChargeState::kDeclined);
  CHECK(methods.Default(account)->id == a.id);
  const auto c = AddCard("378282246310005");
  CHECK(methods.Default(account)->id == a.id);
  REQUIRE_OK(methods.Remove(Customer(), account, a.id));
  CHECK(methods.Default(account)->id == c.id);
  REQUIRE_OK(methods.Remove(Customer(), account, c.id));
  CHECK(methods.Default(account)->id == b.id);
  REQUIRE_OK(methods.Remove(Customer(), account, b.id));
  CHECK_REFUSED(methods.Default(account), "PAYMENT_METHOD_MISSING");
  CHECK(Take(Request()).state == core::ChargeState::kNoPaymentMethod);
}

TEST_CASE_METHOD(Fixture, "a card entered again replaces its older entry, and stays the one last used") {
  const auto old = AddCard("4242424242424242");
  CHECK(Take(Request()).state == core::ChargeState::kSucceeded);
  const auto other = AddCard("5555555555554444");
  const auto again = AddCard("4242424242424242");
  CHECK(again.id != old.id);
  CHECK(IdsOf(*methods.List(Customer(), account, std::nullopt, 10)) == std::vector<Uuid>{again.id, other.id});
  CHECK(methods.Default(account)->id == again.id);
  CHECK(again.last_used_at.has_value());
  RunJobs();
  CHECK(detached().size() == 1);
  CHECK(Count("SELECT count(*) AS n FROM outbox WHERE type = 'payment_method.deleted'") == 1);
}

TEST_CASE_METHOD(Fixture, "the same card has one fingerprint in all accounts, which is not the gateway's") {
  const auto mine = AddCard();
  account = ids.Next();
  const auto theirs = AddCard();
  CHECK(mine.card.fingerprint == theirs.card.fingerprint);
  CHECK(mine.card.fingerprint != AddCard("5555555555554444").card.fingerprint);
  CHECK_FALSE(absl::StrContains(mine.card.fingerprint, "fp_"));
  CHECK(Vault(std::string(32, 'x')).Fingerprint("fp_4242424242424242") != mine.card.fingerprint);
}

TEST_CASE_METHOD(Fixture,
                 "a deleted method is gone at once here, and at the gateway as soon as it answers (R22)") {
  const auto method = AddCard();
  set_removal(RemovalOutcome::kTryAgain);
  REQUIRE_OK(methods.Remove(Customer(), account, method.id));
  CHECK_REFUSED(methods.Get(Customer(), account, method.id), "PAYMENT_METHOD_NOT_FOUND");
  CHECK_REFUSED(methods.Remove(Customer(), account, method.id), "PAYMENT_METHOD_NOT_FOUND");
  CHECK(*methods.DetachDue() == 1);
  CHECK(*methods.DetachDue() == 0);  // rests until its pause is over
  CHECK(Count("SELECT count(*) AS n FROM payment_methods") == 1);
  set_removal(RemovalOutcome::kGone);
  clock.Advance(absl::Minutes(1));
  CHECK(*methods.DetachDue() == 1);
  CHECK(detached().size() == 1);
  CHECK(Count("SELECT count(*) AS n FROM payment_methods") == 0);
  core::ChargeRequest request = Request();
  request.payment_method_id = method.id;
  CHECK_REFUSED(Open(request), "PAYMENT_METHOD_REMOVED");
}

TEST_CASE_METHOD(Fixture, "what does not open holds up no other removal (R22, R7)") {
  const auto a = AddCard("4242424242424242");
  const auto b = AddCard("5555555555554444");
  REQUIRE_OK(methods.Remove(Customer(), account, a.id));
  REQUIRE_OK(methods.Remove(Customer(), account, b.id));
  REQUIRE_OK(postgres.database().Query(
      "UPDATE payment_methods SET token = 'unreadable' WHERE payment_method_id = $1", a.id));
  CHECK(*methods.DetachDue() == 1);
  CHECK(*methods.DetachDue() == 0);
  CHECK(detached().size() == 1);
  CHECK(Count("SELECT count(*) AS n FROM payment_methods WHERE lease_until IS NULL") == 1);
  std::vector<Uuid> accounts;
  for (int i = 0; i < 2; ++i) {
    account = ids.Next();
    REQUIRE_OK(methods.Remove(Customer(), account, AddCard().id));
    CHECK(*methods.DetachDue() == 1);
    accounts.push_back(account);
  }
  for (const Uuid& id : accounts) REQUIRE_OK(methods.DeleteAccount(id));
  REQUIRE_OK(postgres.database().Query(
      "UPDATE gateway_accounts SET customer = 'unreadable' WHERE account_id = $1", account));
  CHECK(*methods.DetachDue() == 1);
  CHECK(*methods.DetachDue() == 0);
  CHECK(deleted_customers().size() == 1);
}

TEST_CASE_METHOD(Fixture, "a token stays at the gateway while a charge with it is open (R22, R23)") {
  const auto method = AddCard();
  const core::ChargeRequest request = Request();
  Plan({Trouble::kLostAnswer, Trouble::kLostRequest});
  CHECK(Take(request).state == core::ChargeState::kUnknown);
  REQUIRE_OK(methods.Remove(Customer(), account, method.id));
  CHECK(methods.List(Customer(), account, std::nullopt, 10)->empty());
  CHECK(*methods.DetachDue() == 0);
  clock.Advance(absl::Seconds(30));
  CHECK(*charges.AskDue() == 1);
  CHECK(*methods.DetachDue() == 0);
  clock.Advance(absl::Seconds(30));
  CHECK(*charges.AskDue() == 1);
  CHECK(Get(request).state == core::ChargeState::kSucceeded);
  CHECK(captures() == 1);
  CHECK(*methods.DetachDue() == 1);
}

TEST_CASE_METHOD(Fixture, "a charge recorded but not sent is not made once its method is deleted (R22)") {
  const auto method = AddCard();
  const core::ChargeRequest request = Request();
  Plan({Trouble::kNotReached});
  Take(request);
  REQUIRE_OK(methods.Remove(Customer(), account, method.id));
  clock.Advance(absl::Seconds(5));
  const core::Charge charge = Get(request);
  CHECK(charge.state == core::ChargeState::kDeclined);
  CHECK(charge.decline_code == core::kMethodRemoved);
  CHECK(charge_requests() == 1);
  CHECK(captures() == 0);
  CHECK(metrics.charges_ended == 1);
}

TEST_CASE_METHOD(Fixture, "a challenge is taken back when its method is deleted") {
  const auto method = AddCard();
  Answer(core::ActionRequired{"https://bank", ""});
  const core::ChargeRequest request = Request();
  CHECK(Take(request).state == core::ChargeState::kRequiresAction);
  REQUIRE_OK(methods.Remove(Customer(), account, method.id));
  CHECK(*charges.AskDue() == 1);
  CHECK(canceled() == 1);
  CHECK(Get(request).decline_code == core::kActionExpired);
  CHECK(*methods.DetachDue() == 1);
}

TEST_CASE_METHOD(Fixture, "with its account everything goes but the bare books (R7)") {
  AddCard("4242424242424242");
  AddCard("5555555555554444");
  const core::ChargeRequest request = Request();
  CHECK(Take(request).state == core::ChargeState::kSucceeded);
  REQUIRE_OK(methods.DeleteAccount(account));
  REQUIRE_OK(methods.DeleteAccount(account));
  RunJobs();
  CHECK(detached().size() == 2);
  CHECK(deleted_customers().size() == 1);
  CHECK(Count("SELECT count(*) AS n FROM payment_methods") == 0);
  CHECK(Count("SELECT count(*) AS n FROM removed_payment_methods") == 0);
  CHECK(Count("SELECT count(*) AS n FROM gateway_accounts") == 0);
  CHECK(Count("SELECT count(*) AS n FROM charges WHERE description <> '' OR payment_description <> ''") == 0);
  const auto books = charges.Books(std::nullopt, std::nullopt, 10);
  REQUIRE_OK(books);
  REQUIRE(books->size() == 1);
  CHECK((*books)[0].charge.request.amount == Money{"EUR", 1999});
  CHECK((*books)[0].charge.request.order_id == request.order_id);
  for (const char* table : {"payment_methods", "gateway_accounts", "deleted_accounts",
                            "removed_payment_methods", "charges", "refunds", "card_tries"}) {
    INFO(table);
    CHECK(Count(absl::StrCat("SELECT count(*) AS n FROM ", table, " t WHERE t::text LIKE '%",
                             account.ToString(), "%'")) == 0);
  }
  // A refund that is owed is still given, and asked for twice is given once.
  const core::RefundRequest refund = RefundOf(request);
  for (int i = 0; i < 2; ++i) {
    REQUIRE_OK(charges.OpenRefund(refund));
    CHECK(charges.DriveRefund(refund.id)->state == core::RefundState::kSucceeded);
  }
  CHECK(refunded_minor() == 1999);
  CHECK(Get(request).state == core::ChargeState::kSucceeded);
  // Nothing is stored for it any more, whoever still holds an access token.
  CHECK_REFUSED(methods.Tokenise(Customer(), account, CardOf(), ids.Next()), "ACCOUNT_DELETED");
  CHECK_REFUSED(methods.Add(Customer(), account, {ids.Next(), clock.Now()}), "ACCOUNT_DELETED");
  CHECK(*methods.DetachDue() == 0);
  CHECK(Open(Request())->state == core::ChargeState::kNoPaymentMethod);
  CHECK(Open(request)->state == core::ChargeState::kSucceeded);
  CHECK(Count("SELECT count(*) AS n FROM charges") == 1);
}

TEST_CASE_METHOD(Fixture,
                 "a customer made at the gateway while its account was deleted is deleted as well (R7)") {
  REQUIRE_OK(methods.DeleteAccount(account));
  CHECK(*methods.DetachDue() == 1);
  const auto kept = method_store.KeepCustomer(account, "cus_late");
  REQUIRE_OK(kept);
  CHECK(kept->is_deleted);
  CHECK(*methods.DetachDue() == 1);
  CHECK(deleted_customers() == std::vector<std::string>{"cus_late"});
}

TEST_CASE_METHOD(Fixture, "the gateway's part of a deletion waits for open charges, and needs it no hurry") {
  AddCard();
  const core::ChargeRequest request = Request();
  Plan({Trouble::kLostAnswer});
  CHECK(Take(request).state == core::ChargeState::kUnknown);
  REQUIRE_OK(methods.DeleteAccount(account));
  CHECK(*methods.DetachDue() == 0);
  RunJobs();
  CHECK(Get(request).state == core::ChargeState::kSucceeded);
  CHECK(captures() == 1);
  CHECK(deleted_customers().size() == 1);
}

}  // namespace
}  // namespace perennial::payment_token
