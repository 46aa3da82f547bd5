#include "services/billing/gateways/document_text.h"

#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <array>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "libs/base/money.h"

namespace perennial::billing {
namespace {

using core::Language;

constexpr char kNarrowSpace[] = "\u202f";
constexpr char kSpace[] = "\u00a0";  // does not break

constexpr DocumentTexts kEnglish = {
    .invoice = "Invoice",
    .credit_note = "Credit note",
    .billed_to = "Billed to",
    .issue_date = "Date of issue",
    .paid_with = "Paid with",
    .order = "Order",
    .description = "Description",
    .rate = "VAT",
    .net = "Net",
    .net_total = "Net total",
    .total = "Total",
    .total_credited = "Total credited",
    .tax_id = "VAT no.",
    .notes = "Notes",
    .continued = "continued",
    .page_of = "of",
    .fingerprint = "Fingerprint",
};
constexpr DocumentTexts kFrench = {
    .invoice = "Facture",
    .credit_note = "Avoir",
    .billed_to = "Facturé à",
    .issue_date = "Date d’émission",
    .paid_with = "Payé avec",
    .order = "Commande",
    .description = "Désignation",
    .rate = "TVA",
    .net = "Montant HT",
    .net_total = "Total HT",
    .total = "Total TTC",
    .total_credited = "Total crédité",
    .tax_id = "N° TVA",
    .notes = "Mentions",
    .continued = "suite",
    .page_of = "sur",
    .fingerprint = "Empreinte",
};

constexpr std::array<const char*, 12> kEnglishMonths = {"January",   "February", "March",    "April",
                                                        "May",       "June",     "July",     "August",
                                                        "September", "October",  "November", "December"};
constexpr std::array<const char*, 12> kFrenchMonths = {"janvier",   "février", "mars",     "avril",
                                                       "mai",       "juin",    "juillet",  "août",
                                                       "septembre", "octobre", "novembre", "décembre"};

bool IsFrench(Language language) {
  return language == Language::kFrench;
}

}  // namespace

const DocumentTexts& TextsOf(Language language) {
  switch (language) {
    case Language::kEnglish:
      return kEnglish;
    case Language::kFrench:
      return kFrench;
  }
  std::abort();
}

std::string FormatAmount(int64_t minor, const std::string& currency, Language language) {
  const int digits = CurrencyDigits(currency);
  std::string text = std::to_string(std::abs(minor));
  if (text.size() <= static_cast<size_t>(digits)) text.insert(0, digits + 1 - text.size(), '0');
  std::string whole = text.substr(0, text.size() - digits);
  const std::string fraction = text.substr(text.size() - digits);
  for (int at = static_cast<int>(whole.size()) - 3; at > 0; at -= 3) {
    whole.insert(at, IsFrench(language) ? kNarrowSpace : ",");
  }
  const char* point = IsFrench(language) ? "," : ".";
  return absl::StrCat(minor < 0 ? "−" : "", whole, digits > 0 ? point : "", fraction);
}

std::string FormatPrice(int64_t minor, const std::string& currency, Language language) {
  const std::string amount = FormatAmount(minor, currency, language);
  const bool is_known = currency == "EUR" || currency == "GBP";
  const std::string sign = currency == "EUR" ? "€" : currency == "GBP" ? "£" : currency;
  if (IsFrench(language)) return absl::StrCat(amount, kSpace, sign);
  return absl::StrCat(sign, is_known ? "" : kSpace, amount);
}

std::string FormatDay(CivilDate day, Language language) {
  const bool french = IsFrench(language);
  const char* month = (french ? kFrenchMonths : kEnglishMonths)[day.month() - 1];
  const char* ordinal = french && day.day() == 1 ? "er" : "";
  return absl::StrCat(day.day(), ordinal, kSpace, month, kSpace, day.year());
}

std::string FormatPeriod(CivilDate start, CivilDate end, Language language) {
  return absl::StrCat(FormatDay(start, language), " – ", FormatDay(end - 1, language));
}

std::string FormatRate(int32_t rate_ppm, Language language) {
  std::string text = absl::StrCat(rate_ppm / 10'000);
  std::string fraction = absl::StrCat(10'000 + rate_ppm % 10'000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  if (!fraction.empty()) absl::StrAppend(&text, IsFrench(language) ? "," : ".", fraction);
  return absl::StrCat(text, kSpace, "%");
}

std::string CountryName(const std::string& country_code, Language language) {
  const icu::Locale& reader = IsFrench(language) ? icu::Locale::getFrench() : icu::Locale::getEnglish();
  icu::UnicodeString name;
  std::string text;
  return icu::Locale("", country_code.c_str()).getDisplayCountry(reader, name).toUTF8String(text);
}

}  // namespace perennial::billing
