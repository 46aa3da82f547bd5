"""A suite of its own for each test file: free ports, a state folder that is gone afterwards."""

import os
import random
import shutil
import sys
import tempfile
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

from suite.cards import own_number  # noqa: E402
from suite.layout import Ports  # noqa: E402
from suite.suite import Suite  # noqa: E402

PASSWORD = "a long enough password"
GOOD_CARD = {"number": "4242424242424242", "expiry_month": 12, "expiry_year": 2040, "security_code": "123", "holder_name": "A Customer"}


CARD_NUMBERS: set[str] = set()  # that anyone has entered


@pytest.fixture(scope="session")
def suite():
    state = Path(tempfile.mkdtemp(prefix="perennial-e2e-"))
    os.chmod(state, 0o755)  # Postgres runs as another user
    running = Suite(state, Path(os.environ["PERENNIAL_BUILD"]), Ports.free(), durable=False)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        if os.environ.get("PERENNIAL_KEEP_STATE"):
            print(f"state kept in {state}")
        else:
            shutil.rmtree(state, ignore_errors=True)


class Customer:
    """Somebody who is signed in."""

    def __init__(self, suite: Suite, language: str = "en", time_zone: str = "Europe/Paris"):
        self.suite = suite
        self.email = f"c.{uuid.uuid4().hex[:12]}@example.com"
        account = suite.peer("account").call("perennial.account.v1.AccountService/CreateAccount", email=self.email, password=PASSWORD,
                                             language=language, time_zone=time_zone, display_name="A Customer")
        self.account = account.name
        self.numbers: dict[str, str] = {}
        self.sign_in()

    def sign_in(self) -> None:
        session = self.suite.peer("account").call("perennial.account.v1.SessionService/CreateSession", email=self.email, password=PASSWORD)
        self.token = session.access_token
        self.session = session.session.name

    def peer(self, service: str):
        peer = self.suite.peer(service)
        peer.token = self.token
        return peer

    def add_card(self, number: str = GOOD_CARD["number"]) -> str:
        """A card of the customer's own that is like this test card: what is counted by card is counted over all accounts."""
        own = self.numbers.setdefault(number, own_number(number, random.Random(f"{self.account} {number}")))
        CARD_NUMBERS.add(own)
        return self.peer("payment_token").call("perennial.payment_token.v1.PaymentMethodService/CreatePaymentMethod",
                                               parent=self.account, card={**GOOD_CARD, "number": own}).name

    def create_site(self) -> str:
        return self.peer("subscription").call("perennial.subscription.v1.SiteService/CreateSite", parent=self.account, display_name="Site").name

    def quote_plan(self, site: str, plan: str = "gold", months: int = 12):
        return self.peer("subscription").call("perennial.subscription.v1.OrderService/CreateQuote", parent=self.account, currency_code="EUR",
                                              plan_purchase={"site": site, "plan": f"plans/{plan}", "cycle_months": months})

    def buy_domain(self, card: str) -> str:
        """Its product; the domain has the same id (`domain_of`)."""
        return self._buy(card, domain_purchase={"domain_name": f"c-{uuid.uuid4().hex[:12]}.example", "years": 1})

    def buy_mailbox(self, domain_product: str, card: str) -> str:
        return self._buy(card, mailbox_purchase={"domain_product": domain_product, "local_part": "info", "cycle_months": 12})

    def _buy(self, card: str, **what) -> str:
        quote = self.peer("subscription").call("perennial.subscription.v1.OrderService/CreateQuote", parent=self.account, currency_code="EUR", **what)
        return self.commit(quote, payment_method=card).product

    def commit(self, quote, **fields):
        return self.peer("subscription").call("perennial.subscription.v1.OrderService/CommitQuote", name=quote.name, **fields)


@pytest.fixture
def customer(suite):
    return Customer(suite)


@pytest.fixture
def new_customer(suite):
    return lambda **kwargs: Customer(suite, **kwargs)
