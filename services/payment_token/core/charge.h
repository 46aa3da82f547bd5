#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/money.h"
#include "libs/base/uuid.h"
#include "services/payment_token/core/card_limits.h"
#include "services/payment_token/core/decline.h"
#include "services/payment_token/core/payment_method.h"

namespace perennial::payment_token::core {

enum class ChargeState {
  kPending,          // recorded, not answered; or being processed at the gateway
  kSucceeded,        // final: the money was captured
  kDeclined,         // final
  kRequiresAction,   // the customer must confirm at action_url
  kNoPaymentMethod,  // final: nothing was sent
  kUnknown,          // sent, and the answer is not known
};

// What a caller asks for. Two requests of one charge id must be equal in all of it.
struct ChargeRequest {
  Uuid id;
  Uuid account_id;
  Uuid order_id;
  std::optional<Uuid> payment_method_id;  // nothing: chosen by R16
  Money amount;
  bool off_session = false;
  std::string description;

  bool operator==(const ChargeRequest&) const = default;
};

// One attempt to take an amount from one payment method. Its id is the idempotency key at the gateway (R23).
struct Charge {
  ChargeRequest request;
  bool is_pseudonymous = false;           // the account was deleted: request.account_id is a pseudonym (R7)
  std::optional<Uuid> payment_method_id;  // pinned when it was recorded
  std::string card_fingerprint;           // of that method's card; empty without one
  std::string payment_description;        // "Visa •••• 4242"
  ChargeState state = ChargeState::kPending;
  std::string decline_code;
  DeclineClass decline_class = DeclineClass::kNone;
  std::string action_url;
  std::string gateway_reference;
  int64_t refunded_minor = 0;  // refunds that did not fail
  absl::Time created_at;
  absl::Time updated_at;
  // From when on the gateway may know of it; nothing: it surely does not.
  std::optional<absl::Time> first_sent_at;
  int ask_count = 0;  // requests about it so far
  std::optional<absl::Time> last_asked_at;
  std::optional<absl::Time> next_ask_at;  // when the job asks next; nothing once final
  // Its caller gave it up then: nothing is sent any more that could take the money.
  std::optional<absl::Time> given_up_at;
  // It was not sent, because the card's network allows no attempt (R17): worth asking again from then on.
  std::optional<absl::Time> retry_at;
};

bool IsFinal(ChargeState state);

// Whether it is the account's. After the account's deletion nobody can tell, but a refund may still be owed:
// then the charge's id, which only its caller knows, is enough.
bool IsOf(const Charge& charge, const Uuid& account_id);

// Whether the charge is what `request` asks for. Once pseudonymous, what is left of it has to be enough.
bool Answers(const Charge& charge, const ChargeRequest& request);

// AMOUNT_INVALID or CURRENCY_NOT_OFFERED. Bounds are the gateway's: 0.50 to 999,999.99 in EUR and USD, 50 to
// 99,999,999 in JPY.
absl::Status CheckChargeAmount(const Money& amount);

// A new charge, pinned to `method`; without one it is final at once (R16).
Charge OpenCharge(ChargeRequest request, const PaymentMethod* method, absl::Time now);

// The same, ended at once if the card's network allows no attempt before later (R17). A charge that is to be
// sent becomes one of `tries`, so that several opened together count each other as they would one after the
// other.
Charge OpenWithinLimits(ChargeRequest request, const PaymentMethod& method, CardTries& tries, absl::Time now);

// What the gateway said about a charge.
struct Captured {
  std::string reference;
};
struct Declined {
  std::string code;
  std::string reference;
};
struct ActionRequired {
  std::string url;
  std::string reference;
};
struct Processing {
  std::string reference;
};
// The gateway understood the request and will not do it, whatever the card: a fault of ours or of our
// records.
struct Rejected {
  std::string code;
};
struct NotSent {};         // it surely did not arrive
struct OutcomeUnknown {};  // it may have happened
struct NotThere {};        // asked about: the gateway has no trace of it
using ChargeOutcome =
    std::variant<Captured, Declined, ActionRequired, Processing, Rejected, NotSent, OutcomeUnknown, NotThere>;

// The charge after `outcome`. A final charge stays as it is.
Charge Apply(Charge charge, const ChargeOutcome& outcome, absl::Time now);

// What to do about a charge now.
enum class NextStep {
  kNothing,       // final
  kEnd,           // never sent, and no longer to be sent: EndUnsent
  kSend,          // under its id: the first time, or again while the gateway surely keeps the key
  kAskReference,  // the gateway's id is known
  kSearch,  // it must not be sent again: the gateway may have forgotten the key (R23), or its method was
            // removed
  kCancel,  // was given up, or waits for a challenge that nobody will answer any more
};
NextStep Next(const Charge& charge, bool method_removed, absl::Time now);

// Gives up a charge: an unsent one ends here; of another it has to be found out whether that comes in time.
Charge GiveUp(Charge charge, absl::Time now);

// Ends a charge that was never sent: its method was removed, or the gateway was away for a day.
Charge EndUnsent(Charge charge, bool method_removed, absl::Time now);

// Marks that the gateway is about to be asked, before it is: a crash in between must look like "may have
// happened".
Charge BeforeAsking(Charge charge, absl::Time now);

// Whether a caller who asks for the charge may make us ask the gateway now.
bool MayAsk(const Charge& charge, absl::Time now);

// From one question about an open charge or refund to the next: 5 s, doubling up to an hour.
absl::Duration PauseAfter(int ask_count);

// How long a gateway keeps an idempotency key at least: Stripe says 24 h. Past the first limit we do not rely
// on it; past the second what was not sent is sent no more (a refund is, once it cannot be found: it is
// owed).
inline constexpr absl::Duration kKeyTrusted = absl::Hours(23);
inline constexpr absl::Duration kKeyGone = absl::Hours(24);
// A charge that cannot be found then never arrived. Who sent it last, at 23 hours by a clock of its own, may
// still be at it: clocks differ, that of a test by a whole day (docs/adr/2026-11-23-test-clock.md).
inline constexpr absl::Duration kNeverArrives = absl::Hours(48);

}  // namespace perennial::payment_token::core
