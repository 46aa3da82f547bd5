#include "services/billing/core/document.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/base/resource_name.h"
#include "services/billing/core/country.h"

namespace perennial::billing::core {
namespace {

CivilDate DayOf(const Party& seller, absl::Time time) {
  const VatState* state = VatStateOf(seller.country_code);
  return state ? DayIn(*state, time) : DateAt(time, absl::UTCTimeZone());
}

// A series is one seller's, of one kind and of one year where the seller is.
std::string SeriesOf(DocumentKind kind, const Party& seller, absl::Time now) {
  const CivilDate day = DayOf(seller, now);
  const char* prefix = kind == DocumentKind::kInvoice ? "INV" : "CN";
  return absl::StrCat(prefix, "-", seller.country_code, "-", day.year());
}

std::string TreatmentNote(const TaxLine& line, Language language) {
  const bool french = language == Language::kFrench;
  switch (line.treatment) {
    case TaxTreatment::kStandard:
      return "";
    case TaxTreatment::kReverseCharge:
      if (VatStateOf(line.country_code) == nullptr) {
        return french ? "Autoliquidation : la taxe est due par le preneur dans son pays."
                      : "Reverse charge: the tax is to be accounted for by the recipient in their country.";
      }
      return french ? "Autoliquidation : la TVA est due par le preneur (article 196 de la directive "
                      "2006/112/CE)."
                    : "Reverse charge: VAT is to be accounted for by the recipient (Article 196 of Directive "
                      "2006/112/EC).";
    case TaxTreatment::kOutOfScope:
      return french ? "TVA non applicable : lieu de prestation hors de l'Union européenne (articles 44 et 58 "
                      "de la "
                      "directive 2006/112/CE)."
                    : "Not subject to EU VAT: place of supply outside of the EU (Articles 44 and 58 of "
                      "Directive "
                      "2006/112/EC).";
  }
  std::abort();
}

std::string ReasonNote(CreditReason reason, bool french) {
  switch (reason) {
    case CreditReason::kNotDelivered:
      return french ? "Motif : la prestation n'a pas pu être fournie."
                    : "Reason: the service could not be delivered.";
    case CreditReason::kWithdrawal:
      return french ? "Motif : rétractation du client." : "Reason: the customer withdrew.";
    case CreditReason::kCorrection:
      return french ? "Motif : rectification de la facture." : "Reason: correction of the invoice.";
  }
  std::abort();
}

std::vector<std::string> TaxNotes(const Bill& bill, Language language) {
  std::vector<std::string> notes;
  for (const TaxLine& line : bill.tax_lines) {
    std::string note = TreatmentNote(line, language);
    if (!note.empty()) notes.push_back(std::move(note));
  }
  return notes;
}

}  // namespace

std::string NumberOf(const Document& document) {
  return absl::StrFormat("%s-%06d", document.series, document.sequence_number);
}

Uuid NamedAccount(const Document& document) {
  return document.account_id.value_or(document.account_pseudonym);
}

Document DraftInvoice(const ProForma& pro_forma, const Uuid& id, const Party& seller, absl::Time now) {
  Document draft;
  draft.kind = DocumentKind::kInvoice;
  draft.id = id;
  draft.account_id = pro_forma.account_id;
  draft.account_pseudonym = pro_forma.account_pseudonym;
  draft.series = SeriesOf(draft.kind, seller, now);
  draft.issue_time = now;
  draft.language = pro_forma.language;
  draft.time_zone = pro_forma.time_zone;
  draft.seller = seller;
  draft.buyer = pro_forma.buyer.value();
  draft.bill = pro_forma.bill;
  draft.order_id = pro_forma.order_id;
  draft.notes = TaxNotes(draft.bill, draft.language);
  return draft;
}

Document DraftCreditNote(const Document& invoice, const Bill& bill, CreditReason reason, const Uuid& id,
                         absl::Time now) {
  const bool french = invoice.language == Language::kFrench;
  Document draft = invoice;
  draft.kind = DocumentKind::kCreditNote;
  draft.id = id;
  draft.series = SeriesOf(draft.kind, draft.seller, now);
  draft.sequence_number = 0;
  draft.hash.clear();
  draft.issue_time = now;
  draft.bill = bill;
  draft.credited_invoice_id = invoice.id;
  draft.notes = TaxNotes(bill, invoice.language);
  const std::string date = FormatDate(invoice.issue_date);
  draft.notes.push_back(french ? absl::StrCat("Avoir sur la facture ", NumberOf(invoice), " du ", date, ".")
                               : absl::StrCat("Credits invoice ", NumberOf(invoice), " of ", date, "."));
  draft.notes.push_back(ReasonNote(reason, french));
  return draft;
}

void Number(Document& draft, int64_t sequence_number, absl::Time issue_time) {
  draft.sequence_number = sequence_number;
  draft.issue_time = issue_time;
  // The seller's day, as the series: by the customers' zones dates would run against numbers (R27).
  draft.issue_date = DayOf(draft.seller, issue_time);
}

Event IssuedEvent(const Document& document) {
  Event event;
  event.id = Uuid::DeriveInOrder(document.id, "issued");
  event.type = document.kind == DocumentKind::kInvoice ? "invoice.issued" : "credit_note.issued";
  event.account_id = NamedAccount(document);
  event.subject = MakeChildName(event.account_id, "invoices", document.id);
  event.occurred_at = document.issue_time;
  event.attributes = {{"number", NumberOf(document)},
                      {"total_minor", absl::StrCat(document.bill.total_minor)},
                      {"currency", document.bill.currency},
                      {"order", MakeChildName(event.account_id, "orders", document.order_id)}};
  return event;
}

}  // namespace perennial::billing::core
