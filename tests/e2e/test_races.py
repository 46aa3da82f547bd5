"""What people do in the middle of a renewal: the gateway has taken the money and not answered yet. Each has one defined
outcome; the term is paid once, and the books of all sides agree."""

import contextlib
import json
import threading
import time
import urllib.request

import pytest
from conftest import PASSWORD, Customer
from suite.books import Books, last_part
from suite.client import Refused
from suite.journey import TOMBSTONES
from test_crashes import advance, books_agree, books_of_gateway, gateway, settle

ORDERS = "perennial.subscription.v1.OrderService"
PRODUCTS = "perennial.subscription.v1.ProductService"
DONE = 6
RETRYING, PAID = 2, 6
NEXT_TERM = 2


def ask_gateway(suite, path: str) -> dict:
    request = urllib.request.Request(f"http://127.0.0.1:{suite.ports.gateway}/v1/{path}",
                                     headers={"Authorization": f"Bearer {suite.gateway_api_key}"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


class Owner(Customer):
    """Somebody with a plan of three months that is about to renew itself."""

    def __init__(self, suite):
        super().__init__(suite)
        self.card = self.add_card()
        order = self.commit(self.quote_plan(self.create_site(), months=3))
        self.product = order.product
        paid = next(capture for capture in books_of_gateway(suite)["captures"]["list"] if capture["metadata"]["order"] == last_part(order.name))
        self.at_gateway = ask_gateway(suite, f"payment_intents/{paid['payment_intent']}")["customer"]

    def captures(self) -> int:
        intents = ask_gateway(self.suite, f"payment_intents?limit=100&customer={self.at_gateway}")["data"]
        return sum(intent["status"] == "succeeded" for intent in intents)

    def tell_gateway(self, **fault) -> None:
        gateway(self.suite, "/_control/faults", {**fault, "match": {"customer": self.at_gateway}})

    def shown(self):
        return self.peer("subscription").call(f"{PRODUCTS}/GetProduct", name=self.product)

    def terms(self) -> int:
        return len(self.peer("subscription").call(f"{PRODUCTS}/ListTerms", parent=self.product).terms)

    def quote(self, **what):
        return self.peer("subscription").call(f"{ORDERS}/CreateQuote", parent=self.account, currency_code="EUR", **what)

    def renew(self):
        return self.commit(self.quote(renewal={"product": self.product}), timeout=30)


def move_to(suite, seconds: int) -> None:
    advance(suite.peer("subscription", operator=True), seconds)


def wait_for(what) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


@contextlib.contextmanager
def taken_and_not_answered(owner, act, ms: int = 4000):
    """Runs `act`, which charges, beside what is in the block: the money is taken before it, the answer comes after it."""
    before = owner.captures()
    owner.tell_gateway(action="late", ms=ms)
    thread = threading.Thread(target=act)
    thread.start()
    try:
        wait_for(lambda: owner.captures() == before + 1)
        yield
        assert thread.is_alive(), "the answer was quicker than the race"
    finally:
        thread.join()


@contextlib.contextmanager
def renewal_of(suite, owner):
    """The automatic renewal is under way in the block, and over after it."""
    due = owner.shown().next_renewal.attempt_time.seconds
    move_to(suite, due - 60)
    owner.sign_in()  # a moment before, so that what people do needs no clock moved
    with taken_and_not_answered(owner, lambda: move_to(suite, due + 60)):
        yield
    settle(suite)


def refusal(act) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.reason


def check_renewed_once(suite, owner) -> None:
    owner.sign_in()
    assert owner.terms() == 2
    assert owner.captures() == 2
    books_agree(suite)


@pytest.fixture
def owner(suite):
    return Owner(suite)


def test_the_card_is_deleted(suite, owner):
    """R22: it is gone at once for the customer, what it has paid stays paid, and it is charged no more."""
    with renewal_of(suite, owner):
        payments = owner.peer("payment_token")
        payments.call("perennial.payment_token.v1.PaymentMethodService/DeletePaymentMethod", name=owner.card)
        listed = payments.call("perennial.payment_token.v1.PaymentMethodService/ListPaymentMethods", parent=owner.account)
        assert not listed.payment_methods
    check_renewed_once(suite, owner)


def test_auto_renew_is_switched_off(suite, owner):
    """R14: what was taken buys its term; the switch is of the next one."""
    with renewal_of(suite, owner):
        product = owner.peer("subscription").call(f"{PRODUCTS}/UpdateProduct", product={"name": owner.product, "auto_renew": False},
                                                  update_mask={"paths": ["auto_renew"]})
        assert product.auto_renew_effect == NEXT_TERM
    check_renewed_once(suite, owner)
    assert owner.shown().next_renewal.state == PAID


def test_an_upgrade_is_bought(suite, owner):
    """It waits its turn: refused while the charge is out, and afterwards of both terms."""
    with renewal_of(suite, owner):
        assert refusal(lambda: owner.commit(owner.quote(upgrade={"product": owner.product, "plan": "plans/platinum"}))) == "ORDER_IN_PROGRESS"
    check_renewed_once(suite, owner)
    assert owner.commit(owner.quote(upgrade={"product": owner.product, "plan": "plans/platinum"})).state == DONE
    assert owner.captures() == 3
    books_agree(suite)


def test_the_account_is_deleted(suite, owner):
    """R7: what was taken has its invoice, then nothing of the account is left."""
    with renewal_of(suite, owner):
        owner.peer("account").call("perennial.account.v1.AccountService/DeleteAccount", name=owner.account, password=PASSWORD)
    assert owner.captures() == 2
    books_agree(suite)
    assert Books(suite).traces([owner.email]) == []
    assert Books(suite).traces([owner.account.split("/")[1]], but=TOMBSTONES) == []


def test_it_is_paid_by_hand_as_well(suite, owner):
    with renewal_of(suite, owner):
        assert refusal(owner.renew) == "ORDER_IN_PROGRESS"
    check_renewed_once(suite, owner)


def test_a_retry_comes_due_while_it_is_paid_by_hand(suite, owner):
    """The payment by hand holds the automatic renewal: its next attempt waits, and is not needed any more."""
    due = owner.shown().next_renewal.attempt_time.seconds
    owner.tell_gateway(action="decline", code="insufficient_funds")
    move_to(suite, due + 60)
    owner.sign_in()
    renewal = owner.shown().next_renewal
    assert (renewal.state, owner.captures()) == (RETRYING, 1)
    # The clock is not moved while the gateway is being asked: the moment has to come by itself.
    move_to(suite, renewal.attempt_time.seconds - 20)
    due = time.monotonic() + 20
    owner.sign_in()
    time.sleep(max(0, due - 5 - time.monotonic()))
    states = []
    with taken_and_not_answered(owner, lambda: states.append(owner.renew().state), ms=9000):
        time.sleep(max(0, due + 1 - time.monotonic()))
    settle(suite)
    check_renewed_once(suite, owner)
    assert states == [DONE]
    assert owner.shown().next_renewal.state == PAID
