// Reads lines of COUNTRY and TAX ID and writes 1 or 0 for each: what core::IsTaxId says. For
// tests/platform/tax-ids.test.mjs, which compares it with a library of other people.
#include <iostream>
#include <string>

#include "services/billing/core/tax_id.h"

int main() {
  std::string country;
  std::string tax_id;
  while (std::cin >> country >> tax_id) {
    std::cout << (perennial::billing::core::IsTaxId(country, tax_id) ? "1\n" : "0\n");
  }
}
