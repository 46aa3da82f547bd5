#include "services/billing/rpc/ledger_handler.h"

#include "libs/base/error.h"
#include "libs/rpc/proto_values.h"
#include "services/billing/rpc/paging.h"
#include "services/billing/rpc/proto_mapping.h"

namespace perennial::billing {
namespace {

// The years that dates of ours may have (2000 to 2199), in seconds since 1970.
constexpr int64_t kFirstSecond = 946'684'800;
constexpr int64_t kLastSecond = 7'258'118'399;

absl::StatusOr<v1::TrialBalance> GetTrialBalance(Books& books, const v1::GetTrialBalanceRequest& request) {
  // An entry of this very moment counts as well when no time is asked for.
  absl::Time as_of = books.Now() + absl::Microseconds(1);
  if (request.has_as_of_time()) {
    const auto& time = request.as_of_time();
    const bool is_time = time.seconds() >= kFirstSecond && time.seconds() <= kLastSecond &&
                         time.nanos() >= 0 && time.nanos() < 1'000'000'000;
    if (!is_time) return InvalidField("as_of_time", "must be a time of the years 2000 to 2199");
    as_of = rpc::FromProto(time);
  }
  ASSIGN_OR_RETURN(const std::vector<LedgerBalance> balances, books.TrialBalance(as_of));
  v1::TrialBalance response;
  *response.mutable_as_of_time() = rpc::ToProto(as_of);
  for (const LedgerBalance& balance : balances) *response.add_balances() = ToProto(balance);
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
