#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/subscription/app/deletions.h"
#include "services/subscription/app/orders.h"
#include "services/subscription/app/quotes.h"
#include "services/subscription/app/renewals.h"
#include "tests/services/subscription/app/fake_peers.h"
#include "tests/services/subscription/core/builders.h"
#include "tests/support/fakes.h"

// The stores in memory, and the whole service on them.
namespace perennial::subscription::testing {

// The rules of PostgresProductStore in memory: an update is all or nothing, versions and leases alike.
class FakeProductStore final : public ProductStore {
 public:
  explicit FakeProductStore(Killer& killer) : killer_(killer) {}
  std::map<Uuid, core::Aggregate> rows;
  std::map<Uuid, core::Order> over;
  std::vector<Event> told;
  std::set<Uuid> deleted_accounts;
  std::set<Uuid> broken;  // products that nothing can be done with
  std::map<Uuid, absl::Time> postponed;

  absl::Status Create(const core::Aggregate& aggregate) override {
    for (const auto& [id, row] : rows) {
      const bool same_site = row.product.site_id == aggregate.product.site_id && row.product.site_id;
      if (same_site && row.product.state != core::ProductState::kEnded)
        return Precondition("PLAN_ALREADY_ACTIVE", "");
    }
    core::Aggregate& row = rows[aggregate.product.id] = aggregate;
    row.product.version = 1;
    for (core::Order& order : row.orders) order.version = 1;
    return absl::OkStatus();
  }

  absl::StatusOr<core::Aggregate> Update(const Uuid& product_id, Decide decide) override {
    const auto it = rows.find(product_id);
    if (it == rows.end()) return NotFound("PRODUCT_NOT_FOUND", "");
    ASSIGN_OR_RETURN(auto results,
                     UpdateAll({&it->second}, [&](size_t, core::Aggregate& each) { return decide(each); }));
    return results.front();
  }

  absl::StatusOr<std::vector<absl::StatusOr<core::Aggregate>>> UpdateAll(
      const std::vector<const core::Aggregate*>& read, DecideEach decide) override {
    killer_.Moment();
    std::vector<absl::StatusOr<core::Aggregate>> results;
    for (size_t i = 0; i < read.size(); ++i) {
      const auto it = rows.find(read[i]->product.id);
      if (broken.contains(read[i]->product.id)) return absl::InternalError("broken");
      results.push_back(it == rows.end() ? NotFound("PRODUCT_NOT_FOUND", "")
                                         : Decided(it->second, i, decide));
    }
    for (auto& result : results) {
      if (result.ok()) Keep(*result);
    }
    killer_.Moment();
    return results;
  }

  absl::StatusOr<core::Aggregate> Load(const Uuid& product_id) override {
    const auto it = rows.find(product_id);
    if (it == rows.end()) return NotFound("PRODUCT_NOT_FOUND", "");
    if (broken.contains(product_id)) return NotFound("TLD_NOT_OFFERED", "broken");
    return it->second;
  }
  absl::StatusOr<std::vector<core::Aggregate>> LoadAll(const std::vector<Uuid>& product_ids) override {
    std::vector<core::Aggregate> loaded;
    for (const Uuid& id : product_ids) {
      ASSIGN_OR_RETURN(loaded.emplace_back(), Load(id));
    }
    return loaded;
  }
  absl::StatusOr<std::vector<core::Aggregate>> List(const Uuid&, const ProductFilter&, const std::string&,
                                                    int) override {
    return std::vector<core::Aggregate>();
  }
  absl::StatusOr<std::vector<TermRow>> Terms(std::optional<Uuid>, const std::string&, int) override {
    return std::vector<TermRow>();
  }
  absl::StatusOr<std::optional<core::Order>> FindOrder(const Uuid&, const Uuid& order_id) override {
    if (const auto it = over.find(order_id); it != over.end()) return it->second;
    for (auto& [id, row] : rows) {
      if (const core::Order* order = row.FindOrder(order_id)) return *order;
    }
    return std::nullopt;
  }
  absl::StatusOr<std::vector<core::Order>> Orders(const OrderPage&) override {
    return std::vector<core::Order>();
  }

  absl::StatusOr<std::vector<Claim>> ClaimDue(absl::Time now, absl::Time lease_until, int) override {
    return ClaimIf(now, lease_until, [&](const core::Order& order) { return *order.next_at <= now; });
  }
  absl::StatusOr<std::optional<Claim>> ClaimOrder(const Uuid& order_id, absl::Time now,
                                                  absl::Time lease_until) override {
    const auto claims =
        ClaimIf(now, lease_until, [&](const core::Order& order) { return order.id == order_id; });
    if (claims.empty()) return std::nullopt;
    return claims.front();
  }

  absl::Status Postpone(const Uuid& product_id, absl::Time until) override {
    postponed[product_id] = until;
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Due>> RenewalsDue(absl::Time now, int) override {
    return DueIf(now, [&](const core::Product& p) { return p.renew_at && *p.renew_at <= now; });
  }
  absl::StatusOr<std::vector<Due>> NoticesDue(absl::Time now, int) override {
    return DueIf(now, [&](const core::Product& p) { return p.notice_at && *p.notice_at <= now; });
  }
  absl::StatusOr<std::vector<Due>> ExpiriesDue(absl::Time now, int) override {
    return DueIf(now, [&](const core::Product& p) {
      return p.state == core::ProductState::kActive && p.expires_at && *p.expires_at <= now;
    });
  }
  absl::StatusOr<std::vector<Due>> EndsDue(absl::Time now, int) override {
    return DueIf(now, [&](const core::Product& p) {
      return p.state == core::ProductState::kExpired && p.ends_at && *p.ends_at <= now;
    });
  }
  absl::StatusOr<std::vector<Uuid>> WaitingRenewals(const Uuid&) override {
    std::vector<Uuid> ids;
    for (const auto& [id, row] : rows) ids.push_back(id);
    return ids;
  }

 private:
  absl::StatusOr<core::Aggregate> Decided(const core::Aggregate& row, size_t place, DecideEach decide) {
    core::Aggregate after = row;
    after.account_deleted = deleted_accounts.contains(after.product.account_id);
    RETURN_IF_ERROR(decide(place, after));
    for (core::Order& order : after.orders) {
      const core::Order* before = row.FindOrder(order.id);
      if (before == nullptr || *before != order) ++order.version;
    }
    if (!(after.product == row.product)) ++after.product.version;
    return after;
  }
  void Keep(core::Aggregate& after) {
    told.insert(told.end(), after.events.begin(), after.events.end());
    after.events.clear();
    std::erase_if(after.terms, [](const core::Term& term) { return term.state != core::TermState::kActive; });
    core::Aggregate kept = after;
    std::erase_if(kept.orders, [&](const core::Order& order) {
      if (order.IsOver()) over[order.id] = order;
      return order.IsOver();
    });
    rows[after.product.id] = kept;
  }
  std::vector<Claim> ClaimIf(absl::Time now, absl::Time lease_until,
                             std::function<bool(const core::Order&)> wanted) {
    killer_.Moment();
    std::vector<Claim> claims;
    for (auto& [id, row] : rows) {
      for (core::Order& order : row.orders) {
        const bool free =
            order.next_at && !order.held_by && (!order.lease_until || *order.lease_until <= now);
        if (!free || !wanted(order)) continue;
        order.lease_until = lease_until;
        claims.push_back({order.id, id, ++order.version});
      }
    }
    killer_.Moment();
    return claims;
  }
  std::vector<Due> DueIf(absl::Time now, std::function<bool(const core::Product&)> wanted) {
    std::vector<Due> due;
    for (const auto& [id, row] : rows) {
      const auto it = postponed.find(id);
      if (it != postponed.end() && it->second > now) continue;
      if (wanted(row.product)) due.push_back({id, row.product.account_id});
    }
    return due;
  }
  Killer& killer_;
};

class FakeQuoteStore final : public QuoteStore {
 public:
  std::string Seal(const Quote& quote) override {
    sealed_[quote.id] = quote;
    return "sealed/" + quote.id.ToString();
  }
  absl::StatusOr<std::optional<Quote>> Find(const Uuid& account_id, const std::string& handle) override {
    for (const auto& [id, quote] : sealed_) {
      const bool is_named =
          handle == "sealed/" + id.ToString() || (quote.order_id && handle == id.ToString());
      if (!is_named || quote.account_id != account_id) continue;
      Quote found = quote;
      found.handle = handle;
      return found;
    }
    return std::nullopt;
  }
  absl::StatusOr<bool> Consume(const Quote& quote, const Uuid& order_id) override {
    std::optional<Uuid>& known = sealed_.at(quote.id).order_id;
    if (known) return false;
    known = order_id;
    return true;
  }
  absl::StatusOr<int> Purge(absl::Time) override { return 0; }

 private:
  std::map<Uuid, Quote> sealed_;
};

class FakeTaxPositionStore final : public TaxPositionStore {
 public:
  explicit FakeTaxPositionStore(FakeProductStore& products) : products_(products) {}
  std::map<Uuid, TaxPosition> rows;
  absl::StatusOr<std::optional<TaxPosition>> Find(const Uuid& account_id) override {
    const auto it = rows.find(account_id);
    return it == rows.end() ? std::nullopt : std::optional(it->second);
  }
  absl::StatusOr<WithProduct> FindWithProduct(const Uuid& account_id, const Uuid& product_id) override {
    ASSIGN_OR_RETURN(core::Aggregate product, products_.Load(product_id));
    return WithProduct{std::move(product), *Find(account_id)};
  }
  absl::Status Keep(const Uuid& account_id, const TaxPosition& told) override {
    if (products_.deleted_accounts.contains(account_id)) return absl::OkStatus();
    const auto it = rows.find(account_id);
    if (it == rows.end() || it->second.revision <= told.revision) rows[account_id] = told;
    return absl::OkStatus();
  }
  absl::Status Outdate(const Uuid& account_id, int64_t revision) override {
    const auto it = rows.find(account_id);
    if (it == rows.end() || it->second.revision < revision)
      rows[account_id] = {{}, revision, absl::UnixEpoch()};
    return absl::OkStatus();
  }
  absl::Status Doubt(const Uuid& account_id) override {
    const auto it = rows.find(account_id);
    if (it != rows.end()) it->second.ask_again_at = absl::UnixEpoch();
    return absl::OkStatus();
  }

 private:
  FakeProductStore& products_;
};

class FakeSiteStore final : public SiteStore {
 public:
  absl::Status Insert(const Site&) override { return absl::OkStatus(); }
  absl::StatusOr<std::optional<Site>> Find(const Uuid& account_id, const Uuid& id) override {
    if (account_id != Id("account") || id != Id("site")) return std::nullopt;
    return Site{id, account_id, "shop", 1, absl::UnixEpoch(), absl::UnixEpoch()};
  }
  absl::StatusOr<std::vector<Site>> List(const Uuid&, const std::string&, int) override {
    return std::vector<Site>();
  }
  absl::StatusOr<Site> Update(const Uuid&, const Uuid&, absl::FunctionRef<absl::Status(Site&)>) override {
    return absl::UnimplementedError("");
  }
  absl::Status Delete(const Uuid&, const Uuid&) override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<core::Aggregate>> ProductsOf(const std::vector<Uuid>&) override {
    return std::vector<core::Aggregate>();
  }
};

class FakeDeletionStore final : public DeletionStore {
 public:
  explicit FakeDeletionStore(FakeProductStore& products) : products_(products) {}
  std::map<Uuid, absl::Time> pending;
  std::vector<Event> told;
  absl::Status Enter(const Uuid& account_id) override {
    if (products_.deleted_accounts.contains(account_id)) return Precondition("ACCOUNT_DELETED", "");
    return absl::OkStatus();
  }
  absl::Status MarkDeleted(const Uuid& account_id, absl::Time now) override {
    products_.deleted_accounts.insert(account_id);
    pending[account_id] = now;
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Uuid>> Pending(absl::Time now, int) override {
    std::vector<Uuid> accounts;
    for (const auto& [id, at] : pending) {
      if (at <= now) accounts.push_back(id);
    }
    return accounts;
  }
  absl::Status LookAgain(const Uuid& account_id, absl::Time at) override {
    pending[account_id] = at;
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Uuid>> ProductIds(const Uuid&) override {
    std::vector<Uuid> ids;
    for (const auto& [id, row] : products_.rows) ids.push_back(id);
    return ids;
  }
  absl::StatusOr<bool> Purge(const Uuid& account_id, const std::vector<Event>& events) override {
    products_.rows.clear();
    pending.erase(account_id);
    told = events;
    return true;
  }

 private:
  FakeProductStore& products_;
};

class FakeMeter final : public Meter {
 public:
  std::vector<std::string> troubles;
  void OrderEnded(core::OrderKind, core::OrderState) override {}
  void RenewalAttempted(core::AttemptState, int) override {}
  void Trouble(const std::string& what, const Uuid&, const std::string&) override {
    troubles.push_back(what);
  }
};

// The whole service in memory.
struct World {
  Killer killer;
  ::perennial::testing::FakeClock clock{Utc(2027, 1, 15)};
  ::perennial::testing::CountingIds ids;
  FakeAccounts accounts;
  FakeBilling billing{killer};
  FakePayments payments{killer};
  FakeDelivery delivery{killer};
  FakeProductStore products{killer};
  FakeQuoteStore quote_store;
  FakeTaxPositionStore tax_positions{products};
  FakeSiteStore site_store;
  FakeDeletionStore deletion_store{products};
  FakeMeter meter;
  OrderSteps steps{TestCatalogue(), products, tax_positions, {billing, payments, delivery}, clock, meter};
  Orders orders{products, quote_store, deletion_store, steps, clock, ids, meter};
  Quotes quotes{
      TestCatalogue(), products, site_store, quote_store, tax_positions, {accounts, billing, delivery},
      clock,           ids};
  Renewals renewals{TestCatalogue(), products, accounts, clock, ids, meter, orders};
  Deletions deletions{deletion_store, products, clock};
  Caller caller{Caller::Kind::kCustomer, Id("account"), Id("session"), ""};

  Quote QuoteFor(const QuoteItem& item, const std::string& currency = "EUR") {
    const auto quote = quotes.Price(caller, Id("account"), item, currency);
    INFO(quote.status());
    REQUIRE(quote.ok());
    return *quote;
  }

  core::Order CommitOnly(const Quote& quote) {
    const auto order = orders.Commit(caller, Id("account"), quote.handle, "");
    INFO(order.status());
    REQUIRE(order.ok());
    return *order;
  }

  core::Order Order(const QuoteItem& item) {
    const core::Order order = CommitOnly(QuoteFor(item));
    return *orders.Drive(Id("account"), order.id);
  }

  // Runs all jobs until nothing is due, as the test clock does. Killed processes start again.
  void Settle() {
    for (int round = 0; round < 1000; ++round) {
      int done = 0;
      try {
        done += *renewals.ExpireDue() + *renewals.TellDue() + *renewals.RenewDue() + *orders.RunDue() +
                *renewals.EndDue() + *deletions.RunDue();
      } catch (const Killed&) {
        ++done;
      }
      if (done == 0) return;
    }
    FAIL("the jobs never come to rest");
  }

  // Lets time go by in steps, and settles at each.
  void Wait(absl::Duration time, absl::Duration step) {
    for (const absl::Time end = clock.Now() + time; clock.Now() < end; clock.Advance(step)) Settle();
  }
  const core::Aggregate& Only() { return products.rows.begin()->second; }
};

}  // namespace perennial::subscription::testing
