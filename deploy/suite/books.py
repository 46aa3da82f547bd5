"""The books of all sides, read from outside and compared to the cent."""

import json
import re
import subprocess
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from .suite import Suite


def last_part(name: str) -> str:
    """After an account's deletion an order's name has lost its account: what is left of it is its last part."""
    return name.rsplit("/", 1)[-1]


class Books:
    def __init__(self, suite: Suite):
        self.suite = suite
        self.terms: list = []
        self.orders: list = []

    def _all(self, service: str, method: str, items: str) -> list:
        found, token = [], ""
        peer = self.suite.peer(service, operator=True)
        while True:
            page = peer.call(method, page_size=200, page_token=token)
            found += getattr(page, items)
            token = page.next_page_token
            if not token:
                return found

    def read(self) -> None:
        """Reads what goes when accounts are deleted: terms and orders."""
        subscription = "perennial.subscription.v1.OrderBooksService"
        self.terms = self._all("subscription", f"{subscription}/ListTermBooks", "terms")
        self.orders = self._all("subscription", f"{subscription}/ListOrderBooks", "orders")

    def gateway(self) -> dict:
        request = urllib.request.Request(f"http://127.0.0.1:{self.suite.ports.gateway}/_control/books",
                                         headers={"Authorization": f"Bearer {self.suite.gateway_api_key}"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def faults(self, card_numbers: list[str]) -> list[str]:
        """Everything that does not agree, in words; empty if all does."""
        ledger = "perennial.billing.v1.LedgerService"
        self.invoices = self._all("billing", f"{ledger}/ListInvoiceBooks", "invoice_books")
        self.balance = self.suite.peer("billing", operator=True).call(f"{ledger}/GetTrialBalance")
        self.captures = self.gateway()
        return (self._captures_against_invoices() + self._ledger_against_invoices() + self._terms_against_invoices()
                + self._number_gaps() + self._card_numbers(card_numbers))

    def _captures_against_invoices(self) -> list[str]:
        captured: Counter = Counter()
        for capture in self.captures["captures"]["list"]:
            captured[(last_part(capture["metadata"].get("order", "?")), capture["currency"].upper())] += capture["amount"]
        refunded: Counter = Counter()
        for refund in self.captures["refunds"]["list"]:
            refunded[refund["currency"].upper()] += refund["amount"]
        invoiced: Counter = Counter()
        credited: Counter = Counter()
        for book in self.invoices:
            if book.kind == 1:
                invoiced[(last_part(book.order), book.total.currency_code)] += book.total.minor_units
            else:
                credited[book.total.currency_code] += book.total.minor_units
        faults = [f"order {key[0]}: gateway captured {captured[key]}, invoiced {invoiced[key]} {key[1]}"
                  for key in sorted(captured.keys() | invoiced.keys()) if captured[key] != invoiced[key]]
        faults += [f"refunded {refunded[c]} {c}, credited {credited[c]}" for c in refunded.keys() | credited.keys() if refunded[c] != credited[c]]
        per_order = Counter(last_part(book.order) for book in self.invoices if book.kind == 1)
        return faults + [f"order {order} has {count} invoices" for order, count in per_order.items() if count > 1]

    def _ledger_against_invoices(self) -> list[str]:
        net: Counter = Counter()
        cash: Counter = Counter()
        for line in self.balance.balances:
            net[line.debit.currency_code] += line.debit.minor_units - line.credit.minor_units
            if "cash" in line.ledger_account.lower():
                cash[line.debit.currency_code] += line.debit.minor_units - line.credit.minor_units
        expected: Counter = Counter()
        for book in self.invoices:
            expected[book.total.currency_code] += book.total.minor_units * (1 if book.kind == 1 else -1)
        faults = [f"the ledger is out of balance by {amount} {c}" for c, amount in net.items() if amount != 0]
        return faults + [f"ledger cash is {cash[c]} {c}, invoices less credit notes are {expected[c]}"
                         for c in cash.keys() | expected.keys() if cash[c] != expected[c]]

    def _terms_against_invoices(self) -> list[str]:
        """What customers paid for the terms of an order is what its invoice says, before tax."""
        # An upgrade splits terms: the parts keep the value, so compare by account over all its orders.
        paid: Counter = Counter()
        for term in self.terms:
            if term.state == 1:
                paid[(term.name.split("/")[1], term.paid.currency_code)] += term.paid.minor_units
        account_of = {last_part(order.name): order.name.split("/")[1] for order in self.orders}
        invoiced: Counter = Counter()
        for book in self.invoices:
            account = account_of.get(last_part(book.order))
            if account:
                invoiced[(account, book.net.currency_code)] += book.net.minor_units * (1 if book.kind == 1 else -1)
        return [f"account {key[0]}: terms hold {paid[key]}, invoices {invoiced[key]} {key[1]}"
                for key in paid.keys() | invoiced.keys() if paid[key] != invoiced[key]]

    def _number_gaps(self) -> list[str]:
        series: dict[str, list[int]] = defaultdict(list)
        for book in self.invoices:
            series[book.series].append(book.sequence_number)
        return [f"series {name} has gaps or repeats" for name, numbers in series.items()
                if sorted(numbers) != list(range(1, len(numbers) + 1))]

    def _tables(self) -> list[str]:
        rows = self.suite.query("SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables "
                                "WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')")
        return [row[0] for row in rows]

    def traces(self, needles: list[str], but: tuple[str, ...] = ()) -> list[str]:
        """Tables with a row in which one of these texts stands, but for those that may."""
        return list(self._search_tables(needles, but))

    def _search_tables(self, needles: list[str], but: tuple[str, ...] = ()) -> Iterator[str]:
        any_of_them = "|".join(re.escape(needle) for needle in needles)
        for table in self._tables():
            if table in but or table.split(".")[1] in but:
                continue
            if self.suite.query(f"SELECT 1 FROM {table} t WHERE t::text ~* '{any_of_them}' LIMIT 1"):
                yield table

    def _card_numbers(self, numbers: list[str]) -> list[str]:
        faults = [f"a card number is in {table}" for table in self.traces(numbers)]
        redis = subprocess.run(["redis-cli", "-p", str(self.suite.ports.redis), "--scan"], capture_output=True, text=True).stdout.split()
        for key in redis:
            kind = self.suite.redis.run("TYPE", key)
            content = self.suite.redis.run("XRANGE", key, "-", "+") if kind == "stream" else self.suite.redis.run("DUMP", key)
            faults += [f"a card number is in Redis at {key}" for number in numbers if number in content]
        faults += [f"a card number is in {file}" for file in self.files_with(numbers)]
        # A search that finds nothing may be one that looks nowhere: each place must find what is surely there.
        if not any(self._search_tables(["accounts/"])):
            faults.append("the search for card numbers does not see the tables")
        return faults + [f"the search for card numbers does not see {folder}/" for folder, text in self._SEARCHED.items()
                         if not self.files_with([text], folder)]

    # What lies on disk and a text that is surely there. Of Postgres only the log: its tables are read through SQL.
    _SEARCHED = {"logs": '"ready"', "gateway": "accounts/", "postgres": "starting PostgreSQL", "redis": "perennial.events"}

    def files_with(self, needles: list[str], *folders: str) -> list[Path]:
        files = [file for folder in folders or self._SEARCHED for file in (self.suite.state / folder).rglob("*")
                 if file.is_file() and self.suite.postgres.data not in file.parents]
        contents = ((file, file.read_bytes()) for file in files)
        return [file for file, content in contents if any(needle.encode() in content for needle in needles)]

    def summary(self) -> str:
        invoices = [book for book in self.invoices if book.kind == 1]
        total = sum(book.total.minor_units for book in invoices)
        return (f"books agree: {self.captures['captures']['count']} captures, {len(invoices)} invoices, "
                f"{total / 100:.2f} in all; ledger balanced, numbers without gaps, no card number anywhere")
