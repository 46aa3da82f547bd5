"""Sends each RPC nonsense. Always a typed, documented error; never INTERNAL, UNKNOWN or a crash; nothing changes."""

import base64
import random
import re
import uuid

import grpc
import pytest
from conftest import ROOT
from suite.client import Refused
from suite.layout import SERVICES
from test_ownership import LISTS

ALLOWED = {
    "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "UNAUTHENTICATED", "PERMISSION_DENIED", "ALREADY_EXISTS", "ABORTED",
    "RESOURCE_EXHAUSTED",
}
SEED = 20270115


def documented_reasons() -> set[str]:
    text = (ROOT / "protos/perennial/type/error_reason.proto").read_text()
    return set(re.findall(r"^\s*ERROR_REASON_([A-Z0-9_]+) =", text, re.MULTILINE))


REASONS = documented_reasons()


def service_of(name: str) -> str:
    return name.split(".")[1]


def all_methods(contracts):
    for service in contracts.services:
        if service.startswith("perennial.") and service_of(service) in SERVICES:
            for method in contracts.methods(service):
                yield service_of(service), f"{service}/{method}"


def check(refused: Refused, what: str) -> None:
    assert refused.code.name in ALLOWED, f"{what}: {refused}"
    assert len(refused.reasons) == 1, f"{what}: {refused} carries {refused.reasons}"
    assert refused.reason in REASONS, f"{what}: {refused.reason} is not documented"
    assert refused.domains == ["perennial"], what
    if refused.code.name == "INVALID_ARGUMENT" and refused.reason != "REQUEST_MALFORMED":
        assert refused.fields and all(refused.fields), f"{what}: {refused} names no field"


def table_contents(suite) -> dict[str, str]:
    """A digest of every table's rows, but for what looking around may add: the access log, event positions."""
    settle(suite)
    tables = suite.query("SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
                         f"AND table_schema IN ({', '.join(repr(s) for s in SERVICES)})")
    names = [t[0] for t in tables if not re.search(r"access_log|inbox|outbox|throttle|failure", t[0])]
    return {name: suite.query(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {name} t")[0][0] for name in names}


def settle(suite) -> None:
    """Lets the jobs of all services do what is due, so that what changes later was not on its way already."""
    clock = suite.peer("subscription", operator=True)
    now = clock.call("perennial.testing.v1.TestClockService/GetClock").time
    clock.call("perennial.testing.v1.TestClockService/AdvanceClock", target_time={"seconds": now.seconds + 60}, timeout=60)


STRINGS = ["", " ", "x", "x" * 100_000, "'; DROP TABLE account; --", "../../etc/passwd", "\u202e\u0000\ufeff", "💥" * 50, "accounts/-",
           "accounts/00000000-0000-0000-0000-000000000000", "-1", "NaN", "%s%n%x", "a@b", "EUR", "eur", "9" * 400]
NUMBERS = [0, -1, 1, 2**31 - 1, -(2**31), 13, 121]
BIG_NUMBERS = [*NUMBERS, 2**63 - 1, -(2**63), 10**12 + 1]


def nonsense_value(random_: random.Random, field, contracts, names, depth):
    kinds = type(field)
    if field.type == kinds.TYPE_STRING:
        return random_.choice([*STRINGS, *names, *names])
    if field.type == kinds.TYPE_BYTES:
        return random_.randbytes(20)
    if field.type == kinds.TYPE_BOOL:
        return random_.choice([True, False])
    if field.type == kinds.TYPE_ENUM:
        return random_.choice([0, 1, 2, 99, -5])
    if field.type in (kinds.TYPE_INT64, kinds.TYPE_SINT64, kinds.TYPE_SFIXED64):
        return random_.choice(BIG_NUMBERS)
    if field.type in (kinds.TYPE_INT32, kinds.TYPE_SINT32, kinds.TYPE_SFIXED32):
        return random_.choice(NUMBERS)
    if field.type in (kinds.TYPE_DOUBLE, kinds.TYPE_FLOAT):
        return random_.choice([0.0, -1.0, float("inf"), float("nan")])
    if field.type == kinds.TYPE_MESSAGE and depth < 4:
        return nonsense(random_, field.message_type, contracts, names, depth + 1)
    return 0


def nonsense(random_, descriptor, contracts, names, depth=0):
    message = contracts.factory.GetPrototype(descriptor)()
    for field in descriptor.fields:
        if random_.random() < 0.3 or field.name == "request_id":
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            continue
        if field.label == field.LABEL_REPEATED:
            for _ in range(random_.choice([0, 1, 3])):
                value = nonsense_value(random_, field, contracts, names, depth)
                if field.type == field.TYPE_MESSAGE:
                    getattr(message, field.name).add().CopyFrom(value)
                else:
                    getattr(message, field.name).append(value)
        elif field.type == field.TYPE_MESSAGE:
            if depth < 4:
                getattr(message, field.name).CopyFrom(nonsense_value(random_, field, contracts, names, depth))
        else:
            try:
                setattr(message, field.name, nonsense_value(random_, field, contracts, names, depth))
            except (ValueError, UnicodeEncodeError):
                pass
    if "request_id" in descriptor.fields_by_name:
        message.request_id = random_.choice([str(uuid.uuid4()), str(uuid.uuid4()), "", "not-a-uuid"])
    return message


def nonsense_calls(suite, methods, peer_for, names, rounds):
    """Returns the calls that were refused, as is_refused takes them."""
    random_ = random.Random(SEED)
    refused = []
    for service, method in methods:
        peer = peer_for(service)
        request = suite.contracts.method(method).input_type
        for _ in range(rounds):
            call = (peer, method, nonsense(random_, request, suite.contracts, names))
            if is_refused(*call):
                refused.append(call)
    return refused


def assert_refusals_change_nothing(suite, refused) -> None:
    """Among calls that were taken, what a refusal changes cannot be seen: what was refused is sent again by itself. What
    is taken then, for the others have changed what it is about, is left out of the next round."""
    for _ in range(4):
        before = table_contents(suite)
        again = [call for call in refused if is_refused(*call)]
        if len(again) == len(refused):
            assert table_contents(suite) == before
            return
        refused = again
    raise AssertionError("what was refused is taken again and again")


def is_refused(peer, method, message) -> bool:
    try:
        peer.send(method, message.SerializeToString(), timeout=20)
    except Refused as refused:
        check(refused, f"{method} {str(message)[:300]!r}")
        return True
    return False


def calls_by_name(suite, methods, peer_for, names, rounds):
    """Each method that takes a name is given each of `names`, well-formed, beside nonsense: chance alone hardly meets it."""
    random_ = random.Random(SEED)
    refusals = 0
    for service, method in methods:
        request = suite.contracts.method(method).input_type
        if "name" not in request.fields_by_name:
            continue
        for name in names * rounds:
            message = nonsense(random_, request, suite.contracts, names)
            message.name = name
            if "request_id" in request.fields_by_name:
                message.request_id = str(uuid.uuid4())
            refusals += is_refused(peer_for(service), method, message)
    return refusals


@pytest.fixture(scope="session")
def foreign_names(suite):
    """Names of things that belong to somebody else."""
    from conftest import Customer

    other = Customer(suite)
    site = other.create_site()
    card = other.add_card()
    order = other.commit(other.quote_plan(site), payment_method=card)
    domain = other.buy_domain(card)
    mailbox = other.buy_mailbox(domain, card)
    return [other.account, site, card, order.name, order.product, order.invoice, order.quote, other.quote_plan(other.create_site()).name,
            f"{other.account}/billingProfile", other.session,
            domain, domain.replace("/products/", "/domains/"), mailbox, mailbox.replace("/products/", "/mailboxes/"),
            f"{other.account}/notices/{uuid.uuid4()}"]  # nothing has been told them yet


def test_nonsense_without_a_token_is_refused_and_changes_nothing(suite, foreign_names):
    before = table_contents(suite)
    assert len(nonsense_calls(suite, all_methods(suite.contracts), suite.peer, foreign_names, 6)) > 150
    assert table_contents(suite) == before


def test_nonsense_of_a_customer_about_others_things_changes_nothing_of_theirs(suite, customer, foreign_names):
    owner = foreign_names[0].removeprefix("accounts/")
    tables = suite.query("SELECT table_schema || '.' || table_name FROM information_schema.columns WHERE column_name = 'account_id' "
                         f"AND table_schema IN ({', '.join(repr(s) for s in SERVICES)})")
    def theirs():
        return {t[0]: suite.query(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {t[0]} t WHERE account_id = '{owner}'")
                for t in tables if not re.search(r"access_log|outbox", t[0])}

    settle(suite)
    before = theirs()
    assert len(nonsense_calls(suite, all_methods(suite.contracts), customer.peer, foreign_names, 25)) > 500
    assert calls_by_name(suite, all_methods(suite.contracts), customer.peer, foreign_names, 3) > 500
    assert theirs() == before


def test_nonsense_of_a_customer_about_their_own_things_is_answered_or_refused_typed(suite, customer):
    site = customer.create_site()
    card = customer.add_card()
    order = customer.commit(customer.quote_plan(site), payment_method=card)
    names = [customer.account, site, card, order.name, order.product, order.quote, order.invoice, f"{customer.account}/billingProfile",
             customer.quote_plan(customer.create_site()).name]
    methods = [m for m in all_methods(suite.contracts) if "DeleteAccount" not in m[1] and "DeleteSession" not in m[1]]
    refused = nonsense_calls(suite, methods, customer.peer, names, 25)
    assert len(refused) > 500
    customer.sign_in()
    assert_refusals_change_nothing(suite, [(customer.peer(method.split(".")[1]), method, message) for _, method, message in refused])


def test_internal_and_operator_methods_refuse_nonsense_typed(suite, foreign_names):
    """With the certificates that may call them: even our own services cannot make each other fall over."""
    callers = {"account": "subscription", "billing": "subscription", "payment_token": "subscription", "domain_mailbox": "subscription",
               "subscription": "operator"}
    methods = list(all_methods(suite.contracts))
    refused = nonsense_calls(suite, methods, lambda service: suite.peer_as(service, callers[service]), foreign_names, 12)
    refused += nonsense_calls(suite, methods, lambda service: suite.peer_as(service, "operator"), foreign_names, 6)
    assert len(refused) > 500
    assert_refusals_change_nothing(suite, refused)


def test_the_test_clock_is_no_customers_and_takes_no_nonsense(suite, customer):
    service = "perennial.testing.v1.TestClockService"
    operator = suite.peer("subscription", operator=True)
    before = operator.call(f"{service}/GetClock").offset
    for method in ("GetClock", "AdvanceClock", "SettleClock"):
        for peer in (suite.peer("subscription"), customer.peer("subscription")):
            with pytest.raises(Refused) as refused:
                peer.call(f"{service}/{method}")
            assert refused.value.reason == "CALLER_NOT_ALLOWED", method
    for fields in ({}, {"target_time": {"seconds": 1}}, {"target_time": {"seconds": 2**62}}, {"target_time": {"seconds": 0, "nanos": -1}}):
        with pytest.raises(Refused) as refused:
            operator.call(f"{service}/AdvanceClock", **fields)
        check(refused.value, str(fields))
    for follower in set(SERVICES) - {"subscription"}:
        with pytest.raises(Refused) as refused:
            suite.peer(follower, operator=True).call(f"{service}/AdvanceClock", target_time={"seconds": 2**32})
        assert refused.value.reason == "CLOCK_FOLLOWS", follower
    assert operator.call(f"{service}/GetClock").offset == before


def test_a_nul_in_a_text_is_refused_by_its_field(suite, customer):
    site = customer.create_site()
    subscription = customer.peer("subscription")
    with pytest.raises(Refused) as refused:
        subscription.call("perennial.subscription.v1.SiteService/CreateSite", parent=customer.account, display_name="a\0b")
    assert (refused.value.reason, refused.value.fields) == ("REQUEST_INVALID", ["display_name"])
    with pytest.raises(Refused) as refused:
        subscription.call("perennial.subscription.v1.SiteService/GetSite", name=f"{site}\0")
    assert (refused.value.reason, refused.value.fields) == ("REQUEST_INVALID", ["name"])


def test_a_time_of_no_year_is_refused_typed_whatever_it_is_for(suite):
    tried = 0
    for service, method in all_methods(suite.contracts):
        request = suite.contracts.method(method).input_type
        for field in request.fields:
            if field.message_type is None or field.message_type.full_name != "google.protobuf.Timestamp":
                continue
            for seconds, nanos in ((2**63 - 1, 0), (-(2**63), 0), (-62135596800, 0), (0, -5), (0, 2**31 - 1)):
                message = suite.contracts.factory.GetPrototype(request)()
                getattr(message, field.name).seconds, getattr(message, field.name).nanos = seconds, nanos
                if "kind" in request.fields_by_name:
                    message.kind = 1
                if "request_id" in request.fields_by_name:
                    message.request_id = str(uuid.uuid4())
                assert is_refused(suite.peer_as(service, "operator"), method, message), f"{method} takes {seconds}, {nanos}"
                tried += 1
    assert tried >= 20


@pytest.mark.parametrize("payload", [b"\xff\xff\xff\xff", b"\x0a\x05ab", b"\x0a\x02\xc3\x28", b"\x0a\xff\xff\xff\x7f", bytes(range(256))],
                         ids=["no-tag", "cut-off", "invalid-utf8", "huge-length", "all-bytes"])
def test_bytes_that_are_no_message_get_a_typed_error(suite, customer, payload):
    for service, method in all_methods(suite.contracts):
        try:
            customer.peer(service).send(method, payload)
        except Refused as refused:
            check(refused, method)


def test_a_huge_request_gets_a_typed_error(suite, customer):
    for size in (2 << 20, 8 << 20):
        with pytest.raises(Refused) as refused:
            customer.peer("subscription").call("perennial.subscription.v1.SiteService/CreateSite", parent=customer.account, display_name="x" * size)
        assert refused.value.reason == "REQUEST_TOO_LARGE"


def test_an_unknown_method_gets_a_typed_error(suite):
    for path in ("/perennial.account.v1.AccountService/Nothing", "/nothing/AtAll"):
        call = suite.peer("account").channel.unary_unary(path)
        with pytest.raises(grpc.RpcError) as error:
            call(b"", timeout=10)
        refused = Refused(suite.contracts, error.value)
        assert (refused.code.name, refused.reasons) == ("UNIMPLEMENTED", ["METHOD_NOT_FOUND"])


def forged_tokens(token: str) -> list[str]:
    header, body, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    hs = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"at+jwt"}').rstrip(b"=").decode()
    changed = body[:10] + ("A" if body[10] != "A" else "B") + body[11:]
    return ["", "x", "..", f"{none}.{body}.", f"{none}.{body}.{signature}", f"{hs}.{body}.{signature}", f"{header}.{changed}.{signature}",
            f"{header}.{body}.", f"{header}.{body}.{signature[:-4]}AAAA", f"{token}.{signature}", "A" * 5000, f"{header}.{body}.{signature}A"]


# Each service verifies them on its own.
OF_CUSTOMERS = {
    "account": "perennial.account.v1.AccountService/GetAccount",
    "subscription": "perennial.subscription.v1.SiteService/ListSites",
    "billing": "perennial.billing.v1.InvoiceService/ListInvoices",
    "payment_token": "perennial.payment_token.v1.PaymentMethodService/ListPaymentMethods",
    "domain_mailbox": "perennial.domain_mailbox.v1.DomainService/ListDomains",
}


def test_forged_access_tokens_are_refused(suite, customer):
    assert set(OF_CUSTOMERS) == set(SERVICES)
    for service, method in OF_CUSTOMERS.items():
        for token in forged_tokens(customer.token):
            peer = suite.peer(service)
            peer.token = token or "."
            with pytest.raises(Refused) as refused:
                peer.call(method)
            assert refused.value.code.name == "UNAUTHENTICATED", token
            assert refused.value.reason == "ACCESS_TOKEN_INVALID", token


def test_an_expired_access_token_is_refused(suite, customer):
    operator = suite.peer("subscription", operator=True)
    now = operator.call("perennial.testing.v1.TestClockService/GetClock").time.seconds
    operator.call("perennial.testing.v1.TestClockService/AdvanceClock", target_time={"seconds": now + 700})
    for service, method in OF_CUSTOMERS.items():
        with pytest.raises(Refused) as refused:
            customer.peer(service).call(method)
        assert refused.value.reason == "ACCESS_TOKEN_EXPIRED", service


def test_tampered_page_tokens_are_refused(suite, customer):
    for _ in range(3):
        customer.create_site()
    subscription = customer.peer("subscription")
    method = "perennial.subscription.v1.SiteService/ListSites"
    page = subscription.call(method, parent=customer.account, page_size=1)
    token = page.next_page_token
    assert token
    tampered = [token[:-1] + ("A" if token[-1] != "A" else "B"), token[1:], token + "AAAA", "x", base64.urlsafe_b64encode(b"0" * 40).decode()]
    for bad in tampered:
        with pytest.raises(Refused) as refused:
            subscription.call(method, parent=customer.account, page_size=1, page_token=bad)
        assert refused.value.reason == "PAGE_TOKEN_INVALID", bad
    with pytest.raises(Refused) as refused:  # a token of another list
        subscription.call("perennial.subscription.v1.ProductService/ListProducts", parent=customer.account, page_token=token)
    assert refused.value.reason == "PAGE_TOKEN_INVALID"


def test_a_request_id_means_one_request(suite, customer):
    subscription = customer.peer("subscription")
    request_id = str(uuid.uuid4())
    method = "perennial.subscription.v1.SiteService/CreateSite"
    first = subscription.call(method, parent=customer.account, display_name="A", request_id=request_id)
    again = subscription.call(method, parent=customer.account, display_name="A", request_id=request_id)
    assert first == again
    with pytest.raises(Refused) as refused:
        subscription.call(method, parent=customer.account, display_name="B", request_id=request_id)
    assert refused.value.reason == "REQUEST_ID_REUSED"


def test_all_five_still_serve(suite):
    for service in SERVICES:
        assert suite.peer(service).is_serving()
        assert suite.processes[service].poll() is None


@pytest.mark.parametrize("service,method", LISTS, ids=[r[1].rsplit("/", 1)[-1] for r in LISTS])
def test_page_tokens_of_nobody_and_of_other_lists_are_refused(suite, customer, service, method):
    customer.create_site()
    customer.create_site()
    other = customer.peer("subscription").call("perennial.subscription.v1.SiteService/ListSites", parent=customer.account, page_size=1)
    assert other.next_page_token
    tokens = ["x", "AAAA", base64.urlsafe_b64encode(b"0" * 40).decode(), "x" * 5000]
    if not method.endswith("/ListSites"):
        tokens.append(other.next_page_token)
    for token in tokens:
        with pytest.raises(Refused) as refused:
            customer.peer(service).call(method, parent=customer.account, page_token=token)
        assert (refused.value.reason, refused.value.fields) == ("PAGE_TOKEN_INVALID", ["page_token"]), token[:20]
