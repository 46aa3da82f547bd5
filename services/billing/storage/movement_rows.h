#pragma once

#include <optional>
#include <string>

#include "libs/pg/database.h"
#include "services/billing/app/reconciliation_ports.h"

// How movements rest in columns.
namespace perennial::billing {

// What every read of a movement selects and joins: our own side (documents, ledger) is read, never stored.
// `m`.
#define MOVEMENT_COLUMNS                                                                                  \
  "m.id, m.kind, m.order_id, m.gateway_reference, m.gateway_minor, m.gateway_currency, m.charge_minor, "  \
  "m.charge_currency, m.order_standing, m.order_minor, m.order_currency, m.order_has_term, d.id AS "      \
  "document_id, d.series, d.sequence_number, d.total_minor AS document_minor, d.currency AS "             \
  "document_currency, l.cash, l.claim, d.id IS NOT NULL AND NOT EXISTS (SELECT FROM account_pseudonym a " \
  "WHERE a.pseudonym = d.account_pseudonym) AS account_deleted, m.settlement_reference <> '' AS "         \
  "is_settled_by_hand, m.kind = 'refund' AND m.charge_minor IS NULL AND EXISTS (SELECT FROM movement s "  \
  "WHERE s.settlement_reference = m.gateway_reference AND s.settlement_reference <> '') AS is_settlement "
#define MOVEMENT_JOINS                                                                                    \
  "LEFT JOIN LATERAL (SELECT i.id, i.series, i.sequence_number, i.total_minor, i.currency, "              \
  "i.account_pseudonym FROM invoice i WHERE m.kind = 'capture' AND i.kind = 'invoice' AND i.charge_id = " \
  "m.id "                                                                                                 \
  "UNION ALL SELECT i.id, i.series, i.sequence_number, i.total_minor, i.currency, i.account_pseudonym "   \
  "FROM invoice i WHERE m.kind = 'refund' AND i.refund_id = m.id) AS d ON true "                          \
  "LEFT JOIN LATERAL (SELECT abs(sum(p.amount) FILTER (WHERE p.account = 'cash_at_gateway'))::bigint AS " \
  "cash, abs(sum(p.amount) FILTER (WHERE p.account IN ('deferred_revenue', 'tax_payable', "               \
  "'refunds')))::bigint "                                                                                 \
  "AS claim FROM journal_entry e, unnest(e.accounts, e.amounts_minor) AS p (account, amount) "            \
  "WHERE e.document_id = d.id) AS l ON true "

std::string ToText(core::MovementKind kind);
std::string ToText(core::OrderStanding standing);
std::string ToText(FeedName name);
core::MovementKind MovementKindFromText(const std::string& text);
core::OrderStanding StandingFromText(const std::string& text);
FeedName FeedNameFromText(const std::string& text);

core::Movement ReadMovement(const pg::Row& row);

// For arrays of texts, in which an empty one stands for NULL.
std::string TextOf(const std::optional<Uuid>& id);
std::string MinorOf(const std::optional<Money>& amount);
std::string CurrencyOf(const std::optional<Money>& amount);

}  // namespace perennial::billing
