#pragma once

#include <cstdint>
#include <string>

#include "services/billing/core/document.h"

// What stands on a printed document beside what the document itself says, in its language.
namespace perennial::billing {

struct DocumentTexts {
  const char* invoice;
  const char* credit_note;
  const char* billed_to;
  const char* issue_date;
  const char* paid_with;
  const char* order;
  const char* description;
  const char* rate;
  const char* net;
  const char* net_total;
  const char* total;
  const char* total_credited;
  const char* tax_id;
  const char* notes;
  const char* continued;
  const char* page_of;  // between the page's number and how many there are
  const char* fingerprint;
};
const DocumentTexts& TextsOf(core::Language language);

// "1,234.56", in French "1 234,56": with the currency's digits and no sign of it.
std::string FormatAmount(int64_t minor, const std::string& currency, core::Language language);
// "€1,234.56", "1 234,56 €"; with the code for currencies whose sign is not known everywhere.
std::string FormatPrice(int64_t minor, const std::string& currency, core::Language language);
// "1 January 2027", "1er janvier 2027".
std::string FormatDay(CivilDate day, core::Language language);
// Of a half-open interval, as people count: up to and including its last day.
std::string FormatPeriod(CivilDate start, CivilDate end, core::Language language);
// "19 %", "25.5 %", "25,5 %".
std::string FormatRate(int32_t rate_ppm, core::Language language);
// A country's name, as ICU has it.
std::string CountryName(const std::string& country_code, core::Language language);

}  // namespace perennial::billing
