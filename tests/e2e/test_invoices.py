"""Invoices as a customer and an auditor get them (R25, R26, R27)."""

import hashlib
import subprocess
import uuid
import xml.etree.ElementTree as ElementTree

import pytest
from suite.client import Refused

SERIES = "perennial.billing.v1.InvoiceSeriesService"
# As services/billing/README.md, "The chain", says.
HASHED = ("previous_hash", "id", "kind", "account_pseudonym", "series", "sequence_number", "issue_time_micros", "order_id", "charge_id",
          "refund_id", "credited_invoice_id", "currency", "net_minor", "tax_minor", "total_minor", "content")


@pytest.fixture(scope="module")
def paid(suite):
    from conftest import Customer

    customer = Customer(suite, language="fr")
    card = customer.add_card()
    orders = [customer.commit(customer.quote_plan(customer.create_site()), payment_method=card) for _ in range(3)]
    return customer, [order.invoice for order in orders]


def test_an_auditor_can_compute_each_hash_anew(suite, paid):
    customer, names = paid
    rows = suite.query("SELECT series, hash, previous_hash, id, kind, account_pseudonym, sequence_number, "
                       "(extract(epoch FROM issue_time) * 1000000)::bigint AS issue_time_micros, order_id, charge_id, refund_id, "
                       "credited_invoice_id, currency, net_minor, tax_minor, total_minor, content::text AS content "
                       "FROM billing.invoice ORDER BY series, sequence_number")
    columns = ("series", "hash", "previous_hash", "id", "kind", "account_pseudonym", "sequence_number", "issue_time_micros", "order_id",
               "charge_id", "refund_id", "credited_invoice_id", "currency", "net_minor", "tax_minor", "total_minor", "content")
    assert len(rows) >= 3
    hashes = {}
    for row in rows:
        document = dict(zip(columns, (value or "" for value in row)))
        document["previous_hash"] = document["previous_hash"].removeprefix("\\x")
        form = "perennial invoice 1\n" + "\n".join(f"{name}={document[name]}" for name in HASHED)
        hashes[document["id"]] = hashlib.sha256(form.encode()).hexdigest()
        assert document["hash"].removeprefix("\\x") == hashes[document["id"]]
    for name in names:
        invoice = customer.peer("billing").call("perennial.billing.v1.InvoiceService/GetInvoice", name=name)
        assert invoice.hash == hashes[name.rsplit("/", 1)[-1]]


def test_operators_verify_series_in_parts_and_customers_do_not(suite, paid):
    customer, _ = paid
    operator = suite.peer("billing", operator=True)
    series = operator.call(f"{SERIES}/ListInvoiceSeries").invoice_series
    assert series
    for one in series:
        token = ""
        while True:
            part = operator.call(f"{SERIES}/VerifyInvoiceSeries", name=one.name, page_size=2, page_token=token)
            assert part.fault == 0 and part.fault_sequence_number == 0
            token = part.next_page_token
            if not token:
                break
        assert part.verified_sequence_number == one.last_sequence_number
    with pytest.raises(Refused) as refused:
        customer.peer("billing").call(f"{SERIES}/VerifyInvoiceSeries", name=series[0].name)
    assert refused.value.code.name == "PERMISSION_DENIED"


def test_a_customer_downloads_each_invoice_for_people_and_for_machines(paid, tmp_path):
    customer, names = paid
    service = "perennial.billing.v1.InvoiceService"
    for name in names:
        invoice = customer.peer("billing").call(f"{service}/GetInvoice", name=name)
        pdf, ubl = (customer.peer("billing").call(f"{service}/DownloadInvoice", name=name, format=kind) for kind in (1, 2))
        assert (pdf.file_name, pdf.content_type) == (f"{invoice.number}.pdf", "application/pdf")
        assert (ubl.file_name, ubl.content_type) == (f"{invoice.number}.xml", "application/xml")
        (tmp_path / pdf.file_name).write_bytes(pdf.content)
        text = subprocess.run(["pdftotext", "-layout", tmp_path / pdf.file_name, "-"], capture_output=True, text=True, check=True).stdout
        for part in ("Facture", invoice.number, invoice.hash, "Total TTC", "1 sur 1"):
            assert part in text
        tree = ElementTree.fromstring(ubl.content)
        total = tree.find(".//{*}LegalMonetaryTotal/{*}TaxInclusiveAmount")
        assert (total.text, total.get("currencyID")) == (f"{invoice.total.minor_units / 100:.2f}", "EUR")


def test_a_company_is_looked_up_at_the_register_and_then_owes_the_tax_itself(suite):
    from conftest import Customer

    customer = Customer(suite)
    service = "perennial.billing.v1.BillingProfileService"

    def save(country: str, tax_id: str):
        profile = {"name": f"{customer.account}/billingProfile", "customer_type": 2, "recipient_name": "Ada", "company": "Ada GmbH",
                   "address_lines": ["Straße 1"], "city": "Berlin", "country_code": country, "tax_id": tax_id}
        paths = [field for field in profile if field != "name"]
        return customer.peer("billing").call(f"{service}/UpdateBillingProfile", billing_profile=profile, update_mask={"paths": paths})

    # The simulated register knows no id of Malta, and gives no answer about Cyprus.
    with pytest.raises(Refused) as refused:
        save("MT", "MT11679112")
    assert refused.value.reason == "TAX_ID_INVALID"
    assert save("CY", "CY10259033P").tax_id_state == 2
    assert save("DE", "DE 136 695 976").tax_id_state == 3

    order = customer.commit(customer.quote_plan(customer.create_site()), payment_method=customer.add_card())
    invoices = "perennial.billing.v1.InvoiceService"
    invoice = customer.peer("billing").call(f"{invoices}/GetInvoice", name=order.invoice)
    assert invoice.tax.minor_units == 0
    assert (invoice.buyer.tax_id, invoice.buyer.tax_id_state) == ("DE136695976", 3)
    assert invoice.buyer.tax_id_consultation == "SIMULATED-DE136695976"
    ubl = customer.peer("billing").call(f"{invoices}/DownloadInvoice", name=order.invoice, format=2)
    assert ElementTree.fromstring(ubl.content).find(".//{*}TaxCategory/{*}ID").text == "AE"


def test_a_batch_does_what_it_can_and_tells_what_it_refused(suite):
    invoicing = "perennial.billing.v1.InvoicingService"
    operator = suite.peer("billing", operator=True)
    account = f"accounts/{uuid.uuid4()}"
    # Of nothing to pay: nobody's books miss a charge.
    line = {"description": "Free", "product": f"{account}/products/{uuid.uuid4()}", "net": {"currency_code": "EUR"},
            "term_start_date": {"year": 2027, "month": 1, "day": 1}, "term_end_date": {"year": 2027, "month": 2, "day": 1}}
    orders = [f"{account}/orders/{uuid.uuid4()}" for _ in range(3)]
    drafts = [{"order": order, "lines": [line], "language": "en", "time_zone": "Europe/Paris"} for order in orders]
    drafts[1]["time_zone"] = "Europe/Atlantis"
    batch = {"requests": drafts, "request_id": str(uuid.uuid4())}
    made = operator.call(f"{invoicing}/BatchCreateProFormas", **batch)
    assert [total.order for total in made.pro_formas] == [orders[0], orders[2]]
    assert [total.total.currency_code for total in made.pro_formas] == ["EUR", "EUR"]
    assert list(made.failed_requests) == [1]
    assert b"REQUEST_INVALID" in made.failed_requests[1].details[0].value
    assert operator.call(f"{invoicing}/BatchCreateProFormas", **batch) == made

    issued = operator.call(f"{invoicing}/BatchIssueInvoices", requests=[{"order": order} for order in orders])
    assert [invoice.order for invoice in issued.invoices] == [orders[0], orders[2]]
    assert b"PRO_FORMA_NOT_FOUND" in issued.failed_requests[1].details[0].value
    single = operator.call(f"{invoicing}/IssueInvoice", order=orders[2])
    assert single.name == issued.invoices[1].invoice
    assert single.order == orders[2]

    for requests in ([], [{"order": orders[0]}] * 2, [{"order": f"{account}/orders/{uuid.uuid4()}"} for _ in range(501)]):
        with pytest.raises(Refused) as refused:
            operator.call(f"{invoicing}/BatchIssueInvoices", requests=requests)
        assert refused.value.reason == "REQUEST_INVALID"
