"""Batches of charges over the wire: mixed, repeated, killed at every step, with a gateway that lies. Each is taken once."""

import json
import time
import urllib.request
import uuid

import pytest
from conftest import Customer
from suite.client import Refused
from suite.failure import Failure

BATCH = "perennial.payment_token.v1.ChargeService/BatchCreateCharges"
GET = "perennial.payment_token.v1.ChargeService/GetCharge"
SUCCEEDED, DECLINED, NO_PAYMENT_METHOD = 2, 3, 5


def gateway(suite, path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{suite.ports.gateway}{path}", data=json.dumps(body).encode() if body else None,
                                     headers={"Authorization": f"Bearer {suite.gateway_api_key}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def captures(suite) -> dict[str, int]:
    """How often each charge was captured, by the gateway's own books."""
    counts: dict[str, int] = {}
    for entry in gateway(suite, "/_control/books")["captures"]["list"]:
        charge = entry["metadata"]["charge_id"]
        counts[charge] = counts.get(charge, 0) + 1
    return counts


def charge_of(account: str, minor: int = 1999, **fields):
    return {"name": f"{account}/charges/{uuid.uuid4()}", "order": f"{account}/orders/{uuid.uuid4()}", "off_session": True,
            "amount": {"currency_code": "EUR", "minor_units": minor}, "description": "Gold for 12 months", **fields}


def reason_of(suite, status) -> str:
    info = suite.contracts.message("google.rpc.ErrorInfo")()
    status.details[0].Unpack(info)
    return info.reason


def settle(suite, seconds: int) -> None:
    clock = suite.peer("subscription", operator=True)
    now = clock.call("perennial.testing.v1.TestClockService/GetClock").time.seconds
    clock.call("perennial.testing.v1.TestClockService/AdvanceClock", target_time={"seconds": now + seconds}, timeout=58)


@pytest.fixture(scope="module")
def accounts(suite):
    customers = [Customer(suite) for _ in range(5)]
    for customer in customers:
        customer.add_card()
    return [customer.account for customer in customers]


def test_each_charge_of_a_batch_has_its_own_answer(suite, accounts):
    peer = suite.peer("payment_token", operator=True)
    nobody = f"accounts/{uuid.uuid4()}"
    good = [charge_of(account) for account in accounts]
    requests = [good[0], charge_of(accounts[0], 49), good[1], charge_of(nobody), charge_of(accounts[1], description=""), good[2],
                charge_of(accounts[2], payment_method=f"{accounts[2]}/paymentMethods/{uuid.uuid4()}")]
    request_id = str(uuid.uuid4())
    answer = peer.call(BATCH, requests=requests, request_id=request_id)
    assert {place: reason_of(suite, status) for place, status in answer.failed_requests.items()} == {
        1: "AMOUNT_INVALID", 4: "REQUEST_INVALID", 6: "PAYMENT_METHOD_NOT_FOUND"}
    assert [charge.name for charge in answer.charges] == [requests[place]["name"] for place in (0, 2, 3, 5)]
    assert [charge.state for charge in answer.charges] == [SUCCEEDED, SUCCEEDED, NO_PAYMENT_METHOD, SUCCEEDED]
    assert peer.call(BATCH, requests=requests, request_id=request_id) == answer
    with pytest.raises(Refused) as refused:
        peer.call(BATCH, requests=requests[:2], request_id=request_id)
    assert refused.value.reason == "REQUEST_ID_REUSED"
    # In another batch, and alone, it is the same charge; with other contents it is none.
    again = peer.call(BATCH, requests=[charge_of(accounts[3]), good[1], {**good[0], "description": "other"}])
    assert again.charges[1] == answer.charges[1]
    assert reason_of(suite, again.failed_requests[2]) == "CHARGE_EXISTS"
    assert peer.call(GET, name=good[2]["name"]) == answer.charges[3]
    taken = captures(suite)
    assert all(taken[charge["name"].rsplit("/", 1)[-1]] == 1 for charge in good[:3])


def test_what_is_no_batch_is_refused_whole(suite, accounts):
    peer = suite.peer("payment_token", operator=True)
    twice = charge_of(accounts[0])
    for requests in ([], [twice, charge_of(accounts[1]), twice], [charge_of(accounts[0])] * 501):
        with pytest.raises(Refused) as refused:
            peer.call(BATCH, requests=requests)
        assert refused.value.reason == "REQUEST_INVALID"
    assert twice["name"].rsplit("/", 1)[-1] not in captures(suite)


def send_until_answered(suite, peer_of, requests, request_id):
    for _ in range(60):
        try:
            return peer_of().call(BATCH, requests=requests, request_id=request_id, timeout=30)
        except Refused as refused:
            assert refused.code.name in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "ABORTED"), refused
            if suite.processes["payment_token"].poll() is not None:
                suite.settings.pop("payment_token", None)
                suite.kill("payment_token")
                suite.restart("payment_token")
            time.sleep(0.1)
    raise AssertionError("no answer")


@pytest.mark.parametrize("point", ["before_commit:1", "after_commit:1", "before_commit:2", "after_commit:2", "before_commit:3", "after_commit:3",
                                   "before_call:1", "before_call:20", "after_call:1", "after_call:20"])
def test_a_batch_killed_at_any_step_is_taken_once(suite, accounts, point):
    requests = [charge_of(account, 1000 + i) for i in range(8) for account in accounts]
    suite.kill("payment_token")
    suite.settings["payment_token"] = {"KILL_AT": point}
    try:
        suite.restart("payment_token")
    except Failure:
        pass  # a job came to the point first
    answer = send_until_answered(suite, lambda: suite.peer("payment_token", operator=True), requests, str(uuid.uuid4()))
    assert len(answer.charges) == len(requests) and not answer.failed_requests
    # Leases end, then the job asks.
    settle(suite, 30)
    peer = suite.peer("payment_token", operator=True)
    taken = captures(suite)
    for request in requests:
        assert peer.call(GET, name=request["name"]).state == SUCCEEDED
        assert taken[request["name"].rsplit("/", 1)[-1]] == 1
    if suite.settings.pop("payment_token", None):
        suite.kill("payment_token")
        suite.restart("payment_token")


def test_a_gateway_that_lies_about_parts_of_a_batch_captures_each_once(suite, accounts):
    for fault in ({"action": "decline", "code": "insufficient_funds"}, {"action": "timeout_after_capture"}, {"action": "drop_connection"},
                  {"action": "error_500_before"}, {"action": "error_500_after"}, {"action": "late", "ms": 300}):
        gateway(suite, "/_control/faults", {**fault, "count": 3, "match": {"path": "/v1/payment_intents"}})
    requests = [charge_of(account, 1000 + i) for i in range(6) for account in accounts]
    peer = suite.peer("payment_token", operator=True)
    answer = peer.call(BATCH, requests=requests, timeout=30)
    assert len(answer.charges) == len(requests)
    for seconds in (10, 30, 60):
        settle(suite, seconds)
    states = [peer.call(GET, name=request["name"]).state for request in requests]
    assert sorted(states) == [SUCCEEDED] * (len(requests) - 3) + [DECLINED] * 3
    taken = captures(suite)
    for request, state in zip(requests, states):
        assert taken.get(request["name"].rsplit("/", 1)[-1], 0) == (1 if state == SUCCEEDED else 0)
