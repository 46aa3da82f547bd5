#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/event.h"
#include "libs/base/uuid.h"
#include "services/payment_token/core/charge.h"
#include "services/payment_token/core/payment_method.h"
#include "services/payment_token/core/refund.h"

namespace perennial::payment_token {

// What the gateway gave for a card. `fingerprint` is the gateway's own, the same for a card in all accounts.
struct GatewayCard {
  std::string token;
  core::Card card;
};
struct CardInvalid {
  std::string field;  // "card.number", "card.security_code", …
};
struct CardDeclined {
  std::string code;
};
struct GatewayAway {};  // no answer, or not now
using TokeniseOutcome = std::variant<GatewayCard, CardInvalid, CardDeclined, GatewayAway>;

using CustomerOutcome = std::variant<std::string, GatewayAway>;

enum class RemovalOutcome { kGone, kTryAgain };

// A charge, what to ask the gateway about it, and what that needs.
struct ChargeOrder {
  core::Charge charge;
  core::NextStep step = core::NextStep::kNothing;
  std::string token;  // empty once the method is forgotten
  std::string customer;
};

// What came of an order, by its place among those that were asked together.
struct ChargeAnswer {
  size_t place = 0;
  core::ChargeOutcome outcome;
};
using TakeChargeAnswers = std::function<void(const std::vector<ChargeAnswer>&)>;

struct RefundOrder {
  core::Refund refund;
  std::string charge_reference;
};

enum class MovementKind { kCapture, kRefund };

// A capture or refund as the gateway has it, whoever asked for it. The ids are what its metadata says.
struct GatewayMovement {
  std::string reference;  // the gateway's own id
  std::optional<Uuid> id;
  std::optional<Uuid> order_id;
  Money amount;
  absl::Time created_at;  // by the gateway's clock
};
// Newest first. `next`: where the next page begins; empty: this was the last.
struct GatewayPage {
  std::vector<GatewayMovement> movements;
  std::string next;
  std::optional<absl::Time> oldest_undecided = {};  // not among the movements; may be one later
};
using ListingOutcome = std::variant<GatewayPage, GatewayAway>;

// The payment gateway. Never throws and never answers with a bool: a request that failed may have happened.
// Waiting ends with the CallScope's deadline. Thread-safe.
class PaymentGateway {
 public:
  virtual ~PaymentGateway() = default;

  // Who owns the tokens of an account at the gateway. The same for the same account, also when repeated.
  virtual CustomerOutcome CreateCustomer(const Uuid& account_id) = 0;
  // Deletes it with all its tokens.
  virtual RemovalOutcome DeleteCustomer(const std::string& customer) = 0;

  // A token for the card, that is nobody's yet and can be charged only once attached.
  virtual TokeniseOutcome Tokenise(const core::CardEntry& card, const Uuid& key) = 0;
  // Keeps the token for `customer`; here the bank is first asked. Gives the card again.
  virtual TokeniseOutcome Attach(const GatewayCard& card, const std::string& customer, const Uuid& key) = 0;
  // Makes the token useless for good (R22).
  virtual RemovalOutcome Detach(const std::string& token) = 0;

  // Asks about many charges side by side, as each order's step says:
  //   kSend          takes the money, with the charge's id as the key: repeated, it takes no more
  //   kAskReference  by the gateway's own reference
  //   kSearch        by our id, for when the key may be forgotten; may lag a minute behind
  //   kCancel        gives it up, unless it has come to an end
  // `take` is given the answers as they come, some at a time, each once, before this returns.
  virtual void AskCharges(const std::vector<ChargeOrder>& orders, const TakeChargeAnswers& take) = 0;

  virtual core::RefundOutcome Refund(const RefundOrder& order) = 0;
  virtual core::RefundOutcome AskRefund(const std::string& reference) = 0;
  virtual core::RefundOutcome FindRefund(const RefundOrder& order) = 0;

  // What moved since `since`, by the gateway's clock; at most 100 a page.
  virtual ListingOutcome ListMovements(MovementKind kind, absl::Time since, const std::string& after,
                                       int limit) = 0;
};

// Where a page of a list begins: after this row.
struct PagePosition {
  absl::Time created_at;
  Uuid id;
};

// An account's tie to the gateway. That it was deleted is remembered, so that nothing is stored for it
// afterwards.
struct GatewayAccount {
  std::string customer;  // empty: none yet
  bool is_deleted = false;
  std::optional<Uuid> last_used_method;
};

// What decides about an account's charges.
struct ChargedAccount {
  bool is_deleted = false;
  std::optional<Uuid> last_used_method;
  std::vector<core::PaymentMethod> held;
};

struct DetachOrder {
  Uuid payment_method_id;
  std::string token;
};

class PaymentMethodStore {
 public:
  virtual ~PaymentMethodStore() = default;

  virtual absl::StatusOr<GatewayAccount> GetAccount(const Uuid& account_id) = 0;
  // In the order of `account_ids`, which are sorted: so two callers lock them in one order. No other charge
  // of theirs is opened until the end of the transaction.
  virtual absl::StatusOr<std::vector<ChargedAccount>> LockAccounts(const std::vector<Uuid>& account_ids) = 0;
  // Keeps the customer unless there is one already; returns what is kept.
  virtual absl::StatusOr<GatewayAccount> KeepCustomer(const Uuid& account_id,
                                                      const std::string& customer) = 0;

  // Counts a try to store a card, as a refused one until it is forgotten: so tries made at the same time
  // cannot all slip through. Not counted if `most` others were made after `since`, nor if this one was
  // counted before.
  struct CardTry {
    bool is_new = false;
    std::optional<absl::Time> oldest;  // of too many
  };
  virtual absl::StatusOr<CardTry> CountCardTry(const Uuid& account_id, const Uuid& id, absl::Time now,
                                               absl::Time since, int most) = 0;
  virtual absl::Status ForgetCardTry(const Uuid& id) = 0;

  // Keeps a method hidden, as if it had been removed: unless it is added before `until`, its token is left to
  // the detachment job. `card.fingerprint` is the gateway's. ACCOUNT_DELETED if the account is gone.
  virtual absl::Status Hold(const core::PaymentMethod& method, const std::string& token,
                            absl::Time until) = 0;
  // Shows the method that was held with this `until`; an older entry of the same card is removed and its
  // place as the last used one passed on. Events are built from what was removed. Nothing if the job has
  // taken the method. ACCOUNT_DELETED.
  using EventsOf = std::function<std::vector<Event>(const std::vector<Uuid>& removed)>;
  virtual absl::StatusOr<std::optional<core::PaymentMethod>> Add(const Uuid& account_id, const Uuid& id,
                                                                 absl::Time until, absl::Time now,
                                                                 const EventsOf& events) = 0;

  // Those that are held. PAYMENT_METHOD_NOT_FOUND, or PAYMENT_METHOD_REMOVED if it was held once.
  virtual absl::StatusOr<core::PaymentMethod> Get(const Uuid& account_id, const Uuid& id) = 0;
  // Newest first, after `after`; everything with limit 0.
  virtual absl::StatusOr<std::vector<core::PaymentMethod>> List(const Uuid& account_id,
                                                                const std::optional<PagePosition>& after,
                                                                int limit) = 0;

  // Hides it at once and leaves its token to the detachment job. Errors as of Get.
  virtual absl::Status Remove(const Uuid& account_id, const Uuid& id, absl::Time now,
                              const std::vector<Event>& events) = 0;
  // R7: removes all methods, and leaves the account's customer to the job. Safe to repeat.
  virtual absl::Status DeleteAccount(const Uuid& account_id, absl::Time now) = 0;

  // Claims removed methods without an open charge that are due, until `lease_until`.
  virtual absl::StatusOr<std::vector<DetachOrder>> ClaimDetachments(absl::Time now, absl::Time lease_until,
                                                                    int limit) = 0;
  // The token is gone at the gateway: forget the method.
  virtual absl::Status Forget(const Uuid& payment_method_id) = 0;
  virtual absl::Status TryDetachAgain(const Uuid& payment_method_id, absl::Time at) = 0;

  // The same for customers of deleted accounts that have no methods and no open charges any more.
  struct CustomerRemoval {
    Uuid account_id;
    std::string customer;
  };
  virtual absl::StatusOr<std::vector<CustomerRemoval>> ClaimCustomers(absl::Time now, absl::Time lease_until,
                                                                      int limit) = 0;
  // The customer is gone at the gateway: forget the account. Its charges stay under `pseudonym`, without what
  // is readable in them (R7).
  virtual absl::Status ForgetAccount(const Uuid& account_id, const Uuid& pseudonym) = 0;
  virtual absl::Status TryCustomerAgain(const Uuid& account_id, absl::Time at) = 0;
};

struct ChargeBook {
  core::Charge charge;
  std::vector<core::Refund> refunds;  // oldest first
};

// A charge or refund that succeeded.
struct Movement {
  MovementKind kind = MovementKind::kCapture;
  Uuid id;
  Uuid order_id;
  Money amount;
  absl::Time succeeded_at;
  std::string settlement_reference;  // of a refund paid by hand
};

class MovementStore {
 public:
  virtual ~MovementStore() = default;
  // By succeeded_at and id, after `after`; only what succeeded before `before`.
  virtual absl::StatusOr<std::vector<Movement>> List(MovementKind kind, const PagePosition& after,
                                                     absl::Time before, int limit) = 0;
  virtual absl::StatusOr<std::vector<Movement>> Find(const std::vector<Uuid>& charge_ids,
                                                     const std::vector<Uuid>& refund_ids) = 0;
};

class ChargeStore {
 public:
  virtual ~ChargeStore() = default;

  // Stores new charges, those that are open as claimed until `lease_until`. Returns the ids of those stored:
  // the others were taken already.
  virtual absl::StatusOr<std::vector<Uuid>> Insert(std::vector<core::Charge> charges,
                                                   absl::Time lease_until) = 0;
  // Those that there are, in any order.
  virtual absl::StatusOr<std::vector<core::Charge>> Find(const std::vector<Uuid>& charge_ids) = 0;

  // Replaces the charge by `decide(charge, method_removed)`, which is called while nobody else can change it
  // or its method, and may be called again. A charge that becomes SUCCEEDED makes its method the last used
  // one. Returns the charge as it is then; nothing if there is none.
  using Decide = std::function<core::Charge(const core::Charge&, bool method_removed)>;
  virtual absl::StatusOr<std::optional<core::Charge>> Update(const Uuid& charge_id, const Decide& decide) = 0;
  // As Update, but leaves the process that is asking the gateway now alone with it.
  virtual absl::StatusOr<std::optional<core::Charge>> UpdateLeased(const Uuid& charge_id,
                                                                   const Decide& decide) = 0;

  // For asking the gateway about charges. Of each that is open, and that no other process is asking about
  // now, `decide` says what is to be asked, and the charge as it is from then on; until `lease_until`, or
  // until it is recorded, nobody else may ask about it.
  struct Step {
    core::Charge charge;
    core::NextStep next = core::NextStep::kNothing;  // nothing: to be asked no more
  };
  using DecideStep = std::function<Step(const core::Charge&, bool method_removed)>;
  // What is needed to ask. One whose token does not open is no order, and holds up no other.
  struct Orders {
    std::vector<ChargeOrder> orders;
    std::vector<std::pair<core::Charge, absl::Status>> unreadable;
  };
  struct Claimed : Orders {
    std::vector<core::Charge> ended;   // by `decide`
    std::vector<core::Charge> others;  // not to be asked about, as they are
  };
  virtual absl::StatusOr<Claimed> Claim(const std::vector<Uuid>& charge_ids, absl::Time now,
                                        absl::Time lease_until, const DecideStep& decide) = 0;
  // To send charges that Insert claimed.
  virtual absl::StatusOr<Orders> OrdersOf(std::vector<core::Charge> charges) = 0;
  // Replaces claimed charges by what became of them, and ends their leases; else as Update. Returns the ids
  // of those replaced: the others are not as they were when claimed (given up meanwhile, or claimed again).
  virtual absl::StatusOr<std::vector<Uuid>> Record(std::vector<core::Charge> answered) = 0;
  // Open charges that the job should ask about now.
  virtual absl::StatusOr<std::vector<Uuid>> Due(absl::Time now, int limit) = 0;
  virtual absl::StatusOr<int64_t> CountUnknown() = 0;
  // When each card was declined at the gateway since then, and all tries that are open: of whatever entry of
  // it in whatever account. A challenge that was never answered is no decline: no bank was asked to pay, and
  // strangers who know a number could wear its card out with them. In the order of `fingerprints`, each given
  // once. Until the transaction ends nobody else is told of a card that several accounts hold; of one that
  // only one holds, LockAccounts sees to that.
  virtual absl::StatusOr<std::vector<core::CardTries>> TriesOf(const std::vector<std::string>& fingerprints,
                                                               absl::Time since) = 0;

  // Stores what `decide` makes of the charge, while nobody else can refund it; or returns the refund that has
  // this id already. CHARGE_NOT_FOUND.
  using DecideRefund = std::function<absl::StatusOr<core::Refund>(const core::Charge&)>;
  virtual absl::StatusOr<core::Refund> OpenRefund(const core::RefundRequest& request,
                                                  const DecideRefund& decide) = 0;
  virtual absl::StatusOr<std::optional<core::Refund>> FindRefund(const Uuid& refund_id) = 0;
  // Replaces the refund by what `decide` makes of it and its charge, while nobody else can refund that.
  // CHARGE_NOT_FOUND.
  using DecideSettlement =
      std::function<absl::StatusOr<core::Refund>(const core::Refund&, const core::Charge&)>;
  virtual absl::StatusOr<core::Refund> SettleRefund(const core::RefundName& name,
                                                    const DecideSettlement& decide) = 0;
  using UpdateRefundFn = std::function<core::Refund(const core::Refund&)>;
  virtual absl::StatusOr<std::optional<core::Refund>> UpdateRefund(const Uuid& refund_id,
                                                                   const UpdateRefundFn& decide) = 0;
  virtual absl::StatusOr<std::optional<RefundOrder>> ClaimRefund(const Uuid& refund_id, absl::Time now,
                                                                 absl::Time lease_until,
                                                                 const UpdateRefundFn& decide) = 0;
  virtual absl::StatusOr<std::vector<Uuid>> DueRefunds(absl::Time now, int limit) = 0;

  // Oldest first, after `after`; of one account, or of all.
  virtual absl::StatusOr<std::vector<ChargeBook>> Books(const std::optional<Uuid>& account_id,
                                                        const std::optional<PagePosition>& after,
                                                        int limit) = 0;
};

// What is counted and reported (R34).
class PaymentMetrics {
 public:
  virtual ~PaymentMetrics() = default;
  virtual void ChargeEnded(const core::Charge& charge) = 0;
  virtual void RefundEnded(const core::Refund& refund) = 0;
  virtual void UnknownCharges(int64_t count) = 0;
  // The job could not go on with a charge or refund; it rests for an hour.
  virtual void CouldNotAsk(const Uuid& id, const absl::Status& why) = 0;
};

}  // namespace perennial::payment_token
