#pragma once

#include <string>
#include <utility>
#include <vector>

#include "services/billing/core/document.h"

namespace perennial::billing {

// Documents of all kinds, to be looked at and read back by others' programs, by file name.
inline std::vector<std::pair<std::string, core::Document>> SampleDocuments() {
  using namespace core;
  const Party seller{"Perennial SAS", "", {"1 place de l’Exemple"}, "75001", "Paris", "", "FR",
                     "FR11123456782"};
  const Party consumer{
      "Camille <Desmoulins> & \"Fils\"", "", {"14 rue des Lilas"}, "69003", "Lyon", "", "FR", ""};
  const Party company{"Ada Lovelace",
                      "Analytical Engines GmbH",
                      {"Lindenstraße 12", "2. Hof", "links"},
                      "10969",
                      "Berlin",
                      "Berlin",
                      "DE",
                      "DE136695976"};
  const Party nobody{"", "", {}, "", "", "", "FR", ""};
  const Party american{"Grace Hopper", "COBOL Inc.", {"1 Main St"}, "10001",
                       "New York",     "NY",         "US",          "123456789"};
  const absl::Time now = absl::FromCivil(absl::CivilSecond(2027, 1, 15, 9, 30, 0), absl::UTCTimeZone());
  const auto make = [&](const Party& buyer, Language language, const TaxPosition& position,
                        std::vector<int64_t> nets, const std::string& currency = "EUR") {
    std::vector<ChargeLine> lines;
    for (size_t i = 0; i < nets.size(); ++i) {
      const bool french = language == Language::kFrench;
      const char* what =
          i % 3 == 0   ? (french ? "Formule Gold, site « Atelier »" : "Gold plan, site “Atelier”")
          : i % 3 == 1 ? (french ? "Nom de domaine atelier.example" : "Domain atelier.example")
                       : (french ? "Boîte bonjour@atelier.example" : "Mailbox hello@atelier.example");
      lines.push_back({what, Uuid(), CivilDate(2027, 1, 15), CivilDate(2028, 1, 15), {currency, nets[i]}});
    }
    ProForma pro_forma;
    pro_forma.language = language;
    pro_forma.time_zone = "Europe/Paris";
    pro_forma.bill = *MakeBill(lines, position, language);
    pro_forma.buyer = buyer;
    Document document = DraftInvoice(pro_forma, Uuid(), seller, now);
    document.payment_description = "Visa •••• 4242";
    Number(document, 42, now);
    document.hash = std::string(64, 'f');
    return document;
  };
  const TaxPosition french{TaxTreatment::kStandard, "FR", 200'000};
  const Document credited = make(consumer, Language::kEnglish, french, {118'800, 1'290, 333});
  Document note = DraftCreditNote(credited, credited.bill, CreditReason::kWithdrawal, Uuid(), now);
  Number(note, 3, now);
  note.hash = std::string(64, 'e');
  std::vector<int64_t> many;
  for (int64_t i = 0; i < 100; ++i) many.push_back(999 + 7'919 * i % 12'345);
  return {
      {"consumer", credited},
      {"consommateur", make(consumer, Language::kFrench, french, {118'800, 1'290})},
      {"reverse-charge",
       make(company, Language::kEnglish, {TaxTreatment::kReverseCharge, "DE", 0}, {118'800})},
      {"autoliquidation", make(company, Language::kFrench, {TaxTreatment::kReverseCharge, "DE", 0}, {5, 7})},
      {"outside", make(american, Language::kEnglish, {TaxTreatment::kOutOfScope, "US", 0}, {2'388}, "USD")},
      {"nobody", make(nobody, Language::kEnglish, french, {1})},
      {"free", make(consumer, Language::kEnglish, french, {0})},
      {"credit-note", note},
      {"hundred-lines", make(company, Language::kFrench, {TaxTreatment::kStandard, "FI", 255'000}, many)}};
}

}  // namespace perennial::billing
