"""The customers of tests/chaos, and the clock they live by."""

import json
import random
import threading
import time
import urllib.request
import uuid
from collections import Counter

from suite.cards import own_number
from suite.client import Refused
from suite.suite import Suite

PASSWORD = "a long enough password"
CARDS = ("4242424242424242", "5555555555554444")
AGAIN = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "CANCELLED", "RESOURCE_EXHAUSTED"}
REFUSALS = {"NOT_FOUND", "FAILED_PRECONDITION", "ALREADY_EXISTS", "INVALID_ARGUMENT", "PERMISSION_DENIED"}
PLANS = ("basic", "advanced", "professional", "gold", "platinum")
SUBSCRIPTION = "perennial.subscription.v1"
SESSIONS = "perennial.account.v1.SessionService"
SIGN_IN = ("CreateSession", "RefreshSession")
RETRYING, WAITING_FOR_METHOD, WAITING_FOR_CUSTOMER = 2, 3, 4
CLOCK = "perennial.testing.v1.TestClockService"


def post(suite: Suite, path: str, body: dict | None, method: str = "POST"):
    request = urllib.request.Request(f"http://127.0.0.1:{suite.ports.gateway}{path}", data=None if body is None else json.dumps(body).encode(),
                                     headers={"Authorization": f"Bearer {suite.gateway_api_key}", "Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


class Stopped(Exception):
    pass


class Somebody:
    """A customer, who repeats what got no answer under the same request id, and takes no for an answer."""

    def __init__(self, crowd: "Crowd", seed: str):
        self.crowd = crowd
        self.random = random.Random(seed)
        self.email = f"c.{uuid.uuid4().hex[:12]}@example.com"
        self.session = None
        self.door = threading.Lock()  # one of somebody's windows signs in for all of them
        self.account = ""
        self.products: list[str] = []
        self.numbers = [own_number(card, self.random) for card in CARDS]
        self.cards: list[str] = []

    def ask(self, service: str, method: str, **fields):
        request_id = str(uuid.uuid4())
        contract = self.crowd.suite.contracts.method(method)
        if "request_id" in contract.input_type.fields_by_name:
            fields["request_id"] = request_id
        while True:
            peer = self.crowd.suite.peer(service)
            session = self.session
            peer.token = session.access_token if session else ""
            try:
                return peer.call(method, timeout=15, **fields)
            except Refused as refused:
                if refused.code.name == "UNAUTHENTICATED" and self.account and method.split("/")[1] not in SIGN_IN:
                    self.sign_in(session)
                elif refused.code.name in AGAIN:
                    time.sleep(self.random.uniform(0.1, 0.4))
                elif refused.code.name == "UNAUTHENTICATED" and method.endswith("RefreshSession"):
                    raise
                else:
                    self.crowd.heard(method, refused)
                    raise
            if self.crowd.over.is_set() and not self.crowd.arriving:
                raise Stopped

    def arrive(self) -> None:
        account = self.ask("account", "perennial.account.v1.AccountService/CreateAccount", email=self.email, password=PASSWORD,
                           language=self.random.choice(("en", "fr")),
                           time_zone=self.random.choice(("Europe/Paris", "America/New_York", "Asia/Tokyo", "Pacific/Auckland")))
        self.account = account.name
        self.sign_in(None)
        self.add_card()
        # Most renewals are of what people leave alone.
        for _ in range(self.crowd.plans_at_first):
            self.buy_plan()

    def sign_in(self, ended) -> None:
        """With the password, which is slow, only where the session is over as well."""
        with self.door:
            if self.session is not ended:
                return
            if ended:
                try:
                    self.session = self.ask("account", f"{SESSIONS}/RefreshSession", refresh_token=ended.refresh_token)
                    return
                except Refused:
                    self.session = None
            self.session = self.ask("account", f"{SESSIONS}/CreateSession", email=self.email, password=PASSWORD)

    def add_card(self) -> None:
        card = self.ask("payment_token", "perennial.payment_token.v1.PaymentMethodService/CreatePaymentMethod", parent=self.account,
                        card={"number": self.random.choice(self.numbers), "expiry_month": 12, "expiry_year": 2040, "security_code": "123",
                              "holder_name": "A Customer"})
        self.cards.append(card.name)

    def change_card(self) -> None:
        self.add_card()
        if len(self.cards) > 1:
            self.delete_card()

    def delete_card(self) -> None:
        """Perhaps the last one, and perhaps while it is charged."""
        card = self.cards.pop(self.random.randrange(len(self.cards)))
        self.ask("payment_token", "perennial.payment_token.v1.PaymentMethodService/DeletePaymentMethod", name=card)

    def quote(self, **what) -> str:
        return self.ask("subscription", f"{SUBSCRIPTION}.OrderService/CreateQuote", parent=self.account, currency_code="EUR", **what).name

    def commit(self, quote: str) -> None:
        order = self.ask("subscription", f"{SUBSCRIPTION}.OrderService/CommitQuote", name=quote)
        self.crowd.tally["orders"] += 1
        if order.product and order.product not in self.products:
            self.products.append(order.product)

    def order(self, **what) -> None:
        self.commit(self.quote(**what))

    def buy_plan(self) -> None:
        site = self.ask("subscription", f"{SUBSCRIPTION}.SiteService/CreateSite", parent=self.account, display_name="Site")
        self.order(plan_purchase={"site": site.name, "plan": f"plans/{self.random.choice(PLANS[:3])}", "cycle_months": self.random.choice((3, 3, 3, 6, 12))})

    def buy_domain(self) -> None:
        # Some want the same name: who comes second has paid, and gets the money back (R31).
        name = f"c-{uuid.uuid4().hex[:12]}" if self.random.random() < 0.6 else f"wanted-{self.crowd.popular()}"
        self.order(domain_purchase={"domain_name": f"{name}.example", "years": 1})

    def upgrade(self) -> None:
        self.order(upgrade={"product": self.random.choice(self.products), "plan": f"plans/{self.random.choice(PLANS[1:])}"})

    def renew_by_hand(self) -> None:
        self.order(renewal={"product": self.random.choice(self.products)})

    def pay_what_failed(self) -> None:
        """By hand, what the ladder tries as well."""
        listed = self.ask("subscription", f"{SUBSCRIPTION}.ProductService/ListProducts", parent=self.account, page_size=200).products
        failed = [product.name for product in listed if product.next_renewal.state in (RETRYING, WAITING_FOR_METHOD, WAITING_FOR_CUSTOMER)]
        for product in failed[:3]:
            self.order(renewal={"product": product})

    def at_once(self, times: int, act) -> None:
        threads = [threading.Thread(target=self.quietly, args=(act,)) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def race(self) -> None:
        """The same renewal from two windows at once."""
        product = self.random.choice(self.products)
        self.at_once(2, lambda: self.order(renewal={"product": product}))

    def stampede(self) -> None:
        """50 commits of one quote at once."""
        what = self.random.choice(("renewal", "upgrade"))
        product = self.random.choice(self.products)
        quote = self.quote(**{what: {"product": product, **({"plan": "plans/platinum"} if what == "upgrade" else {})}})
        self.at_once(50, lambda: self.commit(quote))

    def switch(self) -> None:
        self.ask("subscription", f"{SUBSCRIPTION}.ProductService/UpdateProduct",
                 product={"name": self.random.choice(self.products), "auto_renew": self.random.random() < 0.8}, update_mask={"paths": ["auto_renew"]})

    def look(self) -> None:
        self.ask("subscription", f"{SUBSCRIPTION}.ProductService/ListProducts", parent=self.account)
        self.ask("billing", "perennial.billing.v1.InvoiceService/ListInvoices", parent=self.account)

    def leave(self) -> None:
        self.ask("account", "perennial.account.v1.AccountService/DeleteAccount", name=self.account, password=PASSWORD)
        self.account = ""
        self.crowd.replace(self)

    def quietly(self, act) -> bool:
        try:
            act()
        except (Refused, Stopped, IndexError, ValueError):  # nothing there to choose from
            return False
        return True

    def live(self) -> None:
        acts = {self.upgrade: 25, self.renew_by_hand: 10, self.pay_what_failed: 10, self.race: 6, self.stampede: 0.3, self.switch: 8,
                self.change_card: 12, self.delete_card: 3, self.buy_plan: 12, self.buy_domain: 8, self.look: 8, self.leave: 0.4}
        while self.account and not self.crowd.over.is_set():
            act = self.random.choices(list(acts), list(acts.values()))[0]
            if self.quietly(act):
                self.crowd.did(act.__name__)
            self.crowd.over.wait(self.random.uniform(0.2, 2.0))


class Crowd:
    def __init__(self, suite: Suite, seed: int, count: int, plans_at_first: int):
        self.suite = suite
        self.plans_at_first = plans_at_first
        self.over = threading.Event()
        self.arriving = True
        self.tally: Counter = Counter()
        self.done: Counter = Counter()
        self.refused: Counter = Counter()
        self.strange: list[str] = []
        self.lock = threading.Lock()
        self.seed = seed
        self.people = [Somebody(self, f"{seed}/{i}") for i in range(count)]
        self.threads: list[threading.Thread] = []
        self.told = ""
        self.salt = uuid.uuid4().hex[:6]

    def popular(self) -> str:
        """A name that about three people are told."""
        self.tally["wanted names"] += 1
        return f"{self.salt}-{self.tally['wanted names'] // 3}"

    def did(self, act: str) -> None:
        with self.lock:
            self.done[act] += 1

    def replace(self, gone: Somebody) -> None:
        """Who leaves is followed by somebody new, so that it does not become quiet."""
        with self.lock:
            new = Somebody(self, f"{self.seed}/{len(self.people)}")
            self.people.append(new)
        thread = threading.Thread(target=lambda: (new.quietly(new.arrive), new.live()), daemon=True)
        self.threads.append(thread)
        thread.start()

    def heard(self, method: str, refused: Refused) -> None:
        with self.lock:
            self.refused[f"{method.split('/')[1]}: {', '.join(refused.reasons)}"] += 1
        expected = refused.code.name in REFUSALS and len(refused.reasons) == 1
        if not expected:
            self.strange.append(f"{method}: {refused}")

    def _all(self, act) -> list[threading.Thread]:
        threads = [threading.Thread(target=act, args=(one,), daemon=True) for one in self.people]
        for thread in threads:
            thread.start()
        return threads

    def arrive(self) -> None:
        for thread in self._all(lambda one: one.arrive()):
            thread.join()
        self.arriving = False

    def live(self) -> None:
        self.threads = self._all(lambda one: one.live())

    def leave(self) -> None:
        self.over.set()
        for thread in list(self.threads):
            thread.join(60)

    def summary(self, books) -> None:
        kinds = Counter(order.kind for order in books.orders)
        self.told = (f"{len(books.orders)} orders of those who stayed ({kinds[1]} purchases, {kinds[2]} upgrades, {kinds[3]} renewals by hand, "
                     f"{kinds[4]} automatic ones), "
                     f"{books.captures['captures']['count']} captures, {books.captures['refunds']['count']} refunds, "
                     f"{len(books.invoices)} documents")


class Clock:
    """Moves the shared test clock on, whatever dies meanwhile."""

    def __init__(self, suite: Suite):
        self.suite = suite
        self.days = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def now(self) -> int:
        while True:
            try:
                return self.suite.peer("subscription", operator=True).call(f"{CLOCK}/GetClock", timeout=5).time.seconds
            except Refused:
                time.sleep(0.1)

    def advance(self, target: int, patience: float = 600) -> None:
        deadline = time.monotonic() + patience
        while True:
            try:
                self.suite.peer("subscription", operator=True).call(f"{CLOCK}/AdvanceClock", target_time={"seconds": target}, timeout=58)
                return
            except Refused as refused:
                if time.monotonic() > deadline or refused.code.name in ("INTERNAL", "UNKNOWN"):
                    raise
                time.sleep(0.1)
                if self.now() > target:
                    return

    def start(self) -> None:
        self.thread.start()

    def _run(self) -> None:
        while not self.over.is_set():
            try:
                self.advance(self.now() + 3 * 86400, patience=20)
                self.days += 3
            except Refused:
                continue
            self.over.wait(1)  # quotes live for 15 minutes

    def stop(self) -> None:
        self.over.set()
        self.thread.join(90)

    def settle(self, days: int) -> None:
        now = self.now()
        for minutes in (1, 3, 6, 20, 60, 130, *(1440 * (day + 1) for day in range(days))):
            self.advance(now + 60 * minutes)
