"""Whether what was measured happened: the books of all sides after the renewals, compared one by one.

As the chaos harness does it (deploy/suite/books.py), but in SQL: a figure for 100,000 renewals needs 100,000 looked at.
"""

import json
import urllib.request
from collections import Counter

from observe import Sql
from suite.books import last_part
from suite.suite import Suite

QUERIES = {
    # Each row is a fault; the words before it say which.
    "an order is not done": "SELECT id, step, failure, decline_code FROM subscription.orders WHERE step <> 'done' LIMIT 5",
    "an order has not exactly one term": """
        SELECT o.id, count(t.id) FROM subscription.orders o LEFT JOIN subscription.terms t ON t.order_id = o.id AND t.state = 'active'
        GROUP BY o.id HAVING count(t.id) <> 1 LIMIT 5""",
    "a product's expiry is not its last term's end": """
        SELECT p.id, p.expiry_date FROM subscription.products p JOIN subscription.orders o ON o.product_id = p.id
        WHERE p.expiry_date <> (SELECT max(end_date) FROM subscription.terms t WHERE t.product_id = p.id AND t.state = 'active') LIMIT 5""",
    "terms overlap or leave a gap": """
        SELECT product_id FROM (SELECT t.product_id, t.start_date, lag(t.end_date) OVER (PARTITION BY t.product_id ORDER BY t.start_date) AS before
          FROM subscription.terms t JOIN subscription.orders o ON o.product_id = t.product_id WHERE t.state = 'active') s
        WHERE before <> start_date LIMIT 5""",
    "a series misses or repeats a number": """
        SELECT series, count(*), max(sequence_number) FROM billing.invoice GROUP BY series
        HAVING count(*) <> max(sequence_number) OR count(DISTINCT sequence_number) <> count(*)""",
    "the chain of documents is broken": """
        SELECT n.series, n.sequence_number FROM billing.invoice n JOIN billing.invoice b
          ON b.series = n.series AND b.sequence_number = n.sequence_number - 1 WHERE n.previous_hash <> b.hash LIMIT 5""",
    "an invoice has not its claim and its payment in the ledger": """
        SELECT i.id FROM billing.invoice i LEFT JOIN billing.journal_entry e ON e.document_id = i.id
        WHERE i.total_minor > 0 GROUP BY i.id, i.total_minor
        HAVING sum((SELECT sum(e.amounts_minor[n]) FROM generate_subscripts(e.accounts, 1) n WHERE e.accounts[n] = 'cash_at_gateway'))
          IS DISTINCT FROM i.total_minor LIMIT 5""",
    "an event was not relayed": "SELECT type FROM subscription.outbox WHERE relayed_at IS NULL LIMIT 5",
    "a renewal has no notice": """
        SELECT o.event_id FROM subscription.outbox o WHERE o.type = 'renewal.succeeded'
        AND NOT EXISTS (SELECT FROM account.inbox i WHERE i.event_id = o.event_id) LIMIT 5""",
}


def captures(suite: Suite) -> dict:
    request = urllib.request.Request(f"http://127.0.0.1:{suite.ports.gateway}/_control/books",
                                     headers={"Authorization": f"Bearer {suite.gateway_api_key}"})
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)["captures"]


def faults(suite: Suite, sql: Sql, renewals: int) -> list[str]:
    """Everything that does not agree, in words; empty if all does."""
    found = [f"{what}: {' '.join(row)}" for what, query in QUERIES.items() for row in sql.run(query)]
    captured: Counter = Counter()
    for capture in captures(suite)["list"]:
        captured[last_part(capture["metadata"].get("order", "?"))] += capture["amount"]
    invoiced: Counter = Counter()
    for order, total in sql.run("SELECT order_id, total_minor FROM billing.invoice WHERE kind = 'invoice'"):
        invoiced[order] += int(total)
    found += [f"order {order}: captured {captured[order]}, invoiced {invoiced[order]}"
              for order in sorted(captured.keys() | invoiced.keys()) if captured[order] != invoiced[order]][:5]
    orders = int(sql.value("SELECT count(*) FROM subscription.orders WHERE kind = 'automatic_renewal'"))
    invoices = int(sql.value("SELECT count(*) FROM subscription.orders o JOIN billing.invoice i ON i.order_id = o.id "
                             "WHERE o.kind = 'automatic_renewal'"))
    if (orders, invoices) != (renewals, renewals):
        found.append(f"{renewals} products became due, {orders} renewals were opened, {invoices} invoiced")
    return found
