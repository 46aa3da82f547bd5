"""Services are killed in the middle of orders, the gateway lies, stores go away: money is taken once, nothing is lost."""

import json
import threading
import urllib.request
import uuid
from urllib.error import HTTPError

import pytest
from conftest import CARD_NUMBERS, PASSWORD, Customer
from suite.books import Books
from suite.client import Refused
from suite.layout import SERVICES

AWAITING_PAYMENT, DONE, FAILED, COMPENSATING, REFUNDED = 2, 6, 7, 8, 9
REFUND_FAILED = 3


def settle(suite) -> None:
    """Moves the clock on, stop by stop, so that whatever waits for its next try, and who waits for that, gets it."""
    operator = suite.peer("subscription", operator=True)
    now = operator.call("perennial.testing.v1.TestClockService/GetClock").time.seconds
    for minutes in (1, 3, 6, 20, 60, 130):
        advance(operator, now + 60 * minutes)


def advance(operator, target: int) -> None:
    for attempt in range(5):
        try:
            operator.call("perennial.testing.v1.TestClockService/AdvanceClock", target_time={"seconds": target}, timeout=58)
            return
        except Refused as refused:  # a store has just come back, or the machine is busy
            if refused.code.name not in ("UNAVAILABLE", "DEADLINE_EXCEEDED") or attempt == 4:
                raise


def gateway(suite, path, body, method="POST"):
    request = urllib.request.Request(f"http://127.0.0.1:{suite.ports.gateway}{path}", data=json.dumps(body).encode(), method=method,
                                     headers={"Authorization": f"Bearer {suite.gateway_api_key}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def books_of_gateway(suite):
    request = urllib.request.Request(f"http://127.0.0.1:{suite.ports.gateway}/_control/books",
                                     headers={"Authorization": f"Bearer {suite.gateway_api_key}"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def buy(customer, quote, outcome):
    """Commits a quote, as often as it takes, under one request id."""
    request_id = str(uuid.uuid4())
    for _ in range(60):
        try:
            outcome["order"] = customer.commit(quote, request_id=request_id, timeout=20)
            return
        except Refused as refused:
            outcome["refused"] = refused
            if refused.code.name not in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "CANCELLED", "UNAUTHENTICATED"):
                return
            threading.Event().wait(0.2)


def order_of(customer, order):
    customer.sign_in()
    return customer.peer("subscription").call("perennial.subscription.v1.OrderService/GetOrder", name=order.name)


def books_agree(suite) -> None:
    books = Books(suite)
    books.read()
    assert books.faults(sorted(CARD_NUMBERS)) == []


@pytest.mark.parametrize("victim", ["subscription", "billing", "payment_token", "gateway"])
def test_a_killed_process_in_the_middle_of_orders_charges_nobody_twice(suite, victim):
    customers = [Customer(suite) for _ in range(6)]
    for customer in customers:
        customer.add_card()
    quotes = [customer.quote_plan(customer.create_site()) for customer in customers]
    outcomes = [{} for _ in customers]
    threads = [threading.Thread(target=buy, args=each) for each in zip(customers, quotes, outcomes)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        threading.Event().wait(0.15)  # into the middle of the work
        suite.kill(victim)
        suite.restart(victim)
    for thread in threads:
        thread.join()
    settle(suite)
    for customer, outcome in zip(customers, outcomes):
        assert "order" in outcome, outcome.get("refused")
        assert order_of(customer, outcome["order"]).state == DONE
    books_agree(suite)


@pytest.mark.parametrize("action", ["timeout_after_capture", "error_500_before", "error_500_after", "drop_connection", "lock_timeout",
                                    "sent_twice", "sent_twice_at_once", "answered_twice"])
def test_a_gateway_that_lies_captures_once(suite, action):
    customer = Customer(suite)
    customer.add_card()
    gateway(suite, "/_control/faults", {"match": {"path": "/v1/payment_intents"}, "action": action, "count": 1})
    quote = customer.quote_plan(customer.create_site())
    outcome = {}
    buy(customer, quote, outcome)
    settle(suite)
    assert order_of(customer, outcome["order"]).state == DONE
    books_agree(suite)
    if action == "answered_twice":
        # The stray answer waits on a kept connection: whoever is next there is told to repeat, as it may not be theirs.
        try:
            customer.add_card(number="5555555555554444")
        except Refused as refused:
            assert refused.reasons == ["GATEWAY_UNAVAILABLE"]


@pytest.mark.parametrize("in_time", [True, False])
def test_a_challenge_met_too_late_takes_no_money(suite, customer, in_time):
    """R23, R24: the order is given up after an hour, and with it the charge, long before the bank's page ends."""
    customer.add_card(number="4000002500003155")
    outcome = {}
    buy(customer, customer.quote_plan(customer.create_site()), outcome)
    assert outcome["order"].state == AWAITING_PAYMENT
    intent = outcome["order"].action_url.split("payment_intent=")[1]
    if not in_time:
        settle(suite)
        assert order_of(customer, outcome["order"]).state == FAILED
    try:
        gateway(suite, "/_control/authentications", {"payment_intent": intent, "outcome": "succeed"})
    except HTTPError as refused:
        assert not in_time and refused.code == 400
    settle(suite)
    assert order_of(customer, outcome["order"]).state == (DONE if in_time else FAILED)
    books_agree(suite)


def paid_too_late(suite, faults: int):
    """R31: of two who pay for one domain one is to get the money back, which the gateway is told to fail so many times."""
    winner, loser = Customer(suite), Customer(suite)
    for customer in (winner, loser):
        customer.add_card()
    name = f"c-{uuid.uuid4().hex[:12]}.example"
    quotes = [customer.peer("subscription").call("perennial.subscription.v1.OrderService/CreateQuote", parent=customer.account,
                                                 currency_code="EUR", domain_purchase={"domain_name": name, "years": 1})
              for customer in (winner, loser)]
    assert winner.commit(quotes[0]).state == DONE
    gateway(suite, "/_control/faults", {"match": {"path": "/v1/refunds"}, "action": "error_500_before", "count": faults})
    order = loser.commit(quotes[1])
    assert order.state == COMPENSATING
    return loser, order


def test_a_refund_that_comes_after_the_account_was_forgotten_has_its_credit_note(suite):
    """R7, R31: the charge is under a pseudonym by then, the order still under the account's own name."""
    loser, order = paid_too_late(suite, faults=1000)
    loser.peer("account").call("perennial.account.v1.AccountService/DeleteAccount", name=loser.account, password=PASSWORD)
    order_id = order.name.rsplit("/", 1)[-1]
    for _ in range(60):
        settle(suite)
        if suite.query(f"SELECT 1 FROM payment_token.charges WHERE is_pseudonymous AND order_id = '{order_id}'"):
            break
    gateway(suite, "/_control/faults", None, method="DELETE")
    for _ in range(3):
        settle(suite)
    assert not suite.query(f"SELECT 1 FROM subscription.orders WHERE id = '{order_id}' AND step <> 'refunded'")
    assert suite.query(f"SELECT 1 FROM billing.invoice WHERE order_id = '{order_id}' AND kind = 'credit_note'")
    books_agree(suite)


def test_a_refund_that_the_gateway_refuses_is_paid_and_settled_by_hand(suite):
    """The gateway refuses, for a person was quicker in its dashboard."""
    loser, order = paid_too_late(suite, faults=1)
    capture = next(c for c in books_of_gateway(suite)["captures"]["list"] if c["metadata"]["order"].endswith(order.name.rsplit("/", 1)[-1]))
    dashboard = urllib.request.Request(f"http://127.0.0.1:{suite.ports.gateway}/v1/refunds", data=f"payment_intent={capture['payment_intent']}".encode(),
                                       headers={"Authorization": f"Bearer {suite.gateway_api_key}"})
    with urllib.request.urlopen(dashboard, timeout=10) as response:
        reference = json.load(response)["id"]
    settle(suite)
    assert order_of(loser, order).state == COMPENSATING
    operator = suite.peer("payment_token", operator=True)
    books = operator.call("perennial.payment_token.v1.ChargeBooksService/ListChargeBooks", page_size=200).charge_books
    refused = [refund for book in books if book.charge.order == order.name for refund in book.refunds]
    assert [refund.state for refund in refused] == [REFUND_FAILED]
    settled = operator.call("perennial.payment_token.v1.ChargeService/SettleRefund", name=refused[0].name, reference=reference)
    assert settled.settlement.reference == reference and settled.settlement.operator
    for _ in range(3):  # six hours
        settle(suite)
    assert order_of(loser, order).state == REFUNDED
    books_agree(suite)
    # Older than all by now: what reconciliation thinks of it is its last word.
    found = suite.peer("billing", operator=True).call("perennial.billing.v1.ReconciliationService/ListDifferences", page_size=200).differences
    assert not [each for each in found if each.gateway_reference == reference or each.order_id == order.name.rsplit("/", 1)[-1]]


def test_a_card_whose_storing_was_killed_does_not_stay_at_the_gateway(suite, customer):
    """R22: attached at the gateway, not committed here, and the customer never repeats it."""
    def stored_there():
        return books_of_gateway(suite)["attached_payment_methods"]

    kept = customer.add_card()
    before = stored_there()
    # The first of the two requests is answered late as well; then the one that attaches.
    gateway(suite, "/_control/faults", {"match": {"path": "/v1/payment_methods"}, "action": "late", "ms": 1500, "count": 2})

    def add_card():
        with pytest.raises(Refused):
            customer.add_card(number="5555555555554444")

    thread = threading.Thread(target=add_card)
    thread.start()
    while stored_there() == before:
        threading.Event().wait(0.02)
    suite.kill("payment_token")
    thread.join()
    suite.restart("payment_token")
    assert stored_there() == before + 1
    settle(suite)
    assert stored_there() == before
    customer.sign_in()
    methods = customer.peer("payment_token").call("perennial.payment_token.v1.PaymentMethodService/ListPaymentMethods", parent=customer.account)
    assert [method.name for method in methods.payment_methods] == [kept]


def test_fifty_parallel_commits_of_one_quote_are_one_order(suite, customer):
    customer.add_card()
    quote = customer.quote_plan(customer.create_site())
    orders, refusals = [], []

    def commit():
        try:
            orders.append(customer.commit(quote, timeout=30).name)
        except Refused as refused:
            refusals.append(refused.reason)

    threads = [threading.Thread(target=commit) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(orders)) == 1
    assert set(refusals) <= {"QUOTE_CONSUMED", "REQUEST_IN_PROGRESS", "OVERLOADED", "ORDER_IN_PROGRESS"}
    settle(suite)
    books_agree(suite)


def test_without_redis_it_still_sells_and_tells_later(suite, customer):
    customer.add_card()
    quote = customer.quote_plan(customer.create_site())
    suite.redis.stop()
    try:
        outcome = {}
        buy(customer, quote, outcome)
        assert outcome["order"].state == DONE
    finally:
        suite.redis.start()
    settle(suite)
    assert suite.query("SELECT count(*) FROM subscription.outbox WHERE relayed_at IS NULL")[0][0] == "0"


def test_a_restarted_postgres_is_found_again(suite, customer):
    customer.add_card()
    quote = customer.quote_plan(customer.create_site())
    suite.postgres.stop()
    with pytest.raises(Refused) as refused:
        customer.peer("subscription").call("perennial.subscription.v1.SiteService/ListSites", parent=customer.account, timeout=10)
    assert refused.value.code.name in ("UNAVAILABLE", "DEADLINE_EXCEEDED")
    assert len(refused.value.reasons) == 1
    suite.postgres.start()
    outcome = {}
    buy(customer, quote, outcome)
    assert outcome["order"].state == DONE
    for service in SERVICES:
        assert suite.processes[service].poll() is None
    books_agree(suite)
