"""Somebody works behind the services' backs, and billing says so: at the gateway, in the ledger. And paid terms become revenue."""

import base64
import json
import re
import urllib.parse
import urllib.request
import uuid

from conftest import Customer

CLOCK = "perennial.testing.v1.TestClockService"
RECONCILIATION = "perennial.billing.v1.ReconciliationService"
LEDGER = "perennial.billing.v1.LedgerService"


def advance(suite, hours: int) -> None:
    clock = suite.peer("subscription", operator=True)
    now = clock.call(f"{CLOCK}/GetClock").time.seconds
    clock.call(f"{CLOCK}/AdvanceClock", target_time={"seconds": now + hours * 3600}, timeout=58)


def wait_for_morning(suite) -> None:
    """To 1:00 of the next day: what is deleted of the ledger is missed in its balances until the day is closed, and not after."""
    now = suite.peer("subscription", operator=True).call(f"{CLOCK}/GetClock").time.seconds
    advance(suite, 25 - now // 3600 % 24)


def judge(suite) -> None:
    """Until everything of now is old enough to be judged."""
    for _ in range(4):
        advance(suite, 1)


def at_gateway(suite, path: str, **form) -> dict:
    key = base64.b64encode(f"{suite.gateway_api_key}:".encode()).decode()
    request = urllib.request.Request(f"http://127.0.0.1:{suite.ports.gateway}/v1/{path}", urllib.parse.urlencode(form).encode() if form else None,
                                     {"Authorization": f"Basic {key}"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def differences(suite) -> dict:
    """By kind: the differences."""
    found: dict = {}
    for difference in suite.peer("billing", operator=True).call(f"{RECONCILIATION}/ListDifferences", page_size=200).differences:
        kind = difference.DESCRIPTOR.fields_by_name["kind"].enum_type.values_by_number[difference.kind].name
        found.setdefault(kind.removeprefix("DIFFERENCE_KIND_"), []).append(difference)
    return found


def metric(suite, name: str) -> dict:
    with urllib.request.urlopen(f"http://127.0.0.1:{suite.ports.metrics['billing']}/metrics", timeout=10) as response:
        text = response.read().decode()
    return {labels: float(value) for labels, value in re.findall(rf"^{name}({{[^}}]*}})? (\S+)$", text, re.M)}


def balances(suite) -> dict:
    lines = suite.peer("billing", operator=True).call(f"{LEDGER}/GetTrialBalance").balances
    return {(line.ledger_account, line.debit.currency_code): line.debit.minor_units - line.credit.minor_units for line in lines}


def test_what_somebody_does_behind_our_backs_is_told(suite):
    wait_for_morning(suite)
    customer = Customer(suite)
    card = customer.add_card()
    orders = [customer.commit(customer.quote_plan(customer.create_site(), months=3), payment_method=card) for _ in range(3)]
    customer.buy_domain(card)
    judge(suite)
    report = suite.peer("billing", operator=True).call(f"{RECONCILIATION}/GetReconciliationReport")
    assert report.last_success_time.seconds > 0
    assert not differences(suite)
    assert report.unsettled_count == 0

    # Somebody takes money in the gateway's own dashboard, once more under the metadata of a charge of ours.
    stored = at_gateway(suite, "charges?limit=1")["data"][0]
    method = {"customer": stored["customer"], "payment_method": stored["payment_method"], "confirm": "true", "off_session": "true"}
    at_gateway(suite, "payment_intents", amount=777, currency="eur", **method)
    again = {f"metadata[{key}]": value for key, value in stored["metadata"].items()}
    at_gateway(suite, "payment_intents", amount=stored["amount"], currency="eur", **method, **again)
    # And somebody who owns the tables deletes an entry of the ledger.
    order = orders[1].name.rsplit("/", 1)[1]
    suite.query("ALTER TABLE billing.journal_entry DISABLE TRIGGER ALL")
    suite.query(f"""DELETE FROM billing.journal_entry WHERE kind = 'payment' AND document_id =
                    (SELECT id FROM billing.invoice WHERE order_id = '{order}')""")
    suite.query("ALTER TABLE billing.journal_entry ENABLE ALWAYS TRIGGER journal_entry_never_changes")
    now = suite.peer("subscription", operator=True).call(f"{CLOCK}/GetClock").time.seconds
    suite.peer("billing", operator=True).call(f"{RECONCILIATION}/RestartReconciliation", start_time={"seconds": now - 86400},
                                              request_id=str(uuid.uuid4()))
    judge(suite)

    found = differences(suite)
    assert set(found) == {"CAPTURED_WITHOUT_CHARGE", "CAPTURED_WITHOUT_INVOICE", "DOCUMENT_WITHOUT_LEDGER_ENTRY"}
    assert sorted(each.gateway_amount.minor_units for each in found["CAPTURED_WITHOUT_CHARGE"]) == sorted([777, stored["amount"]])
    assert all(each.gateway_reference.startswith("ch_") for each in found["CAPTURED_WITHOUT_INVOICE"])
    [missing] = found["DOCUMENT_WITHOUT_LEDGER_ENTRY"]
    assert missing.order_id == order
    assert missing.document_number.startswith("INV-")
    measured = metric(suite, "perennial_reconciliation_differences")
    assert measured['{kind="document_without_ledger_entry"}'] == 1
    assert measured['{kind="captured_without_charge"}'] == 2
    assert measured['{kind="amount_differs"}'] == 0
    assert balances(suite)[("receivable", "EUR")] > 0


def test_a_paid_term_becomes_revenue_day_by_day(suite):
    before = balances(suite)
    customer = Customer(suite)
    customer.add_card()
    order = customer.commit(customer.quote_plan(customer.create_site(), months=3))
    assert balances(suite)[("deferred_revenue", "EUR")] == before.get(("deferred_revenue", "EUR"), 0) - order.net.minor_units
    advance(suite, 24 * 100)
    after = balances(suite)
    assert after[("revenue", "EUR")] <= before.get(("revenue", "EUR"), 0) - order.net.minor_units
    assert sum(amount for (_, currency), amount in after.items() if currency == "EUR") == 0
