#include "services/billing/rpc/ledger_handler.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/rpc/proto_values.h"
#include "services/billing/rpc/paging.h"
#include "services/billing/rpc/proto_mapping.h"

namespace perennial::billing {
namespace {

// No id comes after it.
Uuid LastUuid() {
  std::array<uint8_t, 16> bytes{};
  bytes.fill(0xff);
  return Uuid(bytes);
}

absl::StatusOr<v1::TrialBalance> GetTrialBalance(Books& books, const v1::GetTrialBalanceRequest& request) {
  // An entry of this very moment counts as well when no time is asked for.
  absl::Time as_of = books.Now() + absl::Microseconds(1);
  if (request.has_as_of_time()) {
    ASSIGN_OR_RETURN(as_of, rpc::FromProto(request.as_of_time(), "as_of_time"));
  }
  ASSIGN_OR_RETURN(const std::vector<LedgerBalance> balances, books.TrialBalance(as_of));
  v1::TrialBalance response;
  *response.mutable_as_of_time() = rpc::ToProto(as_of);
  for (const LedgerBalance& balance : balances) *response.add_balances() = ToProto(balance);
  return response;
}

absl::StatusOr<v1::ListLedgerAccountLinesResponse> ListLedgerAccountLines(
    Books& books, const crypto::PageTokens& tokens, const v1::ListLedgerAccountLinesRequest& request) {
  const auto account = core::LedgerAccountOf(request.ledger_account());
  if (!account) return InvalidField("ledger_account", "must be a ledger account's name");
  if (!IsCurrencyCode(request.currency_code()))
    return InvalidField("currency_code", "must be an ISO 4217 code");
  absl::Time start = absl::UnixEpoch();
  absl::Time end = absl::FromCivil(absl::CivilYear(2200), absl::UTCTimeZone());
  if (request.has_start_time()) {
    ASSIGN_OR_RETURN(start, rpc::FromProto(request.start_time(), "start_time"));
  }
  if (request.has_end_time()) {
    ASSIGN_OR_RETURN(end, rpc::FromProto(request.end_time(), "end_time"));
  }
  // A token holds for the filters that it was given for.
  const std::string list = absl::StrCat("lines/", request.ledger_account(), "/", request.currency_code(), "/",
                                        absl::ToUnixMicros(start), "/", absl::ToUnixMicros(end));
  ASSIGN_OR_RETURN(const PageRequest page, ReadPage(tokens, list, request.page_size(), request.page_token()));
  const LedgerColumn column{*account, request.currency_code()};
  const PagePosition after = page.after.value_or(PagePosition{start - absl::Microseconds(1), LastUuid()});
  ASSIGN_OR_RETURN(Statement statement, books.StatementOf(column, after, end, page.size + 1));
  const auto last = CutToPage(statement.lines, page.size, [](const Statement::Line& line) {
    return PagePosition{line.booked.entry.post_time, line.booked.entry.id};
  });
  v1::ListLedgerAccountLinesResponse response;
  *response.mutable_opening_balance() = rpc::ToProto(Money{column.currency, statement.opening_minor});
  for (const Statement::Line& line : statement.lines) {
    v1::LedgerAccountLine& out = *response.add_lines();
    *out.mutable_journal_entry() = ToProto(line.booked);
    *out.mutable_amount() = rpc::ToProto(Money{column.currency, line.amount_minor});
    *out.mutable_balance() = rpc::ToProto(Money{column.currency, line.balance_minor});
  }
  response.set_next_page_token(NextPageToken(tokens, page, last));
  return response;
}

absl::StatusOr<v1::ListJournalEntriesResponse> ListJournalEntries(
    Books& books, const crypto::PageTokens& tokens, const v1::ListJournalEntriesRequest& request) {
  ASSIGN_OR_RETURN(const PageRequest page,
                   ReadPage(tokens, "journal", request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(std::vector<BookedEntry> entries, books.ListEntries(page.after, page.size + 1));
  const auto last = CutToPage(entries, page.size, [](const BookedEntry& booked) {
    return PagePosition{booked.entry.post_time, booked.entry.id};
  });
  v1::ListJournalEntriesResponse response;
  for (const BookedEntry& entry : entries) *response.add_journal_entries() = ToProto(entry);
  response.set_next_page_token(NextPageToken(tokens, page, last));
  return response;
}

absl::StatusOr<v1::ListInvoiceBooksResponse> ListInvoiceBooks(Books& books, const crypto::PageTokens& tokens,
                                                              const v1::ListInvoiceBooksRequest& request) {
  ASSIGN_OR_RETURN(const PageRequest page,
                   ReadPage(tokens, "invoice books", request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(std::vector<BookedDocument> documents, books.ListDocuments(page.after, page.size + 1));
  const auto last = CutToPage(documents, page.size, [](const BookedDocument& document) {
    return PagePosition{document.issue_time, document.id};
  });
  v1::ListInvoiceBooksResponse response;
  for (const BookedDocument& document : documents) *response.add_invoice_books() = ToProto(document);
  response.set_next_page_token(NextPageToken(tokens, page, last));
  return response;
}

}  // namespace

rpc::Service MakeLedgerService(Books& books, const crypto::PageTokens& tokens) {
  rpc::Service service("perennial.billing.v1.LedgerService");
  service.Read<v1::GetTrialBalanceRequest, v1::TrialBalance>(
      "GetTrialBalance", rpc::Operators(), [&](const rpc::Call&, const v1::GetTrialBalanceRequest& request) {
        return GetTrialBalance(books, request);
      });
  service.Read<v1::ListLedgerAccountLinesRequest, v1::ListLedgerAccountLinesResponse>(
      "ListLedgerAccountLines", rpc::Operators(),
      [&](const rpc::Call&, const v1::ListLedgerAccountLinesRequest& request) {
        return ListLedgerAccountLines(books, tokens, request);
      });
  service.Read<v1::ListJournalEntriesRequest, v1::ListJournalEntriesResponse>(
      "ListJournalEntries", rpc::Operators(),
      [&](const rpc::Call&, const v1::ListJournalEntriesRequest& request) {
        return ListJournalEntries(books, tokens, request);
      });
  service.Read<v1::ListInvoiceBooksRequest, v1::ListInvoiceBooksResponse>(
      "ListInvoiceBooks", rpc::Operators(),
      [&](const rpc::Call&, const v1::ListInvoiceBooksRequest& request) {
        return ListInvoiceBooks(books, tokens, request);
      });
  return service;
}

}  // namespace perennial::billing
