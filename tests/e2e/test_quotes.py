"""What an upgrade quote promises: it is charged as it was told, or nothing is, whatever happens in between."""

import uuid

import pytest
from conftest import Customer
from suite.client import Refused
from test_crashes import DONE, FAILED, books_agree, buy, order_of

ORDERS = "perennial.subscription.v1.OrderService"
QUOTE_STALE = 4


def plan_of(customer) -> str:
    customer.add_card()
    return customer.commit(customer.quote_plan(customer.create_site(), "basic")).product


def quote_upgrade(customer, product: str, plan: str = "gold", **fields):
    return customer.peer("subscription").call(f"{ORDERS}/CreateQuote", parent=customer.account, currency_code="EUR",
                                              upgrade={"product": product, "plan": f"plans/{plan}"}, **fields)


def live_in(customer, country: str) -> None:
    profile = {"customer_type": 1, "recipient_name": "A Customer", "address_lines": ["1, Hauptstraße"], "postal_code": "10115",
               "city": "Berlin", "country_code": country}
    customer.peer("billing").call("perennial.billing.v1.BillingProfileService/UpdateBillingProfile", update_mask={"paths": list(profile)},
                                  billing_profile={"name": f"{customer.account}/billingProfile", **profile})


def charged(customer, order) -> int:
    """Net and tax of its invoice."""
    return customer.peer("billing").call("perennial.billing.v1.InvoiceService/GetInvoice", name=order.invoice).total.minor_units


def test_a_quote_outlives_the_service_that_made_it(suite, customer):
    product = plan_of(customer)
    request_id = str(uuid.uuid4())
    quote = quote_upgrade(customer, product, request_id=request_id)
    suite.kill("subscription")
    suite.restart("subscription")
    assert quote_upgrade(customer, product, request_id=request_id) == quote
    order = customer.commit(quote)
    assert order.state == DONE
    assert charged(customer, order) == quote.total.minor_units
    # What was asked once is answered the same, though it is not to be had any more.
    assert quote_upgrade(customer, product, request_id=request_id) == quote
    with pytest.raises(Refused) as refused:
        quote_upgrade(customer, product)
    assert refused.value.reason == "NOT_AN_UPGRADE"
    books_agree(suite)


def test_an_order_takes_its_quote_through_a_crash_of_postgres(suite, customer):
    """A quote's commit does not wait for the disk; an order's does, and all before it is on the disk then."""
    product = plan_of(customer)
    quote = quote_upgrade(customer, product)
    order = customer.commit(quote)
    suite.postgres.crash()
    suite.postgres.start()
    assert order_of(customer, order).state == DONE
    shown = customer.peer("subscription").call(f"{ORDERS}/GetQuote", name=quote.name)
    assert shown.order == order.name
    assert shown.total == quote.total
    books_agree(suite)


def test_a_quote_is_there_or_gone_after_a_crash_of_postgres(suite, customer):
    product = plan_of(customer)
    request_id = str(uuid.uuid4())
    quote = quote_upgrade(customer, product, request_id=request_id)
    suite.postgres.crash()
    suite.postgres.start()
    outcome = {}
    buy(customer, quote, outcome)
    if "order" not in outcome:
        assert outcome["refused"].reason == "QUOTE_NOT_FOUND"
        again = quote_upgrade(customer, product, request_id=request_id)  # its record went with it
        assert again.total == quote.total
        outcome["order"] = customer.commit(again)
    assert outcome["order"].state == DONE
    books_agree(suite)


def test_a_quote_whose_tax_changed_takes_no_money(suite, customer):
    product = plan_of(customer)
    live_in(customer, "FR")
    quote = quote_upgrade(customer, product)
    live_in(customer, "DE")
    order = customer.commit(quote)
    assert (order.state, order.failure) == (FAILED, QUOTE_STALE)
    assert not order.invoice
    anew = quote_upgrade(customer, product)
    assert anew.net == quote.net
    assert anew.total.minor_units < quote.total.minor_units
    order = customer.commit(anew)
    assert order.state == DONE
    assert charged(customer, order) == anew.total.minor_units
    books_agree(suite)


def test_an_upgrade_is_sold_while_account_is_away(suite):
    """In the language of the access token, which account gave."""
    customer = Customer(suite, language="fr")
    product = plan_of(customer)
    suite.kill("account")
    try:
        quote = quote_upgrade(customer, product)
        assert quote.tax_descriptions[0].startswith("TVA")
        assert customer.commit(quote).state == DONE
    finally:
        suite.restart("account")
    books_agree(suite)
