#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "libs/base/money.h"
#include "libs/tax/tax.h"
#include "services/subscription/core/order_machine.h"
#include "services/subscription/core/quoting.h"

// What the use cases need of the outside. Errors of peers that are away are UNAVAILABLE or DEADLINE_EXCEEDED;
// refusals carry their reason.
namespace perennial::subscription {

struct AccountProfile {
  core::Customer customer;
  bool deleted = false;
};

class Accounts {
 public:
  virtual ~Accounts() = default;
  // Accounts that never existed are left out.
  virtual absl::StatusOr<std::map<Uuid, AccountProfile>> Find(const std::vector<Uuid>& account_ids) = 0;
};

struct Tax {
  int64_t tax_minor = 0;
  int64_t total_minor = 0;
  std::vector<std::string> descriptions = {};
};

// Which tax an account pays, as billing told it.
struct TaxPosition {
  tax::Position position;
  int64_t revision = 0;  // of the billing profile
  // From then on billing may say something else, though the profile stays as it is.
  absl::Time ask_again_at;

  bool operator==(const TaxPosition&) const = default;
};

struct TaxAnswer {
  Tax tax;
  std::optional<TaxPosition> position = {};
};

// Orders of different products. One that is refused does not keep the others.
using OrderBatch = std::vector<const core::Order*>;

// Every method that changes something may be repeated for the same order.
class Billing {
 public:
  virtual ~Billing() = default;
  virtual absl::StatusOr<TaxAnswer> PreviewTax(const Uuid& account_id, const core::Offer& offer) = 0;
  // The totals of the orders' bills, in their order. PRO_FORMA_CHANGED if one is not what was agreed to
  // (core::AgreedTotal).
  virtual std::vector<absl::StatusOr<int64_t>> CreateProFormas(const OrderBatch& orders) = 0;
  virtual absl::Status CancelProForma(const core::Order& order) = 0;
  // The invoices' names.
  virtual std::vector<absl::StatusOr<std::string>> IssueInvoices(const OrderBatch& orders) = 0;
  // Returns the credit note's name.
  virtual absl::StatusOr<std::string> CreateCreditNote(const core::Order& order) = 0;
};

struct Refund {
  enum class State { kPending, kSucceeded, kFailed };
  State state = State::kPending;
  std::string name = {};
};

struct PinnedCharge {
  const core::Order* order;
  const core::Attempt* attempt;
};

class Payments {
 public:
  virtual ~Payments() = default;
  // Goes on with each charge `attempt->id` wherever it stopped; the answers are in the same order.
  virtual std::vector<absl::StatusOr<core::ChargeAnswer>> Charge(
      const std::vector<PinnedCharge>& charges) = 0;
  // Asks about it. CHARGE_NOT_FOUND if it was never sent.
  virtual absl::StatusOr<core::ChargeAnswer> Ask(const core::Order& order, const core::Attempt& attempt) = 0;
  // Makes sure that nothing is captured any more; kSucceeded if it was, kOpen if that is not known yet.
  virtual absl::StatusOr<core::ChargeAnswer> Cancel(const core::Order& order,
                                                    const core::Attempt& attempt) = 0;
  // The refund that follows `order.refund`, which was refused, or the first one.
  virtual absl::StatusOr<Refund> GiveBack(const core::Order& order) = 0;
  // The name of the method that a renewal would charge (R16); empty: none.
  virtual absl::StatusOr<std::string> DefaultMethod(const Uuid& account_id) = 0;
};

struct Availability {
  enum class State { kAvailable, kTaken, kReserved, kUnknown };
  State state = State::kUnknown;
  std::string domain_name = {};   // A-labels
  std::string display_name = {};  // Unicode
  std::string address = {};       // of a mailbox
};

class Delivery {
 public:
  virtual ~Delivery() = default;
  virtual absl::StatusOr<core::DeliveryAnswer> Deliver(const core::Product& product,
                                                       const core::Order& order) = 0;
  virtual absl::StatusOr<Availability> CheckDomain(const std::string& domain_name) = 0;
  virtual absl::StatusOr<Availability> CheckMailbox(const Uuid& account_id, const Uuid& domain_product_id,
                                                    const std::string& local_part) = 0;
};

struct Site {
  Uuid id;
  Uuid account_id;
  std::string display_name;
  int64_t version = 0;
  absl::Time created_at;
  absl::Time updated_at;
};

class SiteStore {
 public:
  virtual ~SiteStore() = default;
  virtual absl::Status Insert(const Site& site) = 0;
  virtual absl::StatusOr<std::optional<Site>> Find(const Uuid& account_id, const Uuid& id) = 0;
  // By creation; `after`: position of the last row seen, empty: from the start.
  virtual absl::StatusOr<std::vector<Site>> List(const Uuid& account_id, const std::string& after,
                                                 int limit) = 0;
  // Under the row's lock.
  virtual absl::StatusOr<Site> Update(const Uuid& account_id, const Uuid& id,
                                      absl::FunctionRef<absl::Status(Site&)> decide) = 0;
  // No product that has not ended is on it any more.
  virtual absl::Status Delete(const Uuid& account_id, const Uuid& id) = 0;
  // The plan's product of a site that has not ended, and products of any kind that are on it.
  virtual absl::StatusOr<std::vector<core::Aggregate>> ProductsOf(const std::vector<Uuid>& site_ids) = 0;
};

struct Quote {
  Uuid id;
  Uuid account_id;
  // What its name calls it: of an open one all of it, sealed; of one that became an order also `id`.
  std::string handle = {};
  core::Offer offer;
  core::Product draft;  // purchase: the product to be
  Tax tax;
  CivilDate resulting_expiry;
  std::optional<Uuid> order_id;
  absl::Time expires_at;
  absl::Time created_at;
};

// An open quote is in the customer's hands, sealed; stored is what became an order. (The release before this
// stored the open ones too. They can be committed, while both run.)
class QuoteStore {
 public:
  virtual ~QuoteStore() = default;
  // A handle that only this service can make and read, for the quote's account only. Stores nothing.
  virtual std::string Seal(const Quote& quote) = 0;
  // Nothing if the handle is not one of the account's.
  virtual absl::StatusOr<std::optional<Quote>> Find(const Uuid& account_id, const std::string& handle) = 0;
  // Stores the quote with its order, once: false if it became one already. Of several at the same quote each
  // waits until the one before it is through.
  virtual absl::StatusOr<bool> Consume(const Quote& quote, const Uuid& order_id) = 0;
  // Drops a batch of stored quotes that nobody can commit any more.
  virtual absl::StatusOr<int> Purge(absl::Time expired_before) = 0;
};

struct ProductFilter {
  std::optional<core::ProductKind> kind = {};
  std::optional<core::ProductState> state = {};
  std::optional<CivilDate> expiring_before = {};
  bool descending = false;
};

struct Claim {
  Uuid order_id;
  Uuid product_id;
  int64_t version = 0;
};

struct TermRow {
  core::Term term;
  Uuid account_id;
  Uuid product_id;
  std::string currency;
};

struct OrderPage {
  std::optional<Uuid> account_id = {};  // newest first; unset: all accounts, oldest first
  std::optional<Uuid> product_id = {};
  std::string after = {};
  int limit = 50;
};

// Products with their terms and orders: an Aggregate is locked, decided on and written as one.
class ProductStore {
 public:
  using Decide = absl::FunctionRef<absl::Status(core::Aggregate&)>;
  virtual ~ProductStore() = default;

  // A new product with its first order. ALREADY_EXISTS if the site has a plan, or the address a mailbox.
  virtual absl::Status Create(const core::Aggregate& aggregate) = 0;
  // Runs `decide` on the product under its lock and writes what it changed, with the events. Returns it as
  // written. PRODUCT_NOT_FOUND. An error of `decide` changes nothing.
  virtual absl::StatusOr<core::Aggregate> Update(const Uuid& product_id, Decide decide) = 0;
  // The same for many different products, in one transaction: `decide` is told which of them it has, and runs
  // on the product as it was read (LoadAll, or written by this). One that changed since then, or is gone, is
  // left alone: ABORTED. What one is refused changes nothing of it, and the others are written. If the store
  // fails, none is.
  using DecideEach = absl::FunctionRef<absl::Status(size_t place, core::Aggregate&)>;
  virtual absl::StatusOr<std::vector<absl::StatusOr<core::Aggregate>>> UpdateAll(
      const std::vector<const core::Aggregate*>& read, DecideEach decide) = 0;

  virtual absl::StatusOr<core::Aggregate> Load(const Uuid& product_id) = 0;
  // Those of them that there are, in any order, with all that rules decide on.
  virtual absl::StatusOr<std::vector<core::Aggregate>> LoadAll(const std::vector<Uuid>& product_ids) = 0;
  virtual absl::StatusOr<std::vector<core::Aggregate>> List(const Uuid& account_id,
                                                            const ProductFilter& filter,
                                                            const std::string& after, int limit) = 0;
  virtual absl::StatusOr<std::vector<TermRow>> Terms(std::optional<Uuid> product_id, const std::string& after,
                                                     int limit) = 0;
  virtual absl::StatusOr<std::optional<core::Order>> FindOrder(const Uuid& account_id,
                                                               const Uuid& order_id) = 0;
  virtual absl::StatusOr<std::vector<core::Order>> Orders(const OrderPage& page) = 0;

  // Takes orders whose moment has come, each for one worker until `lease_until`.
  virtual absl::StatusOr<std::vector<Claim>> ClaimDue(absl::Time now, absl::Time lease_until, int limit) = 0;
  // The same as ClaimDue for one order, due or not; nothing if it is over, held or taken.
  virtual absl::StatusOr<std::optional<Claim>> ClaimOrder(const Uuid& order_id, absl::Time now,
                                                          absl::Time lease_until) = 0;

  // Products that something is due for, by id and account; a batch.
  struct Due {
    Uuid product_id;
    Uuid account_id;
  };
  virtual absl::StatusOr<std::vector<Due>> RenewalsDue(absl::Time now, int limit) = 0;
  virtual absl::StatusOr<std::vector<Due>> NoticesDue(absl::Time now, int limit) = 0;
  virtual absl::StatusOr<std::vector<Due>> ExpiriesDue(absl::Time now, int limit) = 0;
  virtual absl::StatusOr<std::vector<Due>> EndsDue(absl::Time now, int limit) = 0;
  // Keeps a product out of these until then, so that one that cannot be handled keeps no other waiting.
  virtual absl::Status Postpone(const Uuid& product_id, absl::Time until) = 0;
  // Products of the account that a payment method matters to now: their renewal is open, or would wait.
  virtual absl::StatusOr<std::vector<Uuid>> WaitingRenewals(const Uuid& account_id) = 0;
};

// What billing told of each account's tax, so that not every quote has to ask.
class TaxPositionStore {
 public:
  struct WithProduct {
    core::Aggregate product;
    std::optional<TaxPosition> position;
  };
  virtual ~TaxPositionStore() = default;
  virtual absl::StatusOr<std::optional<TaxPosition>> Find(const Uuid& account_id) = 0;
  // The same, and a product of anybody's, in one round trip. PRODUCT_NOT_FOUND.
  virtual absl::StatusOr<WithProduct> FindWithProduct(const Uuid& account_id, const Uuid& product_id) = 0;
  // Keeps an answer, unless a change of the profile is known that it does not know of, or the account was
  // deleted.
  virtual absl::Status Keep(const Uuid& account_id, const TaxPosition& told) = 0;
  // The profile is at this revision: what was told of an older one is asked again. Nothing if the account was
  // deleted.
  virtual absl::Status Outdate(const Uuid& account_id, int64_t revision) = 0;
  // What was told turned out to be wrong: it is asked again.
  virtual absl::Status Doubt(const Uuid& account_id) = 0;
};

class DeletionStore {
 public:
  virtual ~DeletionStore() = default;
  // Keeps the account's purge out until the end of the transaction. ACCOUNT_DELETED, be it told by what the
  // transaction asks next, or by its commit.
  virtual absl::Status Enter(const Uuid& account_id) = 0;
  virtual absl::Status MarkDeleted(const Uuid& account_id, absl::Time now) = 0;

  virtual absl::StatusOr<std::vector<Uuid>> Pending(absl::Time now, int limit) = 0;
  virtual absl::Status LookAgain(const Uuid& account_id, absl::Time at) = 0;
  virtual absl::StatusOr<std::vector<Uuid>> ProductIds(const Uuid& account_id) = 0;
  // Drops all the account's rows and its name, unless an order is open again: then false. Nothing is left but
  // a pseudonym, and for their time the facts. Tells `events` with it.
  virtual absl::StatusOr<bool> Purge(const Uuid& account_id, const std::vector<Event>& events) = 0;
};

// Counts what SREs want to see.
class Meter {
 public:
  virtual ~Meter() = default;
  virtual void OrderEnded(core::OrderKind kind, core::OrderState state) = 0;
  // Outcome of an attempt of an automatic renewal at a rung of the ladder.
  virtual void RenewalAttempted(core::AttemptState outcome, int rung) = 0;
  // Something that a person should look at; `id`: of the order or product.
  virtual void Trouble(const std::string& what, const Uuid& id, const std::string& detail) = 0;
};

}  // namespace perennial::subscription
