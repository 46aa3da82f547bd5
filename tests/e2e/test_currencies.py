"""Currencies of 0, 2 and 3 decimals, from the catalogue through quote, tax, charge, invoice and ledger."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from conftest import CARD_NUMBERS, Customer
from suite.books import Books
from suite.layout import ROOT, Ports
from suite.suite import Suite

ORDERS = "perennial.subscription.v1.OrderService"


def catalogue_with(file: Path, currencies: dict[str, tuple[int, int]]) -> Path:
    """The catalogue that ships, priced in more currencies: so much of each for a cent of EUR, and the least charge."""
    catalogue = json.loads((ROOT / "services/subscription/catalogue.json").read_text())
    priced = [plan["prices"] for plan in catalogue["plans"] if plan["prices"]] + [catalogue["mailbox"]["prices"]]
    for currency, (factor, least) in currencies.items():
        for prices in priced:
            prices[currency] = {cycle: minor * factor for cycle, minor in prices["EUR"].items()}
        for domain in catalogue["domains"]:
            domain["prices"][currency] = {what: minor * factor for what, minor in domain["prices"]["EUR"].items()}
        catalogue["least_charge"][currency] = least
    file.write_text(json.dumps(catalogue))
    return file


@pytest.fixture(scope="module")
def world():
    state = Path(tempfile.mkdtemp(prefix="perennial-e2e-"))
    os.chmod(state, 0o755)  # Postgres runs as another user
    running = Suite(state, Path(os.environ["PERENNIAL_BUILD"]), Ports.free(), durable=False)
    running.settings["subscription"] = {"CATALOGUE_FILE": str(catalogue_with(state / "catalogue.json", {"JPY": (1, 50), "KWD": (3, 150)}))}
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(state, ignore_errors=True)


def quote(customer: Customer, currency: str, **item):
    return customer.peer("subscription").call(f"{ORDERS}/CreateQuote", parent=customer.account, currency_code=currency, **item)


def test_each_currency_is_priced_taxed_and_charged_in_its_own_smallest_unit(world):
    books = Books(world)
    for currency, price in (("EUR", 4500), ("JPY", 4500), ("KWD", 13500)):
        customer = Customer(world)
        card = customer.add_card()
        purchase = quote(customer, currency, plan_purchase={"site": customer.create_site(), "plan": "plans/professional", "cycle_months": 3})
        assert (purchase.net.minor_units, purchase.tax.minor_units, purchase.total.minor_units) == (price, price // 5, price * 6 // 5)
        assert purchase.total.currency_code == currency
        order = customer.commit(purchase, payment_method=card)
        if currency == "KWD":  # the gateway takes only multiples of ten fils, so we take none, and say so
            assert (order.state, order.decline_code) == (7, "currency_not_supported")
            continue
        assert order.state == 6, order
        upgrade = quote(customer, currency, upgrade={"product": order.product, "plan": "plans/platinum"})
        assert customer.commit(upgrade, payment_method=card).total == upgrade.total
    books.read()
    assert books.faults(sorted(CARD_NUMBERS)) == []
