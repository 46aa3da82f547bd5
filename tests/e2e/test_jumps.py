"""One jump of 400 days gives the books of 400 jumps of one day, through renewals, retries, links, expiries, ends and returns (R36)."""

import os
import re
import shutil
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import accumulate
from pathlib import Path

import pytest
from conftest import CARD_NUMBERS, Customer
from suite.books import Books, last_part
from suite.client import Refused
from suite.layout import Ports
from suite.suite import Suite

CLOCK = "perennial.testing.v1.TestClockService"
PRODUCTS = "perennial.subscription.v1.ProductService"
DAYS = 400
# The same time of day for both, and far from midnight in all zones of the customers, summer and winter.
MORNING = (datetime.now(timezone.utc) + timedelta(days=2)).replace(hour=10, minute=0, second=0, microsecond=0)
DECLINES_LATER, WANTS_THE_CUSTOMER = "4000000000000341", "4000002760003184"


class World:
    def __init__(self):
        self.customers: list[Customer] = []
        self.state = Path(tempfile.mkdtemp(prefix="perennial-e2e-"))
        os.chmod(self.state, 0o755)  # Postgres runs as another user
        self.suite = Suite(self.state, Path(os.environ["PERENNIAL_BUILD"]), Ports.free(), durable=False)

    def stop(self) -> None:
        self.suite.stop()
        shutil.rmtree(self.state, ignore_errors=True)

    def play(self, steps: list[int]) -> None:
        """The same lives in each world, with the clock moved in `steps` of days."""
        self.move_to(MORNING)
        self.begin()
        for day in accumulate(steps):
            self.move_to(MORNING + timedelta(days=day))
        self.read()

    def move_to(self, moment: datetime) -> None:
        while True:
            try:
                self.suite.peer("subscription", operator=True).call(f"{CLOCK}/AdvanceClock", target_time={"seconds": int(moment.timestamp())}, timeout=58)
                return
            except Refused as refused:  # a long way is gone in several calls
                if refused.code.name != "DEADLINE_EXCEEDED":
                    raise

    def customer(self, zone: str, plan: str, months: int, number: str | None = None, **settings) -> Customer:
        customer = Customer(self.suite, time_zone=zone)
        self.customers.append(customer)
        card = customer.add_card()
        product = customer.commit(customer.quote_plan(customer.create_site(), plan, months), payment_method=card).product
        if settings:
            customer.peer("subscription").call(f"{PRODUCTS}/UpdateProduct", product={"name": product, **settings},
                                               update_mask={"paths": list(settings)})
        if number:  # from now on this card is all there is
            customer.add_card(number=number)
            customer.peer("payment_token").call("perennial.payment_token.v1.PaymentMethodService/DeletePaymentMethod", name=card)
        return customer

    def begin(self) -> None:
        self.customer("Europe/Paris", "gold", 12)
        self.customer("America/New_York", "professional", 3)
        self.customer("Asia/Tokyo", "platinum", 6, next_plan="plans/basic", next_cycle_months=3)
        self.customer("Europe/Paris", "basic", 3, number=DECLINES_LATER)
        self.customer("Pacific/Auckland", "advanced", 6, number=WANTS_THE_CUSTOMER)
        self.customer("America/Los_Angeles", "gold", 3, auto_renew=False)
        owner = Customer(self.suite)
        self.customers.append(owner)
        card = owner.add_card()
        owner.buy_mailbox(owner.buy_domain(card), card)

    def read(self) -> None:
        books = Books(self.suite)
        books.read()
        self.faults = books.faults(sorted(CARD_NUMBERS))
        who = {customer.account.split("/")[1]: index for index, customer in enumerate(self.customers)}
        account = lambda name: who[name.split("/")[1]]  # noqa: E731
        date = lambda day: f"{day.year}-{day.month:02}-{day.day:02}"  # noqa: E731
        day_of = lambda time: time.ToDatetime().date().isoformat()  # noqa: E731
        of_order = {last_part(order.name): account(order.name) for order in books.orders}
        self.orders = sorted((account(o.name), o.kind, o.state, o.failure, o.net.minor_units, o.total.minor_units, date(o.term_start_date),
                              date(o.term_end_date), o.attempt_count, o.decline_code, day_of(o.create_time)) for o in books.orders)
        self.terms = sorted((account(t.name), t.plan, t.state, date(t.start_date), date(t.end_date), t.paid.minor_units) for t in books.terms)
        self.invoices = sorted((of_order[last_part(i.order)], i.kind, i.series, i.net.minor_units, i.total.minor_units, day_of(i.issue_time)) for i in books.invoices)
        self.balance = sorted((b.ledger_account, b.debit.minor_units, b.credit.minor_units, b.debit.currency_code) for b in books.balance.balances)
        self.gateway = {side: Counter((of_order[last_part(entry["metadata"]["order"])], entry["amount"])
                                      for entry in books.captures[side]["list"]) for side in ("captures", "declines")}
        self.notices = [self.told(customer) for customer in self.customers]
        self.products = [self.shown(customer) for customer in self.customers]

    def told(self, customer: Customer) -> list:
        customer.sign_in()  # the clock was moved
        notices = customer.peer("account").call("perennial.account.v1.NoticeService/ListNotices", parent=customer.account, page_size=200).notices
        # By what they say, not by when they came: account may hear of an event just before its own clock is moved.
        return sorted((notice.kind, *(re.sub("c-[0-9a-f]{12}", "c", text) for text in (notice.subject, notice.body))) for notice in notices)

    def shown(self, customer: Customer) -> list:
        products = customer.peer("subscription").call(f"{PRODUCTS}/ListProducts", parent=customer.account).products
        return sorted((p.kind, p.state, p.plan, p.expiry_date.year, p.expiry_date.month, p.expiry_date.day, p.next_renewal.state,
                 p.next_renewal.attempt_time.seconds, p.next_renewal.amount.minor_units) for p in products)


@pytest.fixture
def worlds():
    both = (World(), World())
    try:
        for world in both:
            world.suite.start()
        yield both
    finally:
        for world in both:
            world.stop()


def test_a_jump_of_400_days_is_400_jumps_of_a_day(worlds):
    jumped, stepped = worlds
    with ThreadPoolExecutor() as pool:  # what takes time is waiting
        for played in (pool.submit(jumped.play, [DAYS]), pool.submit(stepped.play, [1] * DAYS)):
            played.result()
    assert (jumped.faults, stepped.faults) == ([], [])
    for part in ("orders", "terms", "invoices", "balance", "gateway", "notices", "products"):
        assert getattr(jumped, part) == getattr(stepped, part), part
    # Platinum for 6 months, then Basic for 3 as was chosen for the next renewal (R11).
    assert [(plan, state) for who, plan, state, *_ in jumped.terms if who == 2][:2] == [("plans/basic", 1), ("plans/basic", 1)]
    assert ("plans/platinum", 1) in [(plan, state) for who, plan, state, *_ in jumped.terms if who == 2]
    # It was not for want of events: all that may happen to a renewal happened.
    assert {order[2] for order in jumped.orders} >= {6, 7}
    assert len(jumped.invoices) > 10
    assert sum(jumped.gateway["declines"].values()) > 10
    assert {kind for told in jumped.notices for kind, _, _ in told} >= {1, 2, 3, 5, 6, 7, 8, 10}
