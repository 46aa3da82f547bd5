"""A customer's life over the public APIs, with the shared test clock, and the books of all sides read at the end.

Every expectation is worked out here, from journey.yaml and the calendar, independently of the services.
"""

import json
import time
import urllib.request
import uuid
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from .books import Books
from .client import Peer, Refused
from .failure import Failure
from .suite import Suite

SUBSCRIPTION = "perennial.subscription.v1"
ACCOUNT = "perennial.account.v1"
PAYMENT = "perennial.payment_token.v1"
BILLING = "perennial.billing.v1"
DOMAINS = "perennial.domain_mailbox.v1"


TOMBSTONES = ("outbox", "account.account", "account.request_log", "subscription.account_deletions")


class Broken(Exception):
    """Something the customer was promised did not hold."""


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def rounded(value: Fraction) -> int:
    """Half away from zero (docs/architecture.md, Money)."""
    sign = -1 if value < 0 else 1
    return sign * int((abs(value) * 2 + 1) // 2)


def to_date(proto) -> date:
    return date(proto.year, proto.month, proto.day)


def to_time(proto) -> datetime:
    return datetime.fromtimestamp(proto.seconds, timezone.utc)


@dataclass
class Customer:
    email: str
    account: str = ""
    site: str = ""
    plan: str = ""
    domain: str = ""
    mailbox: str = ""
    cards: dict[str, str] = field(default_factory=dict)


class Journey:
    def __init__(self, suite: Suite, file: Path, say: Callable[[str], None]):
        self.suite = suite
        self.input = yaml.safe_load(file.read_text())
        self.say = say
        self.id = uuid.uuid4().hex[:12]
        self.zone = ZoneInfo(self.input["customer"]["time_zone"])
        self.customer = Customer(email=f"marie.{self.id}@example.com")
        self.token = ""

    # Telling it -------------------------------------------------------------------------------------------------------

    def play(self) -> bool:
        steps = [
            self.register, self.sign_in_and_add_cards, self.buy_plan, self.buy_domain_and_mailbox, self.upgrade,
            self.renew_early, self.switch_mailbox_off, self.automatic_renewals, self.mailbox_expires, self.plan_renews,
            self.card_declines, self.comes_back_with_new_card, self.change_billing_details, self.delete_payment_methods,
            self.delete_account, self.read_the_books,
        ]
        self.say("\n· the journey of one customer")
        day: date | str = "before"
        for step in steps:
            begun = time.monotonic()
            try:
                line, day = step(), self.today()
            except (Broken, Refused, Failure, AssertionError) as problem:
                self.say(f"  ✗ {day}  {step.__name__.replace('_', ' ')}: {problem}")
                return False
            self.say(f"  ✓ {day}  {line}  ({time.monotonic() - begun:.1f} s)")
        return True

    def peer(self, service: str) -> Peer:
        peer = self.suite.peer(service)
        peer.token = self.token
        return peer

    def operator(self, service: str) -> Peer:
        return self.suite.peer(service, operator=True)

    def now(self) -> datetime:
        return to_time(self.operator("subscription").call("perennial.testing.v1.TestClockService/GetClock").time)

    def today(self) -> date:
        return self.now().astimezone(self.zone).date()

    def move_clock(self, to: datetime) -> None:
        while True:
            try:
                self.operator("subscription").call("perennial.testing.v1.TestClockService/AdvanceClock",
                                                   target_time={"seconds": int(to.timestamp())}, timeout=58)
                break
            except Refused as refused:  # a long way is gone in several calls
                if refused.code.name != "DEADLINE_EXCEEDED":
                    raise
        if self.customer.account:
            self.sign_in()

    def noon(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 12, tzinfo=self.zone)

    def sign_in(self) -> None:
        session = self.suite.peer("account").call(f"{ACCOUNT}.SessionService/CreateSession", email=self.customer.email,
                                                  password=self.input["customer"]["password"], client_description="journey")
        self.token = session.access_token

    def money(self, minor: int) -> str:
        return f"{minor / 100:.2f} {self.input['currency']}"

    def with_tax(self, net: int) -> int:
        return net + rounded(Fraction(net * self.input["tax_rate_ppm"], 1_000_000))

    def product(self, name: str):
        return self.peer("subscription").call(f"{SUBSCRIPTION}.ProductService/GetProduct", name=name)

    def is_state(self, name: str, state: str) -> bool:
        product = self.product(name)
        return product.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number[product.state].name == f"PRODUCT_STATE_{state}"

    def quote(self, **item):
        return self.peer("subscription").call(f"{SUBSCRIPTION}.OrderService/CreateQuote", parent=self.customer.account,
                                              currency_code=self.input["currency"], **item)

    def commit(self, quote, card: str = ""):
        """Commits the quote twice with the same request id: the second must change nothing (R35)."""
        request_id = str(uuid.uuid4())
        subscription = self.peer("subscription")
        order = subscription.call(f"{SUBSCRIPTION}.OrderService/CommitQuote", name=quote.name, payment_method=card, request_id=request_id)
        again = subscription.call(f"{SUBSCRIPTION}.OrderService/CommitQuote", name=quote.name, payment_method=card, request_id=request_id)
        expect(order.name == again.name, "a repeated commit made another order")
        states = order.DESCRIPTOR.fields_by_name["state"].enum_type
        expect(states.values_by_number[again.state].name == "ORDER_STATE_DONE",
               f"the order is {states.values_by_number[again.state].name}, decline code '{again.decline_code}'")
        expect(again.total == quote.total, "the order charged another amount than the quote said")
        return again

    # Living it --------------------------------------------------------------------------------------------------------

    def register(self) -> str:
        start = self.input["start"].replace(tzinfo=timezone.utc)
        self.move_clock(max(start, self.now() + timedelta(seconds=1)))
        details = {key: self.input["customer"][key] for key in ("display_name", "language", "time_zone", "password")}
        account = self.suite.peer("account").call(f"{ACCOUNT}.AccountService/CreateAccount", email=self.customer.email, **details)
        self.customer.account = account.name
        expect((account.language, account.time_zone) == ("fr", "Europe/Paris"), "language or time zone was not kept")
        return f"registered {self.customer.email}: {account.language}, {account.time_zone}"

    def sign_in_and_add_cards(self) -> str:
        self.sign_in()
        self.peer("billing").call(f"{BILLING}.BillingProfileService/UpdateBillingProfile",
                                  billing_profile={"name": f"{self.customer.account}/billingProfile", "customer_type": 1,
                                                   **self.input["billing_details"]["first"]},
                                  update_mask={"paths": ["customer_type", *self.input["billing_details"]["first"]]})
        try:
            self.add_card("declined")
            raise Broken("a card that the bank declines was accepted")
        except Refused as refused:
            expect(refused.reason == "CARD_DECLINED", f"the declined card was refused with {refused.reasons}")
        self.add_card("first")
        return "signed in; one card declined, one accepted"

    def add_card(self, which: str) -> None:
        method = self.peer("payment_token").call(f"{PAYMENT}.PaymentMethodService/CreatePaymentMethod",
                                                 parent=self.customer.account, card=self.input["cards"][which])
        expect(method.card.last_four == self.input["cards"][which]["number"][-4:], "the card's last four digits are wrong")
        self.customer.cards[which] = method.name

    def buy_plan(self) -> str:
        site = self.peer("subscription").call(f"{SUBSCRIPTION}.SiteService/CreateSite", parent=self.customer.account, display_name="Atelier")
        self.customer.site = site.name
        plan = self.input["plan"]
        quote = self.quote(plan_purchase={"site": site.name, "plan": f"plans/{plan['first']}", "cycle_months": plan["cycle_months"]})
        expect(quote.net.minor_units == self.input["prices"][plan["first"]], f"the quote says {quote.net.minor_units}")
        expect(quote.total.minor_units == self.with_tax(quote.net.minor_units), "tax is not 20 %")
        order = self.commit(quote, self.customer.cards["first"])
        self.customer.plan = order.product
        self.bought_on = self.today()
        self.expiry = add_months(self.bought_on, plan["cycle_months"])
        expect(to_date(self.product(order.product).expiry_date) == self.expiry, "the expiry is not 12 months away")
        expect(self.entitled_to() == plan["first"], "the plan's features are not there")
        return f"bought {plan['first']} for {self.money(quote.total.minor_units)} tax included, until {self.expiry}"

    def entitled_to(self) -> str:
        entitlements = self.peer("subscription").call(f"{SUBSCRIPTION}.SiteService/GetSiteEntitlements", name=self.customer.site)
        return entitlements.plan.removeprefix("plans/")

    def buy_domain_and_mailbox(self) -> str:
        name = self.input["domain"]["name"].format(id=self.id)
        quote = self.quote(domain_purchase={"domain_name": name, "years": self.input["domain"]["years"], "site": self.customer.site})
        expect(quote.net.minor_units == self.input["prices"]["domain"], f"the domain costs {quote.net.minor_units}")
        self.customer.domain = self.commit(quote).product
        mailbox = self.input["mailbox"]
        quote = self.quote(mailbox_purchase={"domain_product": self.customer.domain, **mailbox})
        expect(quote.net.minor_units == self.input["prices"]["mailbox"], f"the mailbox costs {quote.net.minor_units}")
        self.customer.mailbox = self.commit(quote).product
        domains = self.peer("domain_mailbox").call(f"{DOMAINS}.DomainService/ListDomains", parent=self.customer.account).domains
        boxes = self.peer("domain_mailbox").call(f"{DOMAINS}.MailboxService/ListMailboxes", parent=self.customer.account).mailboxes
        expect([d.domain_name for d in domains] == [name], "the domain was not registered")
        expect([b.address for b in boxes] == [f"{mailbox['local_part']}@{name}"], "the mailbox was not made")
        return f"bought {name} and {mailbox['local_part']}@{name}"

    def upgrade(self) -> str:
        self.move_clock(self.noon(self.bought_on + timedelta(days=self.input["upgrade_after_days"])))
        left = (self.expiry - self.today()).days
        whole = (self.expiry - self.bought_on).days
        prices, plan = self.input["prices"], self.input["plan"]
        difference = rounded(Fraction((prices[plan["upgrade"]] - prices[plan["first"]]) * left, whole))
        quote = self.quote(upgrade={"product": self.customer.plan, "plan": f"plans/{plan['upgrade']}"})
        expect(quote.net.minor_units == difference, f"the upgrade costs {quote.net.minor_units}, by the calendar {difference}")
        self.commit(quote)
        expect(to_date(self.product(self.customer.plan).expiry_date) == self.expiry, "the upgrade moved the expiry")
        expect(self.entitled_to() == plan["upgrade"], "the features are not there at once")
        return f"upgraded to {plan['upgrade']}: {left} of {whole} days, {self.money(difference)} before tax, same expiry"

    def renew_early(self) -> str:
        quote = self.quote(renewal={"product": self.customer.plan})
        expect(quote.net.minor_units == self.input["prices"][self.input["plan"]["upgrade"]], f"the renewal costs {quote.net.minor_units}")
        self.commit(quote)
        self.plan_expiry = add_months(self.bought_on, 2 * self.input["plan"]["cycle_months"])
        expect(to_date(self.product(self.customer.plan).expiry_date) == self.plan_expiry, "the early renewal lost a day")
        return f"renewed the plan early: until {self.plan_expiry}, no day lost"

    def switch_mailbox_off(self) -> str:
        before = [self.product(p).auto_renew for p in (self.customer.plan, self.customer.domain)]
        self.peer("subscription").call(f"{SUBSCRIPTION}.ProductService/UpdateProduct",
                                       product={"name": self.customer.mailbox, "auto_renew": False}, update_mask={"paths": ["auto_renew"]})
        expect(not self.product(self.customer.mailbox).auto_renew, "the switch did not take")
        expect(before == [True, True] == [self.product(p).auto_renew for p in (self.customer.plan, self.customer.domain)],
               "another product's switch moved")
        return "auto-renew off for the mailbox only"

    def automatic_renewals(self) -> str:
        self.move_clock(self.noon(self.expiry - timedelta(days=14)))
        self.domain_expiry = add_months(self.bought_on, 24)
        expect(to_date(self.product(self.customer.domain).expiry_date) == self.domain_expiry, "the domain did not renew 14 days before expiry")
        expect(to_date(self.product(self.customer.mailbox).expiry_date) == self.expiry, "the mailbox renewed though switched off")
        expect(to_date(self.product(self.customer.plan).expiry_date) == self.plan_expiry, "the plan renewed too early")
        return f"14 days before expiry the domain renewed, until {self.domain_expiry}"

    def mailbox_expires(self) -> str:
        self.move_clock(self.noon(self.expiry - timedelta(days=1)))
        expect(self.is_state(self.customer.mailbox, "ACTIVE"), "the mailbox ended before its expiry")
        self.move_clock(self.noon(self.expiry))
        expect(self.is_state(self.customer.mailbox, "EXPIRED"), "the mailbox did not end at its expiry")
        boxes = self.peer("domain_mailbox").call(f"{DOMAINS}.MailboxService/ListMailboxes", parent=self.customer.account).mailboxes
        expect([b.state for b in boxes] == [3], "the mailbox still takes mail")
        expect(self.is_state(self.customer.domain, "ACTIVE") and self.is_state(self.customer.plan, "ACTIVE"), "something else ended with it")
        return "the mailbox went inactive at its expiry, nothing else did"

    def plan_renews(self) -> str:
        self.move_clock(self.noon(self.plan_expiry - timedelta(days=14)))
        self.plan_expiry = add_months(self.bought_on, 36)
        for product in (self.customer.plan, self.customer.domain):
            expect(to_date(self.product(product).expiry_date) == self.plan_expiry, "a product did not renew")
        return f"plan and domain renewed by themselves, until {self.plan_expiry}"

    def gateway(self, path: str, body: dict | None = None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.suite.ports.gateway}{path}",
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {self.suite.gateway_api_key}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def card_declines(self) -> str:
        self.gateway("/_control/cards", {"last4": self.input["cards"]["first"]["number"][-4:], "behaviour": self.input["starts_to_decline"]})
        self.move_clock(self.noon(self.plan_expiry - timedelta(days=14)))
        product = self.product(self.customer.plan)
        expect(product.next_renewal.attempt_count == 1, f"{product.next_renewal.attempt_count} attempts on the first day")
        expect(product.next_renewal.last_decline_code == self.input["starts_to_decline"], "the reason is not told")
        self.move_clock(self.noon(self.plan_expiry - timedelta(days=1)))
        expect(self.is_state(self.customer.plan, "ACTIVE"), "the plan ended before its expiry")
        self.move_clock(self.noon(self.plan_expiry + timedelta(days=3)))
        product = self.product(self.customer.plan)
        expect(self.is_state(self.customer.plan, "EXPIRED"), "the unpaid plan did not end at its expiry")
        expect(self.entitled_to() == "free", "the site still has the plan's features")
        notices = self.peer("account").call(f"{ACCOUNT}.NoticeService/ListNotices", parent=self.customer.account, page_size=200).notices
        failures = [n for n in notices if n.kind == 3 and n.product == self.customer.plan]
        expect(len(failures) == product.next_renewal.attempt_count, f"{len(failures)} notices of {product.next_renewal.attempt_count} failures")
        expect(all(n.language == "fr" for n in notices), "a notice is not in French")
        return f"the card declined {product.next_renewal.attempt_count} times, each told; expired, site inactive"

    def comes_back_with_new_card(self) -> str:
        old_expiry = self.plan_expiry
        self.add_card("second")
        self.move_clock(self.now() + timedelta(seconds=5))
        self.plan_expiry = add_months(self.bought_on, 48)
        for product in (self.customer.plan, self.customer.domain):
            expect(self.is_state(product, "ACTIVE"), "the new card did not bring it back")
            expect(to_date(self.product(product).expiry_date) == self.plan_expiry, "the new term does not start at the old expiry")
        expect(self.entitled_to() == self.input["plan"]["upgrade"], "the features did not come back")
        return f"a new card was charged at once: back, new term from {old_expiry}"

    def invoices(self):
        found, token = [], ""
        while True:
            page = self.peer("billing").call(f"{BILLING}.InvoiceService/ListInvoices", parent=self.customer.account, page_size=5, page_token=token)
            found += page.invoices
            token = page.next_page_token
            if not token:
                return found

    def change_billing_details(self) -> str:
        before = {i.name: i.SerializeToString(deterministic=True) for i in self.invoices()}
        later = self.input["billing_details"]["later"]
        self.peer("billing").call(f"{BILLING}.BillingProfileService/UpdateBillingProfile",
                                  billing_profile={"name": f"{self.customer.account}/billingProfile", **later}, update_mask={"paths": list(later)})
        self.commit(self.quote(renewal={"product": self.customer.domain}))
        after = {i.name: i for i in self.invoices()}
        expect(all(after[name].SerializeToString(deterministic=True) == old for name, old in before.items()), "an issued invoice changed")
        new = [i for name, i in after.items() if name not in before]
        expect([i.buyer.city for i in new] == [later["city"]], "the new invoice has the old details")
        expect(all(i.language == "fr" and i.time_zone == "Europe/Paris" for i in after.values()), "an invoice has the wrong language or zone")
        return f"new billing details: {len(before)} old invoices unchanged, the new one says {later['city']}"

    def delete_payment_methods(self) -> str:
        payment = self.peer("payment_token")
        for name in self.customer.cards.values():
            payment.call(f"{PAYMENT}.PaymentMethodService/DeletePaymentMethod", name=name)
        left = payment.call(f"{PAYMENT}.PaymentMethodService/ListPaymentMethods", parent=self.customer.account).payment_methods
        expect(len(left) == 0, "a deleted card is still listed")
        self.move_clock(self.now() + timedelta(seconds=5))
        return "both cards deleted"

    def delete_account(self) -> str:
        self.books = Books(self.suite)
        self.books.read()  # the terms go with the account
        self.peer("account").call(f"{ACCOUNT}.AccountService/DeleteAccount", name=self.customer.account, password=self.input["customer"]["password"])
        account, self.customer.account = self.customer.account, ""
        self.move_clock(self.now() + timedelta(seconds=5))
        personal = self.books.traces([self.customer.email])
        expect(not personal, f"the deleted customer's address is still in {personal}")
        # The bare id stays where it says that the account is gone, and for days in the facts that say so.
        traces = self.books.traces([account.removeprefix("accounts/")], but=TOMBSTONES)
        expect(not traces, f"the deleted account is still in {traces}")
        return "account deleted; its invoices stay under a pseudonym, nothing else does"

    def read_the_books(self) -> str:
        faults = self.books.faults([card["number"] for card in self.input["cards"].values()])
        expect(not faults, "; ".join(faults))
        return self.books.summary()
