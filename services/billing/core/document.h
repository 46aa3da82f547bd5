#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/event.h"
#include "libs/base/uuid.h"
#include "services/billing/core/billing_profile.h"
#include "services/billing/core/tax.h"

namespace perennial::billing::core {

enum class ProFormaState { kOpen, kIssued, kCancelled };

// A bill that is no legal document yet.
struct ProForma {
  Uuid order_id;
  std::optional<Uuid> account_id;  // nothing once the account is deleted (R7)
  Uuid account_pseudonym;
  ProFormaState state = ProFormaState::kOpen;
  Language language = Language::kEnglish;
  std::string time_zone;
  std::optional<Party> buyer;  // only while open: then the invoice has it
  Bill bill;
  std::optional<Uuid> invoice_id;
  absl::Time created_at;
};

enum class DocumentKind { kInvoice, kCreditNote };
enum class CreditReason { kNotDelivered, kWithdrawal, kCorrection };

// An invoice or credit note. Once it has its number it never changes (R26).
struct Document {
  DocumentKind kind = DocumentKind::kInvoice;
  Uuid id;
  std::optional<Uuid> account_id;  // nothing once the account is deleted (R7)
  Uuid account_pseudonym;
  std::string series;           // "INV-FR-2027"
  int64_t sequence_number = 0;  // 0: a draft, not numbered yet
  absl::Time issue_time;
  CivilDate issue_date;  // where the seller is
  Language language = Language::kEnglish;
  std::string time_zone;
  Party seller;
  Party buyer;
  Bill bill;
  Uuid order_id;
  std::optional<Uuid> charge_id;  // of the payment, or of the payment that was refunded
  std::optional<Uuid> refund_id;
  std::optional<Uuid> credited_invoice_id;
  std::string payment_description;
  std::vector<std::string> notes;
  std::string hash;  // its link in the chain of its series, in hex; empty: a draft

  bool operator==(const Document&) const = default;
};

// "INV-FR-2027-000042".
std::string NumberOf(const Document& document);

// The account in names of the document: the account itself or, after its deletion, its pseudonym.
Uuid NamedAccount(const Document& document);

// An invoice that lacks only its number and its time. The pro-forma must be open.
Document DraftInvoice(const ProForma& pro_forma, const Uuid& id, const Party& seller, absl::Time now);

// A credit note for `bill`, of the invoice's seller, that lacks only its number and its time.
Document DraftCreditNote(const Document& invoice, const Bill& bill, CreditReason reason, const Uuid& id,
                         absl::Time now);

// Gives a draft its place in its series.
void Number(Document& draft, int64_t sequence_number, absl::Time issue_time);

// invoice.issued or credit_note.issued.
Event IssuedEvent(const Document& document);

}  // namespace perennial::billing::core
