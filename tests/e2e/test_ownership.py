"""A customer sees only their own (R33): what is not theirs is NOT_FOUND, the same as what does not exist."""

import uuid

import pytest
from conftest import PASSWORD
from suite.client import Refused
from suite.layout import SERVICES

READS = [
    ("account", "perennial.account.v1.AccountService/GetAccount", "account"),
    ("subscription", "perennial.subscription.v1.SiteService/GetSite", "site"),
    ("subscription", "perennial.subscription.v1.SiteService/GetSiteEntitlements", "site"),
    ("subscription", "perennial.subscription.v1.ProductService/GetProduct", "product"),
    ("subscription", "perennial.subscription.v1.OrderService/GetOrder", "order"),
    ("subscription", "perennial.subscription.v1.OrderService/GetQuote", "quote"),
    ("billing", "perennial.billing.v1.InvoiceService/GetInvoice", "invoice"),
    ("billing", "perennial.billing.v1.InvoiceService/DownloadInvoice", "invoice"),
    ("billing", "perennial.billing.v1.BillingProfileService/GetBillingProfile", "profile"),
    ("payment_token", "perennial.payment_token.v1.PaymentMethodService/GetPaymentMethod", "card"),
    ("domain_mailbox", "perennial.domain_mailbox.v1.DomainService/GetDomain", "domain"),
    ("domain_mailbox", "perennial.domain_mailbox.v1.MailboxService/GetMailbox", "mailbox"),
    ("domain_mailbox", "perennial.domain_mailbox.v1.MailboxService/ChangeMailboxPassword", "mailbox"),
    *((service, f"perennial.{service}.v1.PersonalDataService/ExportPersonalData", "account") for service in SERVICES),
]
OTHER_FIELDS = {"ChangeMailboxPassword": {"new_password": PASSWORD}, "DownloadInvoice": {"format": 1}}
LISTS = [
    ("account", "perennial.account.v1.SessionService/ListSessions"),
    ("account", "perennial.account.v1.AccountService/ListAccessLogEntries"),
    ("account", "perennial.account.v1.NoticeService/ListNotices"),
    ("subscription", "perennial.subscription.v1.SiteService/ListSites"),
    ("subscription", "perennial.subscription.v1.ProductService/ListProducts"),
    ("subscription", "perennial.subscription.v1.OrderService/ListOrders"),
    ("billing", "perennial.billing.v1.InvoiceService/ListInvoices"),
    ("payment_token", "perennial.payment_token.v1.PaymentMethodService/ListPaymentMethods"),
    ("domain_mailbox", "perennial.domain_mailbox.v1.DomainService/ListDomains"),
    ("domain_mailbox", "perennial.domain_mailbox.v1.MailboxService/ListMailboxes"),
]


@pytest.fixture(scope="module")
def owned(suite):
    from conftest import Customer

    owner = Customer(suite)
    site = owner.create_site()
    card = owner.add_card()
    order = owner.commit(owner.quote_plan(site), payment_method=card)
    domain = owner.buy_domain(card)
    mailbox = owner.buy_mailbox(domain, card)
    names = {"domain": domain.replace("/products/", "/domains/"), "mailbox": mailbox.replace("/products/", "/mailboxes/"),
             "account": owner.account, "site": site, "product": order.product, "order": order.name, "quote": order.quote,
             "invoice": order.invoice, "profile": f"{owner.account}/billingProfile", "card": card}
    return owner, names


@pytest.mark.parametrize("service,method,what", READS, ids=[f"{r[0]}-{r[1].rsplit('/', 1)[-1]}" for r in READS])
def test_the_owner_reaches_it_and_nobody_else_does(owned, customer, service, method, what):
    owner, names = owned
    fields = OTHER_FIELDS.get(method.rsplit("/", 1)[-1], {})

    def refusal(name: str) -> Refused:
        with pytest.raises(Refused) as refused:
            customer.peer(service).call(method, name=name, **fields)
        return refused.value

    owner.peer(service).call(method, name=names[what], **fields)
    foreign = refusal(names[what])
    assert foreign.code.name == "NOT_FOUND"
    parts = names[what].split("/")
    parts[1 if len(parts) < 4 or what == "profile" else 3] = str(uuid.uuid4())
    absent = refusal("/".join(parts))
    assert (absent.code, absent.reason) == (foreign.code, foreign.reason)
    if len(parts) == 4:  # somebody else's thing, called one's own
        renamed = refusal(names[what].replace(owner.account, customer.account))
        assert (renamed.code, renamed.reason) == (foreign.code, foreign.reason)


@pytest.mark.parametrize("service,method", LISTS, ids=[r[1].rsplit("/", 1)[-1] for r in LISTS])
def test_lists_of_another_account_are_not_found(owned, customer, service, method):
    owner, _ = owned
    owner.peer(service).call(method, parent=owner.account)
    with pytest.raises(Refused) as refused:
        customer.peer(service).call(method, parent=owner.account)
    assert refused.value.code.name == "NOT_FOUND"


def test_another_customers_card_cannot_pay(owned, customer):
    _, names = owned
    site = customer.create_site()
    try:
        order = customer.commit(customer.quote_plan(site), payment_method=names["card"])
    except Refused as refused:
        assert refused.code.name in ("NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION")
        return
    assert order.state == 7  # FAILED
    assert not order.invoice


def test_internal_methods_refuse_customers_and_wrong_services(suite, customer):
    method = "perennial.payment_token.v1.ChargeService/CreateCharge"
    for peer in (suite.peer("payment_token"), customer.peer("payment_token"), suite.peer_as("payment_token", "billing")):
        with pytest.raises(Refused) as refused:
            peer.call(method, name=f"{customer.account}/charges/{uuid.uuid4()}")
        assert (refused.value.code.name, refused.value.reason) == ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED")


def test_a_role_cannot_read_another_schema(suite):
    import subprocess

    # All five have this one, so a refusal is never for want of the table.
    count = "SELECT count(*) FROM {}.outbox"
    for role in SERVICES:
        url = suite.postgres.url(role, suite._secrets[role])
        for schema in SERVICES:
            done = subprocess.run(["psql", url, "-Atc", count.format(schema)], capture_output=True, text=True)
            if role == schema:
                assert done.returncode == 0, done.stderr
            else:
                assert done.returncode != 0 and "permission denied" in done.stderr, (role, schema)


def test_a_repeat_is_answered_only_to_who_knows_the_password(suite, new_customer):
    """R33, R35: the password is no part of the remembered request, and the answer holds tokens."""
    customer = new_customer()
    request = {"email": customer.email, "password": PASSWORD, "request_id": str(uuid.uuid4())}
    sign_in = "perennial.account.v1.SessionService/CreateSession"
    first = suite.peer("account").call(sign_in, **request)
    assert suite.peer("account").call(sign_in, **request) == first
    with pytest.raises(Refused) as refused:
        suite.peer("account").call(sign_in, **{**request, "password": "another long password"})
    assert refused.value.reason == "REQUEST_ID_REUSED"
    change = {"name": customer.account, "current_password": PASSWORD, "new_password": "a new long password", "request_id": str(uuid.uuid4())}
    for _ in range(2):
        customer.peer("account").call("perennial.account.v1.AccountService/ChangePassword", **change)
    with pytest.raises(Refused) as refused:
        customer.peer("account").call("perennial.account.v1.AccountService/ChangePassword", **{**change, "new_password": PASSWORD})
    assert refused.value.reason == "REQUEST_ID_REUSED"
