"""Customers buy, upgrade, renew, pay by hand, change cards and leave, the clock goes on, and meanwhile every process is
killed, at random and at chosen instructions; Postgres and Redis restart; the gateway lies. At the end the books of all
sides must agree to the cent, and every order must have come to an end or wait for a day to come.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
sys.path.insert(0, str(ROOT / "tests/chaos"))

from crowd import GOOD_CARDS, Clock, Crowd, post  # noqa: E402
from suite.books import Books  # noqa: E402
from suite.client import Refused  # noqa: E402
from suite.failure import Failure  # noqa: E402
from suite.layout import SERVICES, Ports  # noqa: E402
from suite.suite import Suite  # noqa: E402

KILL_POINTS = ("before_commit", "after_commit", "before_call", "after_call")
GATEWAY_FAULTS = ({"action": "timeout_after_capture"}, {"action": "drop_connection"}, {"action": "error_500_before"},
                  {"action": "error_500_after"}, {"action": "late", "ms": 1500},
                  {"action": "decline", "code": "insufficient_funds"}, {"action": "decline", "code": "processing_error"},
                  {"action": "decline", "code": "stolen_card"})
FINAL = (6, 7, 9)  # done, failed, refunded
WAITING = (2, 3)  # for the customer, for the next rung of the ladder


class Monkey:
    """Breaks things, one after the other, and mends each at once."""

    def __init__(self, suite: Suite, seed: int):
        self.suite = suite
        self.random = random.Random(seed)
        self.done: Counter = Counter()

    def kills(self) -> int:
        return sum(count for what, count in self.done.items() if not what.startswith("gateway answers"))

    def act(self) -> None:
        chosen = self.random.choices((self.kill, self.kill_at_a_point, self.gateway_fault, self.restart_postgres, self.restart_redis),
                                     (50, 30, 14, 4, 2))[0]
        chosen()
        time.sleep(self.random.uniform(0.05, 0.5))

    def kill(self) -> None:
        victim = self.random.choice((*SERVICES, "gateway"))
        self.suite.kill(victim)
        self.done[f"{victim} killed"] += 1
        self.suite.restart(victim)

    def kill_at_a_point(self) -> None:
        victim = self.random.choice(SERVICES)
        point = f"{self.random.choice(KILL_POINTS)}:{self.random.randint(1, 40)}"
        self.suite.kill(victim)
        self.suite.settings[victim] = {"KILL_AT": point}
        try:
            self.suite.restart(victim)
            deadline = time.monotonic() + 3
            while self.suite.processes[victim].poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
        except Failure:
            pass  # it came to the point before it was ready
        reached = self.suite.processes[victim].poll() is not None
        self.done[f"{victim} killed at a point" if reached else f"{victim} killed"] += 1
        del self.suite.settings[victim]
        self.suite.kill(victim)
        self.suite.restart(victim)

    def gateway_fault(self) -> None:
        fault = self.random.choice(GATEWAY_FAULTS)
        path = self.random.choice(("/v1/payment_intents", "/v1/payment_intents", "/v1/refunds", "/v1/payment_methods"))
        post(self.suite, "/_control/faults", {**fault, "count": self.random.randint(1, 4), "match": {"path": path}})
        self.done[f"gateway answers: {fault['action']}"] += 1

    def restart_postgres(self) -> None:
        self.suite.postgres.stop()
        self.done["Postgres restarted"] += 1
        self.suite.postgres.start()

    def restart_redis(self) -> None:
        self.suite.redis.stop()
        self.done["Redis restarted"] += 1
        self.suite.redis.start()


def broken_chains(suite: Suite) -> list[str]:
    billing = suite.peer("billing", operator=True)
    service = "perennial.billing.v1.InvoiceSeriesService"
    faults = []
    for series in billing.call(f"{service}/ListInvoiceSeries").invoice_series:
        token = ""
        while True:
            page = billing.call(f"{service}/VerifyInvoiceSeries", name=series.name, page_token=token)
            token = page.next_page_token
            if page.fault:
                faults.append(f"the chain of {series.name} breaks at {page.fault_sequence_number}")
            if page.fault or not token:
                break
    return faults


def faults_at_the_end(suite: Suite, crowd: Crowd, clock: Clock) -> list[str]:
    books = Books(suite)
    books.read()
    now = clock.now()
    faults = books.faults([card["number"] for card in GOOD_CARDS])
    for order in books.orders:
        if order.state in FINAL:
            continue
        # Orders of accounts that were deleted meanwhile end as well.
        due = order.next_attempt_time.seconds
        if order.state not in WAITING or (due and due < now - 86400):
            faults.append(f"{order.name} is stuck in state {order.state}, next attempt {due - now} s from now")
    faults += broken_chains(suite)
    both = suite.query("SELECT a.product_id, a.start_date, b.start_date FROM subscription.terms a JOIN subscription.terms b "
                       "ON a.product_id = b.product_id AND a.id < b.id AND a.start_date < b.end_date AND b.start_date < a.end_date "
                       "WHERE a.state = 'active' AND b.state = 'active'")
    faults += [f"product {row[0]} is paid twice: from {row[1]} and from {row[2]}" for row in both]
    reconciliation = "perennial.billing.v1.ReconciliationService"
    found = suite.peer("billing", operator=True).call(f"{reconciliation}/ListDifferences", page_size=50).differences
    faults += [f"reconciliation found: {str(difference).strip()}".replace("\n", ", ") for difference in found]
    faults += [f"an answer that is not documented: {answer}" for answer in crowd.strange]
    crowd.summary(books)
    return faults


def play(suite: Suite, seed: int, kills: int, customers: int) -> bool:
    begun = time.monotonic()
    clock = Clock(suite)
    crowd = Crowd(suite, seed, customers)
    crowd.arrive()
    print(f"· {customers} customers have arrived after {time.monotonic() - begun:.0f} s; seed {seed}", flush=True)
    monkey = Monkey(suite, seed)
    crowd.live()
    clock.start()
    try:
        told = 0
        while monkey.kills() < kills:
            monkey.act()
            if monkey.kills() >= told + 25:
                told = monkey.kills()
                print(f"· {told:4} of {kills} kills, {crowd.tally['orders']:5} orders by hand, {clock.days:4} days, "
                      f"{time.monotonic() - begun:5.0f} s", flush=True)
    except (Failure, OSError, subprocess.TimeoutExpired) as problem:
        print(f"  ✗ the monkey: {problem}", flush=True)
        raise
    finally:
        crowd.leave()
        clock.stop()
    print("· calm again: what is under way comes to its end", flush=True)
    post(suite, "/_control/faults", None, method="DELETE")
    clock.settle(days=3)
    faults = faults_at_the_end(suite, crowd, clock)
    for what, count in sorted(monkey.done.items()):
        print(f"  {what:<42} {count:5}")
    for fault in faults[:40]:
        print(f"  ✗ {fault}")
    print(f"{'✓' if not faults else '✗'} seed {seed}: {monkey.kills()} kills, {crowd.told}, "
          f"{len(faults)} faults, {time.monotonic() - begun:.0f} s", flush=True)
    return not faults


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--customers", type=int, default=60)
    arguments = parser.parse_args()
    state = Path(tempfile.mkdtemp(prefix="perennial-chaos-"))
    os.chmod(state, 0o755)
    suite = Suite(state, arguments.build, Ports.free(), durable=False)
    passed = False
    try:
        suite.start()
        passed = play(suite, arguments.seed, arguments.kills, arguments.customers)
    except (Failure, Refused) as problem:
        print(f"chaos: {problem}", file=sys.stderr)
    finally:
        suite.stop()
        if passed:
            shutil.rmtree(state, ignore_errors=True)
        else:
            print(f"state kept in {state}; again with --seed {arguments.seed}", file=sys.stderr)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
