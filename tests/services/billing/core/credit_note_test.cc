#include "services/billing/core/credit_note.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/status_matchers.h"

namespace perennial::billing::core {
namespace {

Bill Invoice(const std::vector<int64_t>& nets_minor, int32_t rate_ppm) {
  std::vector<ChargeLine> lines;
  for (int64_t net : nets_minor) {
    lines.push_back({"Gold", Uuid(), CivilDate(2027, 1, 1), CivilDate(2028, 1, 1), {"EUR", net}});
  }
  return *MakeBill(lines, {TaxTreatment::kStandard, "DE", rate_ppm}, Language::kEnglish);
}

}  // namespace

TEST_CASE("A credit note over all of it repeats the invoice") {
  const Bill invoice = Invoice({1000, 333, 7}, 190'000);
  const auto note = CreditOf(invoice, {}, std::nullopt);
  REQUIRE_OK(note);
  CHECK(*note == invoice);
}

TEST_CASE("A part is credited with its part of the tax") {
  const auto note = CreditOf(Invoice({10000}, 200'000), {}, 6000);
  REQUIRE_OK(note);
  CHECK(note->net_minor == 5000);
  CHECK(note->tax_minor == 1000);
  CHECK(note->total_minor == 6000);
}

TEST_CASE("Never more is credited than was invoiced") {
  const Bill invoice = Invoice({100}, 190'000);
  CHECK_REFUSED(CreditOf(invoice, {}, 120), "CREDIT_EXCEEDS_INVOICE");
  const auto part = CreditOf(invoice, {}, 100);
  REQUIRE_OK(part);
  CHECK_REFUSED(CreditOf(invoice, {*part}, 20), "CREDIT_EXCEEDS_INVOICE");
  const auto rest = CreditOf(invoice, {*part}, std::nullopt);
  REQUIRE_OK(rest);
  CHECK(rest->total_minor == 19);
  CHECK_REFUSED(CreditOf(invoice, {*part, *rest}, std::nullopt), "CREDIT_EXCEEDS_INVOICE");
  CHECK_REFUSED(CreditOf(invoice, {}, 0), "AMOUNT_INVALID");
  CHECK_REFUSED(CreditOf(invoice, {}, -5), "AMOUNT_INVALID");
}

TEST_CASE("An invoice of 0 can be credited once") {
  const Bill invoice = Invoice({0}, 190'000);
  const auto note = CreditOf(invoice, {}, std::nullopt);
  REQUIRE_OK(note);
  CHECK(note->total_minor == 0);
  CHECK_REFUSED(CreditOf(invoice, {*note}, std::nullopt), "CREDIT_EXCEEDS_INVOICE");
}

TEST_CASE("Credit notes in any steps sum to the invoice, line by line and rate by rate") {
  CHECK(rc::check("any invoice, any steps", [] {
    const auto nets =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 100'000)));
    const Bill invoice = Invoice(nets, *rc::gen::inRange<int32_t>(0, 300'000));
    RC_PRE(invoice.total_minor > 0);
    std::vector<Bill> notes;
    int64_t left = invoice.total_minor;
    int64_t credited_tax = 0;
    while (left > 0) {
      const bool is_last = notes.size() > 10;
      const int64_t amount = is_last ? left : *rc::gen::inRange<int64_t>(1, left + 1);
      const auto note = CreditOf(invoice, notes, amount);
      RC_ASSERT(note.ok());
      RC_ASSERT(note->total_minor == amount);
      for (const InvoiceLine& line : note->lines) RC_ASSERT(line.net_minor >= 0 && line.tax_minor >= 0);
      credited_tax += note->tax_minor;
      left -= amount;
      const Rational exact(Int128{invoice.tax_minor} * (invoice.total_minor - left), invoice.total_minor);
      RC_ASSERT(credited_tax == exact.Round());
      notes.push_back(*note);
    }
    for (size_t i = 0; i < nets.size(); ++i) {
      int64_t net = 0;
      int64_t tax = 0;
      for (const Bill& note : notes) {
        net += note.lines[i].net_minor;
        tax += note.lines[i].tax_minor;
      }
      RC_ASSERT(net == invoice.lines[i].net_minor);
      RC_ASSERT(tax == invoice.lines[i].tax_minor);
    }
    RC_ASSERT(credited_tax == invoice.tax_minor);
    RC_ASSERT(!CreditOf(invoice, notes, 1).ok());
    for (const Bill& note : notes) {
      int64_t net = 0;
      int64_t tax = 0;
      for (const InvoiceLine& line : note.lines) {
        net += line.net_minor;
        tax += line.tax_minor;
      }
      RC_ASSERT(net == note.net_minor && tax == note.tax_minor);
      RC_ASSERT(note.tax_lines[0].net_minor == net && note.tax_lines[0].tax_minor == tax);
    }
  }));
}

}  // namespace perennial::billing::core
