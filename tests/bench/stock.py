"""Stored accounts and products by the million, without a million calls.

One customer is made through the public APIs; all others are copies of their rows with other ids and dates, made in SQL from
whatever columns the tables have. What must differ and cannot be made in SQL, the gateway's tokens as payment_token seals them,
is made here; the gateway simulator gets its customers and cards through its journal.

A copy has a site, a plan on it and its first term, which ends in 14 days (so its renewal is due today, once `make_due` lets it)
or in 31 to 360. It has no order and no invoice from before: as if it had come from another system.
"""

import ctypes
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from observe import Sql
from suite.failure import Failure
from suite.suite import Suite

ACCOUNT = "perennial.account.v1"
BILLING = "perennial.billing.v1"
PAYMENT = "perennial.payment_token.v1"
SUBSCRIPTION = "perennial.subscription.v1"
ZONE = "Europe/Paris"
PASSWORD = "a long enough password"
CARD = {"number": "4242424242424242", "expiry_month": 12, "expiry_year": 2040, "security_code": "123", "holder_name": "A Customer"}
DONE = 6
NEVER = "TIMESTAMPTZ '2200-01-01'"

# Products are counted from 0, five for two accounts: product i belongs to account 2i/5. In SQL: i, and a of an account.
ACCOUNT_OF_PRODUCT = "i * 2 / 5"


# Ids show when they were made (libs/base/uuid.h): one after the other, half a minute apart, a million in a year.
FIRST_MADE_MS, APART_MS = 1_740_000_000_000, 30_000


def uuid_of(what: str, number: int) -> str:
    random = hashlib.md5(f"{what} {number}".encode()).hexdigest()
    return str(uuid.UUID(f"{FIRST_MADE_MS + number * APART_MS:012x}7{random[13:16]}a{random[17:]}"))


def sql_uuid(what: str, number: str) -> str:
    random, made = f"md5('{what} ' || ({number}))", f"to_hex({FIRST_MADE_MS} + ({number})::bigint * {APART_MS})"
    return f"(lpad({made}, 12, '0') || '7' || substr({random}, 14, 3) || 'a' || substr({random}, 18))::uuid"


class Seals:
    """libs/crypto/seal.h: XChaCha20-Poly1305, the nonce before the text."""

    NONCE, TAG = 24, 16

    def __init__(self, key: str):
        self.key = bytes.fromhex(key)
        self.sodium = ctypes.CDLL("libsodium.so.23")
        if self.sodium.sodium_init() < 0:
            raise Failure("libsodium does not start")

    def seal(self, context: str, text: str) -> bytes:
        nonce, plain, where = os.urandom(self.NONCE), text.encode(), context.encode()
        sealed = ctypes.create_string_buffer(len(plain) + self.TAG)
        self.sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
            sealed, None, plain, ctypes.c_ulonglong(len(plain)), where, ctypes.c_ulonglong(len(where)), None, nonce, self.key)
        return nonce + sealed.raw

    def opens(self, context: str, sealed: bytes) -> str | None:
        nonce, rest, where = sealed[: self.NONCE], sealed[self.NONCE :], context.encode()
        plain = ctypes.create_string_buffer(len(rest) - self.TAG)
        failed = self.sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain, None, None, rest, ctypes.c_ulonglong(len(rest)), where, ctypes.c_ulonglong(len(where)), nonce, self.key)
        return None if failed else plain.raw.decode()


class Stock:
    def __init__(self, suite: Suite, sql: Sql, *, ready_accounts: int):
        self.suite = suite
        self.sql = sql
        self.ready_accounts = ready_accounts  # those below have a card at the gateway and can be made due
        self.products = 0
        self.due = [0, 0]  # of each account's first and second product: how many were made due
        self.seals = Seals(suite._secrets["payment_token_key"])

    @property
    def accounts(self) -> int:
        return self.products * 2 // 5

    # One real customer ------------------------------------------------------------------------------------------------

    def customer(self) -> dict[str, str]:
        """A customer who bought a plan, through the public APIs."""
        email = f"bench.{uuid.uuid4().hex[:12]}@example.com"
        account = self.suite.peer("account").call(f"{ACCOUNT}.AccountService/CreateAccount", email=email, password=PASSWORD,
                                                  display_name="A Customer", language="en", time_zone=ZONE).name
        token = self.suite.peer("account").call(f"{ACCOUNT}.SessionService/CreateSession", email=email, password=PASSWORD).access_token

        def call(service: str, method: str, **request):
            peer = self.suite.peer(service)
            peer.token = token
            return peer.call(method, **request)

        details = {"recipient_name": "A Customer", "address_lines": ["1 rue de l'Exemple"], "postal_code": "75001", "city": "Paris",
                   "country_code": "FR"}
        call("billing", f"{BILLING}.BillingProfileService/UpdateBillingProfile",
             billing_profile={"name": f"{account}/billingProfile", "customer_type": 1, **details},
             update_mask={"paths": ["customer_type", *details]})
        method = call("payment_token", f"{PAYMENT}.PaymentMethodService/CreatePaymentMethod", parent=account, card=CARD).name
        site = call("subscription", f"{SUBSCRIPTION}.SiteService/CreateSite", parent=account, display_name="Atelier").name
        quote = call("subscription", f"{SUBSCRIPTION}.OrderService/CreateQuote", parent=account, currency_code="EUR",
                     plan_purchase={"site": site, "plan": "plans/basic", "cycle_months": 12}).name
        order = call("subscription", f"{SUBSCRIPTION}.OrderService/CommitQuote", name=quote, payment_method=method)
        if order.state != DONE:
            raise Failure(f"the plan could not be bought: {order}")
        return {"account": account, "token": token, "method": method, "product": order.product, "order": order.name}

    def make_template(self) -> None:
        made = {what: name.rsplit("/", 1)[-1] for what, name in self.customer().items()}
        self.template = {"account.account": f"id = '{made['account']}'",
                         "billing.billing_profile": f"account_id = '{made['account']}'",
                         "billing.account_pseudonym": f"account_id = '{made['account']}'",
                         "payment_token.gateway_accounts": f"account_id = '{made['account']}'",
                         "payment_token.payment_methods": f"payment_method_id = '{made['method']}'",
                         "subscription.sites": f"account_id = '{made['account']}'",
                         "subscription.products": f"id = '{made['product']}'",
                         "subscription.terms": f"product_id = '{made['product']}'"}
        self._read_gateway_template()
        sealed = self.sql.value(f"SELECT encode(token, 'hex') FROM payment_token.payment_methods WHERE {self.template['payment_token.payment_methods']}")
        if self.seals.opens(f"payment_methods/token/{made['method']}", bytes.fromhex(sealed)) != self.gateway_card["id"]:
            raise Failure("payment_token seals tokens in another way than tests/bench/stock.py")

    # Copies -----------------------------------------------------------------------------------------------------------

    def copy(self, table: str, rows: str, changes: dict[str, str]) -> None:
        """Copies the template's row of a table once for each of `rows`, with these columns changed."""
        schema, name = table.split(".")
        sql = Sql(self.suite)
        try:
            columns = [row[0] for row in sql.run(f"SELECT column_name FROM information_schema.columns WHERE table_schema = '{schema}' "
                                                 f"AND table_name = '{name}' AND is_generated = 'NEVER' AND is_identity = 'NO'")]
            if unknown := changes.keys() - set(columns):
                raise Failure(f"{table} has no columns {unknown}: tests/bench/stock.py must follow the schema")
            values = [changes.get(column, f"t.{column}") for column in columns]
            sql.run(f"SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; INSERT INTO {table} ({', '.join(columns)}) "
                    f"SELECT {', '.join(values)} FROM {rows}, (SELECT {', '.join(columns)} FROM {table} WHERE {self.template[table]}) t")
        finally:
            sql.close()

    def grow(self, products: int) -> None:
        """Adds copies until there are so many products."""
        first, first_account = self.products, self.accounts
        self.products = products
        accounts = f"generate_series({first_account}, {self.accounts - 1}) a"
        # The days until the expiry, and the dates that follow (R15); cycles of 12 months.
        days = f"CASE WHEN {ACCOUNT_OF_PRODUCT} < {self.ready_accounts} THEN 14 ELSE 31 + i % 330 END"
        today = datetime.now(ZoneInfo(ZONE)).date().isoformat()
        rows = (f"(SELECT i, {ACCOUNT_OF_PRODUCT} AS a, start, (start + interval '12 months')::date AS expiry, {days} AS days "
                f"FROM generate_series({first}, {products - 1}) i, "
                f"LATERAL (SELECT (DATE '{today}' + ({days}) - interval '12 months')::date AS start) s) p")
        with ThreadPoolExecutor() as pool:
            tasks = [pool.submit(self._copy_products, rows), pool.submit(self._copy_accounts, accounts),
                     pool.submit(self._copy_cards, first_account, accounts)]
            for task in tasks:
                task.result()
        self._add_at_gateway(first_account, min(self.accounts, self.ready_accounts))
        self.sql.run("VACUUM (ANALYZE)")
        self.sql.run("CHECKPOINT")

    def _copy_products(self, rows: str) -> None:
        def day(offset: str) -> str:
            return f"((p.expiry + ({offset}))::timestamp AT TIME ZONE '{ZONE}')"

        account, product, site = sql_uuid("account", "p.a"), sql_uuid("product", "p.i"), sql_uuid("site", "p.i")
        self.copy("subscription.sites", rows, {"id": site, "account_id": account})
        self.copy("subscription.products", rows, {
            "id": product, "account_id": account, "site_id": site, "start_date": "p.start", "expiry_date": "p.expiry",
            "renew_at": f"CASE WHEN p.days = 14 THEN {NEVER} ELSE {day('-14')} END", "expires_at": day("0"), "ends_at": day("t.return_days"),
            "notice_at": day("CASE WHEN p.days = 14 THEN -7 ELSE -30 END"), "notice_stage": "CASE WHEN p.days = 14 THEN 1 ELSE 0 END"})
        self.copy("subscription.terms", rows, {
            "id": sql_uuid("term", "p.i"), "product_id": product, "account_id": account, "order_id": sql_uuid("bought", "p.i"),
            "start_date": "p.start", "end_date": "p.expiry", "whole_days": "p.expiry - p.start"})

    def _copy_accounts(self, accounts: str) -> None:
        account = sql_uuid("account", "a")
        email = "'customer.' || a || '@bench.example.com'"
        self.copy("account.account", accounts, {"id": account, "email": email, "email_key": email, "request_id": sql_uuid("request", "a")})
        self.copy("billing.billing_profile", accounts, {"account_id": account})
        self.copy("billing.account_pseudonym", accounts, {"account_id": account, "pseudonym": sql_uuid("pseudonym", "a")})

    def _copy_cards(self, first_account: int, accounts: str) -> None:
        sql = Sql(self.suite)
        sql.run("CREATE UNLOGGED TABLE IF NOT EXISTS public.bench_seals (a integer, customer bytea, token bytea)")
        sql.run("TRUNCATE public.bench_seals")
        for begin in range(first_account, self.accounts, 20_000):
            lines = "".join(f"{a}\t\\\\x{self.seals.seal(f'gateway_accounts/customer/{account}', customer).hex()}"
                            f"\t\\\\x{self.seals.seal(f'payment_methods/token/{method}', token).hex()}\n"
                            for a, account, method, customer, token in self._names(begin, min(begin + 20_000, self.accounts)))
            self.suite.postgres.psql(f"COPY public.bench_seals FROM stdin;\n{lines}\\.\n", database="perennial")
        sql.close()
        seals = "public.bench_seals s"
        account, method = sql_uuid("account", "s.a"), sql_uuid("method", "s.a")
        self.copy("payment_token.gateway_accounts", seals, {"account_id": account, "customer": "s.customer", "last_used_method": method})
        self.copy("payment_token.payment_methods", seals, {
            "payment_method_id": method, "account_id": account, "token": "s.token", "fingerprint": "md5('fingerprint ' || s.a)"})

    @staticmethod
    def _names(first: int, end: int) -> Iterator[tuple[int, str, str, str, str]]:
        """Of each account: its number, its id, its method's, its customer and token at the gateway."""
        for a in range(first, end):
            yield a, uuid_of("account", a), uuid_of("method", a), f"cus_bench{a:017d}", f"pm_1bench{a:017d}"

    # The gateway's side -----------------------------------------------------------------------------------------------

    @property
    def _journal(self) -> Path:
        return self.suite.state / "gateway/books.journal"

    def _read_gateway_template(self) -> None:
        for line in self._journal.read_text().splitlines():
            for change in json.loads(line)["changes"]:
                if change["kind"] == "customer":
                    self.gateway_customer = change["record"]
                if change["kind"] == "payment_method":
                    self.gateway_card = change["record"]

    def _add_at_gateway(self, first: int, end: int) -> None:
        if end <= first:
            return
        self.suite.processes["gateway"].terminate()
        self.suite.processes["gateway"].wait(30)
        with self._journal.open("a") as journal:
            for _, _, _, customer, token in self._names(first, end):
                changes = [{"kind": "customer", "record": {**self.gateway_customer, "id": customer}},
                           {"kind": "payment_method", "record": {**self.gateway_card, "id": token, "customer": customer}}]
                journal.write(json.dumps({"changes": changes}) + "\n")
        self.suite.restart("gateway")

    # Due --------------------------------------------------------------------------------------------------------------

    def make_due(self, count: int) -> None:
        """Makes so many products due now, in one statement, the first of as many accounts as there are."""
        ids = []
        for ordinal in (0, 1):
            first = self.due[ordinal]
            taken = min(count - sum(end - begin for _, begin, end in ids), min(self.accounts, self.ready_accounts) - first)
            ids.append((ordinal, first, first + taken))
            self.due[ordinal] += taken
        if sum(end - begin for _, begin, end in ids) < count:
            raise Failure(f"of {self.products} products no {count} are left that could be made due")
        chosen = " UNION ALL ".join(f"SELECT {sql_uuid('product', f'(5 * a + 1) / 2 + {ordinal}')} FROM generate_series({begin}, {end - 1}) a"
                                    for ordinal, begin, end in ids if end > begin)
        due = self.sql.value(f"WITH due AS (UPDATE subscription.products SET renew_at = (expiry_date - 14)::timestamp AT TIME ZONE '{ZONE}' "
                             f"WHERE id IN ({chosen}) AND renew_at = {NEVER} RETURNING 1) SELECT count(*) FROM due")
        if int(due) != count:
            raise Failure(f"{due} products became due, not {count}")
