#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/domain_mailbox/core/change.h"
#include "services/domain_mailbox/core/outcome.h"
#include "services/domain_mailbox/core/zone.h"

// What the use cases need of the outside. The three back ends are shaped for real ones: they may be slow,
// answer "later", or not at all. None of them may be called inside a transaction.
namespace perennial::domain_mailbox {

// A registrar's or registry's interface (EPP's commands). Operations are idempotent by `operation`, which
// becomes the client transaction id; renewals also by the expected expiry.
class Registrar {
 public:
  virtual ~Registrar() = default;
  virtual core::Availability Check(absl::string_view name) = 0;
  virtual core::RegistryInfo Info(absl::string_view name) = 0;
  // `holder`: the domain's id; becomes the registrant's handle, by which Info knows our own again.
  virtual core::Outcome Create(const Uuid& operation, absl::string_view name, const Uuid& holder,
                               int years) = 0;
  virtual core::Outcome Renew(const Uuid& operation, absl::string_view name, absl::Time expected_expiry,
                              int years) = 0;
  virtual core::Outcome Restore(const Uuid& operation, absl::string_view name) = 0;
  virtual core::Outcome Delete(const Uuid& operation, absl::string_view name) = 0;
};

// Takes a whole zone as it should be. Idempotent.
class DnsProvider {
 public:
  virtual ~DnsProvider() = default;
  virtual core::Outcome Apply(const core::Zone& zone) = 0;
  virtual core::Outcome Remove(absl::string_view domain_name) = 0;
};

// Mailboxes by an id that is never used again. All idempotent by it.
class MailProvider {
 public:
  virtual ~MailProvider() = default;
  virtual core::MailInfo Look(const Uuid& id) = 0;
  virtual core::Outcome Create(const Uuid& id, absl::string_view address, int quota_mib) = 0;
  virtual core::Outcome SetPassword(const Uuid& id, absl::string_view password_hash) = 0;
  // No sign-in and no mail in; mail and password are kept (R30).
  virtual core::Outcome Suspend(const Uuid& id) = 0;
  virtual core::Outcome Resume(const Uuid& id) = 0;
  // Suspends, and frees the address; the mail is kept until Delete.
  virtual core::Outcome Detach(const Uuid& id) = 0;
  virtual core::Outcome Delete(const Uuid& id) = 0;
};

// A domain name in its two forms (IDNA 2008, RFC 5890).
struct NameForms {
  std::string a_labels;  // stored: ASCII, lower case
  std::string display;   // Unicode
};
class NameCodec {
 public:
  virtual ~NameCodec() = default;
  // From what a person typed. Nothing if it is no name, or would silently become another one.
  virtual std::optional<NameForms> Read(absl::string_view typed) const = 0;
};

// Whose decision is asked for: what to lock and look up for it.
struct SituationKey {
  Uuid product_id;
  std::optional<Uuid> account_id = std::nullopt;  // whether it is deleted; else that of the product
  std::optional<Uuid> order_id = std::nullopt;    // the delivery
  std::string domain_name = "";                   // a name wanted for a new domain
  std::optional<Uuid> domain_id = std::nullopt;   // of a mailbox to be made
  std::string local_part = "";                    // wanted on domain_id
};

// Domains, mailboxes and their deliveries, by the product's id.
class ProductStore {
 public:
  virtual ~ProductStore() = default;

  // Reads and locks the situation, asks `decide`, and writes the change, in one transaction. `decide` may be
  // asked more than once.
  using Decide = absl::FunctionRef<absl::StatusOr<core::Change>(const core::Situation&)>;
  virtual absl::Status Update(const SituationKey& key, Decide decide) = 0;

  virtual absl::StatusOr<std::optional<core::Delivery>> FindDelivery(const Uuid& order_id,
                                                                     const Uuid& product_id) = 0;
  virtual absl::StatusOr<std::optional<core::Domain>> FindDomain(const Uuid& id) = 0;
  virtual absl::StatusOr<std::optional<core::Mailbox>> FindMailbox(const Uuid& id) = 0;
  // Whether a living domain has the name; whether a living mailbox of the domain has the local part.
  virtual absl::StatusOr<bool> HasDomain(absl::string_view name) = 0;
  virtual absl::StatusOr<bool> HasMailbox(const Uuid& domain_id, absl::string_view local_part) = 0;

  // Not deleted ones, ascending, after a name or address.
  virtual absl::StatusOr<std::vector<core::Domain>> ListDomains(const Uuid& account_id,
                                                                absl::string_view after, int limit) = 0;
  virtual absl::StatusOr<std::vector<core::Mailbox>> ListMailboxes(const Uuid& account_id,
                                                                   absl::string_view after, int limit) = 0;

  // All of the account's, for its export (R7).
  struct Holdings {
    std::vector<core::Domain> domains;
    std::vector<core::Mailbox> mailboxes;
    std::vector<core::Delivery> deliveries;
  };
  virtual absl::StatusOr<Holdings> ReadHoldings(const Uuid& account_id) = 0;
  // Ends all of the account's for good, mail at once, and forgets its deliveries (R7). The rows themselves go
  // when the back ends have let go.
  virtual absl::Status DeleteAccount(const Uuid& account_id, absl::Time now) = 0;
};

// Products that something is due for, each worked on by one worker at a time, in all processes.
class WorkQueue {
 public:
  virtual ~WorkQueue() = default;
  // Products with work due at `now` that nobody holds; now held until released or `until`.
  virtual absl::StatusOr<std::vector<Uuid>> Claim(const Uuid& holder, absl::Time now, absl::Time until,
                                                  int limit) = 0;
  virtual absl::StatusOr<bool> ClaimOne(const Uuid& product_id, const Uuid& holder, absl::Time now,
                                        absl::Time until) = 0;
  virtual absl::Status Release(const Uuid& product_id, const Uuid& holder) = 0;
  // The product's deliveries that are due, oldest first.
  virtual absl::StatusOr<std::vector<core::Delivery>> DueDeliveries(const Uuid& product_id,
                                                                    absl::Time now) = 0;
};

// Counts what became of deliveries.
class DeliveryMeter {
 public:
  virtual ~DeliveryMeter() = default;
  virtual void Count(const core::Task& task, core::DeliveryState state) = 0;
  virtual void CountUpkeepFailure() = 0;
  virtual void CountMissingName() = 0;
};

}  // namespace perennial::domain_mailbox
