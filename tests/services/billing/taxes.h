#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "services/billing/storage/tax_file.h"

namespace perennial::billing {

// The table as it is shipped.
inline std::string TaxesText() {
  std::ifstream stream(PERENNIAL_TAX_TABLE_FILE);
  std::ostringstream content;
  content << stream.rdbuf();
  return content.str();
}

inline core::TaxTable Taxes() {
  auto taxes = ParseTaxes(TaxesText());
  if (!taxes.ok()) std::abort();
  return *std::move(taxes);
}

}  // namespace perennial::billing
