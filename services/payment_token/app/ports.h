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

// A charge as the gateway needs it.
struct ChargeOrder {
  core::Charge charge;
  std::string token;
  std::string customer;
  bool method_removed = false;
};

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

  // Takes the money, with the charge's id as the key: repeated, it takes no more, and says what came of it.
  virtual core::ChargeOutcome Charge(const ChargeOrder& order) = 0;
  // The charge by the gateway's own reference.
  virtual core::ChargeOutcome AskCharge(const std::string& reference) = 0;
  // The charge by our id, for when the key may be forgotten. May lag a minute behind.
  virtual core::ChargeOutcome FindCharge(const Uuid& charge_id) = 0;
  // Gives up a charge that has not come to an end; what came of it if it is too late for that.
  virtual core::ChargeOutcome CancelCharge(const std::string& reference) = 0;

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

struct DetachOrder {
  Uuid payment_method_id;
  std::string token;
};

class PaymentMethodStore {
 public:
  virtual ~PaymentMethodStore() = default;

  virtual absl::StatusOr<GatewayAccount> GetAccount(const Uuid& account_id) = 0;
  // The same, and no other charge of the account is opened until the end of the transaction.
  virtual absl::StatusOr<GatewayAccount> LockAndGetAccount(const Uuid& account_id) = 0;
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

  // Stores a new charge. False if the id is taken.
  virtual absl::StatusOr<bool> Insert(const core::Charge& charge) = 0;
  virtual absl::StatusOr<std::optional<core::Charge>> Find(const Uuid& charge_id) = 0;

  // Replaces the charge by `decide(charge, method_removed)`, which is called while nobody else can change it
  // or its method, and may be called again. A charge that becomes SUCCEEDED makes its method the last used
  // one. Returns the charge as it is then; nothing if there is none.
  using Decide = std::function<core::Charge(const core::Charge&, bool method_removed)>;
  virtual absl::StatusOr<std::optional<core::Charge>> Update(const Uuid& charge_id, const Decide& decide) = 0;
  // As Update, but leaves the process that is asking the gateway now alone with it.
  virtual absl::StatusOr<std::optional<core::Charge>> UpdateLeased(const Uuid& charge_id,
                                                                   const Decide& decide) = 0;
  // As Update, but only if no other process is asking the gateway now; then nobody else may until
  // `lease_until`, or until the next Update. Returns what to ask with; nothing if it is leased, or final
  // after `decide`.
  virtual absl::StatusOr<std::optional<ChargeOrder>> Claim(const Uuid& charge_id, absl::Time now,
                                                           absl::Time lease_until, const Decide& decide) = 0;
  // Open charges that the job should ask about now.
  virtual absl::StatusOr<std::vector<Uuid>> Due(absl::Time now, int limit) = 0;
  virtual absl::StatusOr<int64_t> CountUnknown() = 0;
  // When the card was tried since then, at the gateway, without success or with an outcome that is not known
  // yet: by this method or an earlier entry of the same card.
  virtual absl::StatusOr<std::vector<absl::Time>> TriesInVain(const Uuid& payment_method_id,
                                                              const std::string& card_fingerprint,
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
