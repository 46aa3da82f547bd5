#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/money.h"
#include "libs/base/uuid.h"
#include "services/billing/core/billing_profile.h"
#include "services/billing/core/document.h"
#include "services/billing/core/ledger.h"
#include "services/billing/core/series_chain.h"
#include "services/billing/core/tax_id_check.h"

namespace perennial::billing {

// What each item of a batch came to, in the order of the items. A fault of the whole batch is no outcome.
template <typename T>
using Outcomes = std::vector<absl::StatusOr<T>>;

class BillingProfileStore {
 public:
  virtual ~BillingProfileStore() = default;

  // An empty profile if there is none.
  virtual absl::StatusOr<core::BillingProfile> Get(const Uuid& account_id) = 0;

  // By account; those that were never set are missing.
  virtual absl::StatusOr<std::map<Uuid, core::BillingProfile>> GetAll(
      const std::vector<Uuid>& account_ids) = 0;

  // Stores what `decide` makes of the profile, under the next version, and tells if its tax is another one.
  // `decide` may run again.
  // Refusals: decide's, ACCOUNT_DELETED.
  virtual absl::StatusOr<core::BillingProfile> Update(
      const Uuid& account_id,
      absl::FunctionRef<absl::StatusOr<core::BillingProfile>(const core::BillingProfile&)> decide) = 0;

  // Accounts whose tax id is to be asked about, which are not handed out again before `lease_until`.
  virtual absl::StatusOr<std::vector<Uuid>> ClaimTaxIdChecks(absl::Time now, absl::Time lease_until,
                                                             int limit) = 0;

  // Stores a check's result in the profile, unless its tax id is another one by now, and tells if its tax is
  // another one. The version stays: what the customer wrote did not change.
  virtual absl::Status RecordTaxIdCheck(const Uuid& account_id, const core::BillingProfile& profile,
                                        absl::Time now) = 0;

  // Deletes the profile and the tie between the account and its pseudonym, for good (R7). Documents stay.
  virtual absl::Status ForgetAccount(const Uuid& account_id, absl::Time now) = 0;
};

// Tells whether tax ids were given out: VIES. Answers within seconds; kUnverified if it cannot.
class TaxIdRegistry {
 public:
  virtual ~TaxIdRegistry() = default;
  virtual core::TaxIdAnswer Ask(const std::string& tax_id) = 0;
};

struct Issued {
  core::Document document;
  bool is_new = false;  // false: it was there before
};

// An order to be invoiced, and the charge that paid it.
struct PaidOrder {
  Uuid order_id;
  std::optional<Uuid> charge_id;
};

// Where a page begins: after this document or entry.
struct PagePosition {
  absl::Time time;
  Uuid id;
};

// A pro-forma as it was read, and what it is to be now.
struct RenewedProForma {
  core::ProForma read;
  core::ProForma renewed;
};

class InvoiceStore {
 public:
  virtual ~InvoiceStore() = default;

  // By order; those that have none are missing.
  virtual absl::StatusOr<std::map<Uuid, core::ProForma>> FindProFormas(
      const std::vector<Uuid>& order_ids) = 0;

  // Stores them, no two of one order, each under the pseudonym of its account, which is made if need be.
  // Outcomes: what the order has, this one or one that was there before; ACCOUNT_DELETED.
  virtual absl::StatusOr<Outcomes<core::ProForma>> AddProFormas(
      const std::vector<core::ProForma>& pro_formas) = 0;

  // Puts each one's bill and buyer in the place of its order's, if that is open still. Outcomes: what the
  // order has then; PRO_FORMA_NOT_FOUND; REQUEST_IN_PROGRESS if it is open and not as it was read: somebody
  // else renewed it, and may have charged that.
  virtual absl::StatusOr<Outcomes<core::ProForma>> RenewProFormas(
      const std::vector<RenewedProForma>& pro_formas) = 0;

  // Cancels it if `decide` agrees. Refusals: decide's, PRO_FORMA_NOT_FOUND.
  virtual absl::StatusOr<core::ProForma> CancelProForma(
      const Uuid& order_id, absl::FunctionRef<absl::Status(const core::ProForma&)> decide) = 0;

  // Makes invoices of the orders' pro-formas, no two of one order or charge: one transaction numbers what
  // `decide` drafts of the n-th, stores it, posts it to the ledger, tells of it, and marks the pro-forma.
  // `decide` may also return `issued`, the order's invoice, to have it as it is, or refuse: then nothing is
  // done for this one. The pro-formas are locked meanwhile. Outcomes: decide's, PRO_FORMA_NOT_FOUND,
  // INVOICE_ALREADY_ISSUED (another order's invoice has this charge; the status, if it gets it meanwhile).
  virtual absl::StatusOr<Outcomes<Issued>> Issue(
      const std::vector<PaidOrder>& orders,
      absl::FunctionRef<absl::StatusOr<core::Document>(size_t n, const core::ProForma&,
                                                       const core::Document* issued)>
          decide) = 0;

  // The same for a credit note on one order's invoice. Refusals: decide's, INVOICE_NOT_FOUND.
  virtual absl::StatusOr<Issued> Credit(
      const Uuid& order_id,
      absl::FunctionRef<absl::StatusOr<core::Document>(const core::Document& invoice,
                                                       const std::vector<core::Document>& credit_notes)>
          decide) = 0;

  // Refusals: INVOICE_NOT_FOUND, also for another account's.
  virtual absl::StatusOr<core::Document> Get(const Uuid& account_id, const Uuid& id) = 0;

  // By issue_time and id, newest first.
  virtual absl::StatusOr<std::vector<core::Document>> List(const Uuid& account_id,
                                                           std::optional<core::DocumentKind> kind,
                                                           std::optional<PagePosition> after, int limit) = 0;
};

// Makes a file of a document.
class InvoiceWriter {
 public:
  virtual ~InvoiceWriter() = default;
  // `credited`: the invoice that a credit note corrects, null for an invoice.
  virtual absl::StatusOr<std::string> Write(const core::Document& document,
                                            const core::Document* credited) const = 0;
};

// Numbers of one seller, kind and year: "INV-FR-2027".
struct NumberSeries {
  std::string name;
  int64_t last_number;  // that was given out
  absl::Time last_issue_time;
};

class SeriesStore {
 public:
  virtual ~SeriesStore() = default;
  // By name, after this one.
  virtual absl::StatusOr<std::vector<NumberSeries>> List(const std::string& after_name, int limit) = 0;
  // Refusals: INVOICE_SERIES_NOT_FOUND.
  virtual absl::StatusOr<NumberSeries> Get(const std::string& name) = 0;
  // By number, after this one.
  virtual absl::StatusOr<std::vector<core::ChainLink>> ReadChain(const std::string& name,
                                                                 int64_t after_number, int limit) = 0;
};

// A document without its parties and lines, as the books keep it.
struct BookedDocument {
  core::DocumentKind kind;
  Uuid id;
  Uuid named_account_id;  // the account or, after its deletion, its pseudonym
  Uuid account_pseudonym;
  std::string series;
  int64_t sequence_number;
  absl::Time issue_time;
  Uuid order_id;
  std::optional<Uuid> charge_id;
  std::optional<Uuid> refund_id;
  std::optional<Uuid> credited_invoice_id;
  std::string currency;
  int64_t net_minor;
  int64_t tax_minor;
  int64_t total_minor;
};

struct BookedEntry {
  core::JournalEntry entry;
  // Of the document; nothing for recognition, which is of many.
  std::optional<Uuid> order_id;
  std::optional<Uuid> named_account_id;
};

struct LedgerBalance {
  core::LedgerAccount account;
  std::string currency;
  int64_t debit_minor;
  int64_t credit_minor;
};

// One ledger account in one currency.
struct LedgerColumn {
  core::LedgerAccount account;
  std::string currency;
};

class LedgerStore {
 public:
  virtual ~LedgerStore() = default;
  // Entries posted before `before`, by currency and account.
  virtual absl::StatusOr<std::vector<LedgerBalance>> TrialBalance(absl::Time before) = 0;
  // By time and id, oldest first.
  virtual absl::StatusOr<std::vector<BookedEntry>> ListEntries(std::optional<PagePosition> after,
                                                               int limit) = 0;
  // Those that move the account, posted before `before`; in the same order.
  virtual absl::StatusOr<std::vector<BookedEntry>> ListColumn(const LedgerColumn& column, PagePosition after,
                                                              absl::Time before, int limit) = 0;
  // Debit less credit of the entries up to and with `through`.
  virtual absl::StatusOr<int64_t> BalanceThrough(const LedgerColumn& column, PagePosition through) = 0;
  virtual absl::StatusOr<std::vector<BookedDocument>> ListDocuments(std::optional<PagePosition> after,
                                                                    int limit) = 0;

  // Keeps the sums of the oldest UTC day that has none yet and ended before `before`. False if there is none.
  virtual absl::StatusOr<bool> CloseDay(absl::Time before) = 0;
};

// Lines and time zones whose days become income.
class RecognitionStore {
 public:
  struct Zone {
    std::string time_zone;
    CivilDate through;  // its last day that is income
  };
  struct Booked {
    int count = 0;               // lines or days
    std::vector<Money> amounts;  // by currency, none of 0
  };

  virtual ~RecognitionStore() = default;
  // One that has lines which are not taken in yet.
  virtual absl::StatusOr<std::optional<std::string>> ZoneWithNewLines() = 0;
  // Books the days of at most `limit` of them that the zone is through with, and takes them in.
  virtual absl::StatusOr<Booked> TakeIn(const std::string& time_zone, absl::Time now, int limit) = 0;

  // One that has a day that is over and not income yet.
  virtual absl::StatusOr<std::optional<Zone>> ZoneDue(absl::Time now) = 0;
  // Books the day after `zone.through`, unless somebody else did.
  virtual absl::StatusOr<Booked> BookNextDay(const Zone& zone, absl::Time now) = 0;
};

}  // namespace perennial::billing
