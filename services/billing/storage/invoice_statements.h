#pragma once

// The text of a statement must be a constant: these are the parts of those that read documents.
#define PERENNIAL_DOCUMENT_COLUMNS(ACCOUNT)                                                        \
  "SELECT i.id, i.kind, " ACCOUNT                                                                  \
  " AS account_id, i.account_pseudonym, i.series, "                                                \
  "i.sequence_number, i.issue_time, i.order_id, i.charge_id, i.refund_id, i.credited_invoice_id, " \
  "i.currency, i.net_minor, i.tax_minor, i.total_minor, i.content, encode(i.hash, 'hex') AS hash " \
  "FROM invoice i "
#define PERENNIAL_DOCUMENTS                  \
  PERENNIAL_DOCUMENT_COLUMNS("a.account_id") \
  "LEFT JOIN account_pseudonym a ON a.pseudonym = i.account_pseudonym "
#define PERENNIAL_PAGE_OF_ACCOUNT(KIND)                                                                     \
  PERENNIAL_DOCUMENT_COLUMNS("$1::uuid")                                                                    \
  "WHERE i.account_pseudonym = (SELECT pseudonym FROM account_pseudonym WHERE account_id = $1) AND i.kind " \
  "= '" KIND "' AND (i.issue_time, i.id) < ($2, $3) ORDER BY i.issue_time DESC, i.id DESC LIMIT $4"

namespace perennial::billing {

// Pages of an account's documents: $1 the account, $2 and $3 time and id of the last document of the page
// before, $4 how many.
inline constexpr char kPageOfInvoices[] = PERENNIAL_PAGE_OF_ACCOUNT("invoice");
inline constexpr char kPageOfCreditNotes[] = PERENNIAL_PAGE_OF_ACCOUNT("credit_note");
inline constexpr char kPageOfBoth[] =
    "(" PERENNIAL_PAGE_OF_ACCOUNT("invoice") ") UNION ALL (" PERENNIAL_PAGE_OF_ACCOUNT("credit_note") ") "
    "ORDER BY issue_time DESC, id DESC LIMIT $4";
// $1 the document, $2 the account.
inline constexpr char kDocumentOfAccount[] = PERENNIAL_DOCUMENTS "WHERE i.id = $1 AND a.account_id = $2";

}  // namespace perennial::billing
