#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/resource_name.h"
#include "libs/base/uuid.h"
#include "services/payment_token/app/ports.h"

namespace perennial::payment_token {

// Takes money and gives it back, each once (R23).
//
// A charge is first recorded, then the gateway is asked, then the answer is recorded. A process may die
// between any two of these; whoever comes next, the caller or the job, goes on with the same id.
class Charges {
 public:
  Charges(ChargeStore& store, PaymentMethodStore& method_store, PaymentGateway& gateway,
          PaymentMetrics& metrics, const Clock& clock)
      : store_(store), method_store_(method_store), gateway_(gateway), metrics_(metrics), clock_(clock) {}

  // Many charges are dealt with together, and each has its own result, in the order in which they were named.
  // No two may be of one id.
  using Results = std::vector<absl::StatusOr<core::Charge>>;

  // Records the charges, each pinned to its method, and claims the new ones for whoever goes on with them;
  // talks to nobody. The same request again: the charge as it is. AMOUNT_INVALID, CURRENCY_NOT_OFFERED,
  // PAYMENT_METHOD_NOT_FOUND, PAYMENT_METHOD_REMOVED, CHARGE_EXISTS.
  struct Opened {
    Results results;
    std::vector<core::Charge> claimed;
  };
  absl::StatusOr<Opened> Open(const std::vector<core::ChargeRequest>& requests);
  // The charges as they are now. Open ones are gone on with first, all at once, unless somebody else is at it
  // or the gateway was asked just now. `claimed`: those of them that the caller has opened. CHARGE_NOT_FOUND.
  absl::StatusOr<Results> Drive(const std::vector<ChildName>& names, std::vector<core::Charge> claimed = {});

  // Gives it up for good, durably; talks to nobody: Drive finds out whether that came in time.
  // CHARGE_NOT_FOUND.
  absl::StatusOr<core::Charge> GiveUp(const Uuid& account_id, const Uuid& charge_id);

  // The same for refunds. Errors of core::OpenRefund; CHARGE_NOT_FOUND; CHARGE_EXISTS.
  absl::StatusOr<core::Refund> OpenRefund(const core::RefundRequest& request);
  absl::StatusOr<core::Refund> DriveRefund(const Uuid& refund_id);
  // Errors of core::SettleByHand; CHARGE_NOT_FOUND.
  absl::StatusOr<core::Refund> SettleRefund(const core::RefundName& name, const core::Settlement& settlement);

  // The job that finds out about open charges and refunds. Returns how many it asked about.
  absl::StatusOr<int> AskDue();

  // Oldest first; of one account or of all.
  absl::StatusOr<std::vector<ChargeBook>> Books(const std::optional<Uuid>& account_id,
                                                const std::optional<PagePosition>& after, int limit) {
    return store_.Books(account_id, after, limit);
  }

 private:
  // Takes those that are recorded already out of `places`.
  absl::Status TakeKnown(const std::vector<core::ChargeRequest>& requests, std::vector<size_t>& places,
                         Results& results);
  absl::StatusOr<const core::PaymentMethod*> Choose(const core::ChargeRequest& request,
                                                    const ChargedAccount& account);
  struct Chosen {
    size_t place = 0;
    const core::PaymentMethod* method = nullptr;  // or none
  };
  absl::Status OpenOn(const std::vector<core::ChargeRequest>& requests, const std::vector<Chosen>& chosen,
                      Opened& opened);
  absl::Status Store(const std::vector<core::ChargeRequest>& requests, std::vector<size_t> places,
                     absl::Time now, Opened& opened);

  // What came of asking about charges.
  struct Asked {
    int count = 0;
    std::vector<core::Charge> charges;  // as they are then
    std::vector<std::pair<Uuid, absl::Status>> unreadable;
  };
  absl::StatusOr<Asked> AskAbout(std::vector<Uuid> charge_ids, std::vector<core::Charge> claimed = {});
  absl::Status AskGateway(std::vector<ChargeOrder> orders, std::vector<core::Charge>& charges);
  absl::StatusOr<std::vector<core::Charge>> Record(const std::vector<ChargeOrder>& orders,
                                                   const std::vector<ChargeAnswer>& answers);
  absl::StatusOr<int> AskDueCharges();
  absl::StatusOr<int> AskDueRefunds();
  // After a failure of ours: lets it rest, so that one that cannot be read does not hold up the others.
  absl::Status PutOff(const Uuid& charge_id, const absl::Status& why);
  absl::Status PutOffRefund(const Uuid& refund_id, const absl::Status& why);
  // False if somebody else is at it or there was nothing to do.
  absl::StatusOr<bool> AskRefundOnce(const Uuid& refund_id);
  core::RefundOutcome Ask(const RefundOrder& order);

  ChargeStore& store_;
  PaymentMethodStore& method_store_;
  PaymentGateway& gateway_;
  PaymentMetrics& metrics_;
  const Clock& clock_;
};

}  // namespace perennial::payment_token
