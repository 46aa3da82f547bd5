#include "services/billing/core/document.h"

#include <catch2/catch.hpp>

namespace perennial::billing::core {
namespace {

const Party kSeller{"Perennial SAS", "", {"1 rue"}, "75001", "Paris", "", "FR", "FR11123456782"};
const absl::Time kNewYear = absl::FromCivil(absl::CivilSecond(2026, 12, 31, 23, 30, 0), absl::UTCTimeZone());

Bill SomeBill(TaxPosition position, Language language = Language::kEnglish) {
  return *MakeBill({{"Gold", Uuid(), CivilDate(2027, 1, 1), CivilDate(2028, 1, 1), {"EUR", 10'000}}},
                   position, language);
}

ProForma SomeProForma(const std::string& zone, const Bill& bill, Language language = Language::kEnglish) {
  ProForma pro_forma;
  pro_forma.language = language;
  pro_forma.time_zone = zone;
  pro_forma.buyer = Party{"Ada", "", {}, "", "", "", "DE", ""};
  pro_forma.bill = bill;
  return pro_forma;
}

const TaxPosition kGerman{TaxTreatment::kStandard, "DE", 190'000};

}  // namespace

TEST_CASE("Series and printed date are of the seller's day, so that numbers and dates run together (R27)") {
  Document draft =
      DraftInvoice(SomeProForma("America/New_York", SomeBill(kGerman)), Uuid(), kSeller, kNewYear);
  Number(draft, 42, kNewYear);
  CHECK(NumberOf(draft) == "INV-FR-2027-000042");  // half past midnight in Paris
  CHECK(draft.issue_date == CivilDate(2027, 1, 1));
}

TEST_CASE("Credit notes have a series of their own, and name their invoice and reason") {
  Document invoice = DraftInvoice(SomeProForma("Europe/Paris", SomeBill(kGerman), Language::kFrench), Uuid(),
                                  kSeller, kNewYear);
  Number(invoice, 7, kNewYear);
  Document note = DraftCreditNote(invoice, invoice.bill, CreditReason::kNotDelivered, Uuid(), kNewYear);
  CHECK(note.sequence_number == 0);
  Number(note, 1, kNewYear);
  CHECK(NumberOf(note) == "CN-FR-2027-000001");
  REQUIRE(note.notes.size() == 2);
  CHECK(note.notes[0] == "Avoir sur la facture INV-FR-2027-000007 du 2027-01-01.");
  CHECK(note.credited_invoice_id == invoice.id);
}

TEST_CASE("Reverse charge carries the note that the law wants") {
  const Document invoice =
      DraftInvoice(SomeProForma("Europe/Berlin", SomeBill({TaxTreatment::kReverseCharge, "DE", 0})), Uuid(),
                   kSeller, kNewYear);
  REQUIRE(invoice.notes.size() == 1);
  CHECK(invoice.notes[0].find("Reverse charge") == 0);
}

}  // namespace perennial::billing::core
