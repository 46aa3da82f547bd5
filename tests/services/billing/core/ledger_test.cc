#include "services/billing/core/ledger.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <map>

#include "services/billing/core/credit_note.h"

namespace perennial::billing::core {
namespace {

using Balances = std::map<LedgerAccount, int64_t>;

int64_t SumOf(const JournalEntry& entry) {
  int64_t sum = 0;
  for (const Posting& posting : entry.postings) sum += posting.amount_minor;
  return sum;
}

void Add(Balances& balances, const std::vector<JournalEntry>& entries) {
  for (const JournalEntry& entry : entries) {
    RC_ASSERT(SumOf(entry) == 0);
    RC_ASSERT(entry.postings.size() >= 2);
    for (const Posting& posting : entry.postings) {
      RC_ASSERT(posting.amount_minor != 0);
      balances[posting.account] += posting.amount_minor;
    }
  }
}

EarningLine AnyLine() {
  const CivilDate start = CivilDate(2024, 1, 1) + *rc::gen::inRange(0, 2'000);
  // 0, 2 and 3 decimals are all minor units here; a cent over ten years and the largest amount are in.
  const auto net_minor =
      *rc::gen::oneOf(rc::gen::inRange<int64_t>(0, 50), rc::gen::inRange<int64_t>(0, 1'000'000),
                      rc::gen::just(kMaxMoneyMinor));
  return {net_minor, 0, start, start + *rc::gen::inRange(1, 3'660)};
}

Document InvoiceOf(const std::vector<EarningLine>& lines, int32_t rate_ppm) {
  std::vector<ChargeLine> charges;
  for (const EarningLine& line : lines)
    charges.push_back({"Gold", Uuid(), line.term_start, line.term_end, {"EUR", line.net_minor}});
  Document invoice;
  invoice.bill = *MakeBill(charges, {TaxTreatment::kStandard, "DE", rate_ppm}, Language::kEnglish);
  return invoice;
}

}  // namespace

TEST_CASE("A line is income day by day, never backwards, and wholly when its term is over") {
  CHECK(rc::check("recognition sums to the line", [] {
    const EarningLine line = AnyLine();
    RC_ASSERT(RecognisedMinor(line, line.term_start - 1) == 0);
    RC_ASSERT(RecognisedMinor(line, line.term_end - 1) == line.net_minor);
    RC_ASSERT(RecognisedMinor(line, line.term_end + 400) == line.net_minor);
    const CivilDate day = line.term_start + *rc::gen::inRange(-5, 3'700);
    const int64_t of_day = RecognisedMinor(line, day + 1) - RecognisedMinor(line, day);
    RC_ASSERT(of_day >= 0);
    // No day is more than a minor unit off its share.
    RC_ASSERT(of_day <= line.net_minor / DaysBetween(line.term_start, line.term_end) + 1);
  }));
}

TEST_CASE("A jump of 400 days books what 400 jumps of a day book") {
  CHECK(rc::check("days add up", [] {
    const EarningLine line = AnyLine();
    const CivilDate from = line.term_start + *rc::gen::inRange(-400, 3'700);
    int64_t by_day = 0;
    for (int day = 0; day < 400; ++day)
      by_day += RecognisedMinor(line, from + (day + 1)) - RecognisedMinor(line, from + day);
    RC_ASSERT(by_day == RecognisedMinor(line, from + 400) - RecognisedMinor(line, from));
  }));
}

TEST_CASE("10 euros of a year of 365 days: 3 cents on the first day, and half a cent is rounded up") {
  const EarningLine year{1'000, 0, CivilDate(2027, 1, 15), CivilDate(2028, 1, 15)};
  CHECK(RecognisedMinor(year, CivilDate(2027, 1, 15)) == 3);    // 2.74
  CHECK(RecognisedMinor(year, CivilDate(2027, 1, 16)) == 5);    // 5.48
  CHECK(RecognisedMinor(year, CivilDate(2028, 1, 13)) == 997);  // 997.26
  const EarningLine two_days{1, 0, CivilDate(2027, 1, 1), CivilDate(2027, 1, 3)};
  CHECK(RecognisedMinor(two_days, CivilDate(2027, 1, 1)) == 1);  // 0.5
}

TEST_CASE("Credits on any days leave what is deferred and what is income as of a line of the lower price") {
  CHECK(rc::check("deferred is never negative", [] {
    EarningLine line = AnyLine();
    int64_t deferred = line.net_minor;
    int64_t income = 0;
    CivilDate through = line.term_start - 1;
    for (int step = 0; step < 6; ++step) {
      const CivilDate later = through + *rc::gen::inRange(0, 900);
      const int64_t earned = RecognisedMinor(line, later) - RecognisedMinor(line, through);
      deferred -= earned;
      income += earned;
      through = later;
      const bool is_whole = *rc::gen::inRange(0, 4) == 0;
      const int64_t credit =
          is_whole ? line.LeftMinor() : *rc::gen::inRange<int64_t>(0, line.LeftMinor() + 1);
      const Reversal reversal = ReverseOf(line, credit, through);
      line.credited_minor += credit;
      deferred -= reversal.deferred_minor;
      income -= reversal.recognised_minor;
      RC_ASSERT(reversal.deferred_minor >= 0);
      RC_ASSERT(reversal.recognised_minor >= 0);
      RC_ASSERT(reversal.deferred_minor + reversal.recognised_minor == credit);
      RC_ASSERT(deferred >= 0);
      RC_ASSERT(income == RecognisedMinor(line, through));
      RC_ASSERT(deferred + income == line.LeftMinor());
      if (line.LeftMinor() == 0) RC_ASSERT(deferred == 0 && income == 0);
    }
  }));
}

TEST_CASE("Every entry balances; an invoice, its credit notes and its days leave no balance behind") {
  CHECK(rc::check("the books close", [] {
    std::vector<EarningLine> lines;
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
      lines.push_back(AnyLine());
      lines.back().net_minor = std::min<int64_t>(lines.back().net_minor, 1'000'000);
    }
    const Document invoice = InvoiceOf(lines, *rc::gen::element(0, 190'000, 255'000));
    Balances balances;
    Add(balances, EntriesOfInvoice(invoice));
    RC_ASSERT(balances[LedgerAccount::kReceivable] == 0);
    RC_ASSERT(balances[LedgerAccount::kCashAtGateway] == invoice.bill.total_minor);
    if (invoice.bill.total_minor == 0) return;
    std::vector<Bill> credited;
    const CivilDate through = lines[0].term_start + *rc::gen::inRange(-10, 3'700);
    int64_t income = 0;
    for (const EarningLine& line : lines) income += RecognisedMinor(line, through);
    if (income != 0) {
      Add(balances, {EntryOfRecognition(EntryKind::kRecognition, Uuid(), absl::UnixEpoch(), "UTC", through,
                                        "EUR", income)});
    }
    for (const bool is_last : {false, true}) {
      const auto amount =
          is_last ? std::nullopt : std::optional(*rc::gen::inRange<int64_t>(1, invoice.bill.total_minor + 1));
      const auto bill = CreditOf(invoice.bill, credited, amount);
      if (!bill.ok()) break;  // the first one was all
      credited.push_back(*bill);
      Document note = invoice;
      note.bill = *bill;
      Reversal reversal;
      for (size_t i = 0; i < lines.size(); ++i) {
        reversal += ReverseOf(lines[i], bill->lines[i].net_minor, through);
        lines[i].credited_minor += bill->lines[i].net_minor;
      }
      Add(balances, EntriesOfCreditNote(note, reversal));
    }
    RC_ASSERT(balances[LedgerAccount::kReceivable] == 0);
    RC_ASSERT(balances[LedgerAccount::kCashAtGateway] == 0);
    RC_ASSERT(balances[LedgerAccount::kTaxPayable] == 0);
    RC_ASSERT(balances[LedgerAccount::kDeferredRevenue] == 0);
    RC_ASSERT(balances[LedgerAccount::kRevenue] == -income);
    RC_ASSERT(balances[LedgerAccount::kRefunds] == income);
  }));
}

TEST_CASE("An invoice claims and is paid at once; its names are those of the contract") {
  const Document invoice = InvoiceOf({{10'000, 0, CivilDate(2027, 1, 1), CivilDate(2028, 1, 1)}}, 190'000);
  const std::vector<JournalEntry> entries = EntriesOfInvoice(invoice);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].postings == std::vector<Posting>{{LedgerAccount::kReceivable, 11'900},
                                                    {LedgerAccount::kDeferredRevenue, -10'000},
                                                    {LedgerAccount::kTaxPayable, -1'900}});
  CHECK(entries[1].postings ==
        std::vector<Posting>{{LedgerAccount::kCashAtGateway, 11'900}, {LedgerAccount::kReceivable, -11'900}});
  CHECK(entries[0].id != entries[1].id);
  for (const LedgerAccount account : kLedgerAccounts) CHECK(LedgerAccountOf(NameOf(account)) == account);
  for (const EntryKind kind : kEntryKinds) CHECK(EntryKindOf(NameOf(kind)) == kind);
  CHECK_FALSE(LedgerAccountOf("piggy_bank"));
}

TEST_CASE("A day is over when the next one begins in the term's zone") {
  const absl::TimeZone auckland = *LoadTimeZone("Pacific/Auckland");
  const absl::Time noon = absl::FromCivil(absl::CivilSecond(2027, 3, 1, 12, 0, 0), absl::UTCTimeZone());
  CHECK(LastDayOver(auckland, noon) == CivilDate(2027, 3, 1));  // it is 2 March there
  CHECK(LastDayOver(absl::UTCTimeZone(), noon) == CivilDate(2027, 2, 28));
  const absl::Time due = NextDueAt(auckland, CivilDate(2027, 3, 1));
  CHECK(LastDayOver(auckland, due) == CivilDate(2027, 3, 2));
  CHECK(LastDayOver(auckland, due - absl::Seconds(1)) == CivilDate(2027, 3, 1));
}

}  // namespace perennial::billing::core
