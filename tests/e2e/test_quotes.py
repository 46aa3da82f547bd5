"""What an upgrade quote promises: it is charged as it was told, or nothing is, whatever happens in between."""

import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import PASSWORD, ROOT, Customer
from suite.client import Refused
from test_crashes import DONE, FAILED, advance, books_agree

ORDERS = "perennial.subscription.v1.OrderService"
QUOTE_STALE = 4
CONSUMED = 2


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


def get_quote(customer, name: str):
    return customer.peer("subscription").call(f"{ORDERS}/GetQuote", name=name)


def test_a_quote_outlives_the_service_that_made_it_and_its_database(suite, customer):
    product = plan_of(customer)
    quote = quote_upgrade(customer, product)
    suite.kill("subscription")
    suite.postgres.crash()
    suite.postgres.start()
    suite.restart("subscription")
    assert get_quote(customer, quote.name) == quote
    order = customer.commit(quote)
    assert order.state == DONE
    assert charged(customer, order) == quote.total.minor_units
    # It is known by both of its names now; the order tells the short one.
    suite.postgres.crash()
    suite.postgres.start()
    for name in (quote.name, order.quote):
        shown = get_quote(customer, name)
        assert (shown.name, shown.state, shown.order) == (name, CONSUMED, order.name)
        assert (shown.lines, shown.total, shown.tax_descriptions) == (quote.lines, quote.total, quote.tax_descriptions)
        with pytest.raises(Refused) as refused:
            customer.peer("subscription").call(f"{ORDERS}/CommitQuote", name=name)
        assert refused.value.reason == "QUOTE_CONSUMED"
    with pytest.raises(Refused) as refused:
        quote_upgrade(customer, product)
    assert refused.value.reason == "NOT_AN_UPGRADE"
    books_agree(suite)


def test_a_quote_cannot_be_altered_nor_used_by_another(suite, customer):
    product = plan_of(customer)
    quote = quote_upgrade(customer, product)
    other = Customer(suite)
    handle = quote.name.rsplit("/", 1)[1]
    middle = len(handle) // 2
    altered = handle[:middle] + ("A" if handle[middle] != "A" else "B") + handle[middle + 1:]
    for who, name in ((customer, f"{customer.account}/quotes/{altered}"), (customer, f"{other.account}/quotes/{handle}"),
                      (other, f"{other.account}/quotes/{handle}"), (other, quote.name)):
        for method in ("GetQuote", "CommitQuote"):
            with pytest.raises(Refused) as refused:
                who.peer("subscription").call(f"{ORDERS}/{method}", name=name)
            assert refused.value.reason == "QUOTE_NOT_FOUND"
    assert product not in quote.name and "gold" not in quote.name
    assert len(quote.name) < 1024


def until(found, seconds: float = 10):
    """What it finds, once it is there."""
    last = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < last, "it never comes"
        time.sleep(0.02)
    return value


def tax_of(quote) -> str:
    return quote.tax_descriptions[0]


def test_a_quote_is_of_the_country_that_the_customer_lives_in(suite, customer):
    product = plan_of(customer)
    for country, name in (("FR", "France"), ("DE", "Germany"), ("HU", "Hungary"), ("FR", "France")):
        live_in(customer, country)
        quote = until(lambda: (q := quote_upgrade(customer, product)) and name in tax_of(q) and q)
        # Computed here and asked of billing is the same.
        assert quote_upgrade(customer, product).total == quote.total
    suite.kill("billing")
    try:
        assert quote_upgrade(customer, product).tax_descriptions == quote.tax_descriptions
    finally:
        suite.restart("billing")
    order = customer.commit(quote)
    assert order.state == DONE
    assert charged(customer, order) == quote.total.minor_units
    books_agree(suite)


def test_a_quote_whose_tax_changed_takes_no_money(suite, customer):
    product = plan_of(customer)
    live_in(customer, "FR")
    quote = until(lambda: (q := quote_upgrade(customer, product)) and "France" in tax_of(q) and q)
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


def test_a_new_tax_table_makes_one_quote_stale_and_a_new_rate_none(suite, customer, tmp_path):
    """Nobody is told of a new table: the commit finds out, and the next quote asks. Of its rates' days all know."""
    product = plan_of(customer)
    live_in(customer, "DE")
    until(lambda: "19 %" in tax_of(quote_upgrade(customer, product)))
    operator = suite.peer("subscription", operator=True)
    now = datetime.fromtimestamp(operator.call("perennial.testing.v1.TestClockService/GetClock").time.seconds, ZoneInfo("Europe/Berlin"))
    day = (now + timedelta(days=2)).date()
    taxes = json.loads((ROOT / "services/billing/taxes.json").read_text())
    taxes["eu"]["DE"] += [{"from": now.date().isoformat(), "rate_ppm": 180000, "source": "test"},
                          {"from": day.isoformat(), "rate_ppm": 160000, "source": "test"}]
    table = Path(suite.state) / "taxes.json"
    table.write_text(json.dumps(taxes))
    suite.settings["billing"] = {**suite.settings.get("billing", {}), "TAX_TABLE_FILE": str(table)}
    try:
        suite.kill("billing")
        suite.restart("billing")
        stale = quote_upgrade(customer, product)
        assert "19 %" in tax_of(stale)
        order = customer.commit(stale)
        assert (order.state, order.failure) == (FAILED, QUOTE_STALE)
        assert "18 %" in tax_of(quote_upgrade(customer, product))
        midnight = int(datetime.combine(day, datetime.min.time(), ZoneInfo("Europe/Berlin")).timestamp())
        advance(operator, midnight - 60)
        customer.sign_in()
        assert "18 %" in tax_of(quote_upgrade(customer, product))
        advance(operator, midnight)
        quote = quote_upgrade(customer, product)
        assert "16 %" in tax_of(quote)
        order = customer.commit(quote)
        assert order.state == DONE
        assert charged(customer, order) == quote.total.minor_units
    finally:
        del suite.settings["billing"]["TAX_TABLE_FILE"]
        suite.kill("billing")
        suite.restart("billing")
    books_agree(suite)


def test_a_deleted_account_gets_no_quote(suite, customer):
    product = plan_of(customer)
    quote_upgrade(customer, product)
    customer.peer("account").call("perennial.account.v1.AccountService/DeleteAccount", name=customer.account, password=PASSWORD)

    def refusal():
        try:
            quote_upgrade(customer, product)
        except Refused as refused:
            return refused.reason
        return None

    assert until(refusal) in ("ACCOUNT_DELETED", "PRODUCT_NOT_FOUND", "PRODUCT_INACTIVE")
    account = customer.account.split("/")[1]
    until(lambda: suite.query(f"SELECT count(*) FROM subscription.tax_positions WHERE account_id = '{account}'")[0][0] == "0")


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
