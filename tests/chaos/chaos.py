"""Customers buy, upgrade, renew, pay by hand, change cards and leave, the clock goes on, and meanwhile every process is
killed, at random and at chosen instructions; Postgres and Redis restart; the gateway lies. At the end the books of all
sides must agree to the cent, and every order must have come to an end or wait for a day to come. See README.md.
"""

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
sys.path.insert(0, str(ROOT / "tests/chaos"))

from crowd import CARDS, Clock, Crowd, post  # noqa: E402
from suite.books import Books  # noqa: E402
from suite.client import Refused  # noqa: E402
from suite.failure import Failure  # noqa: E402
from suite.layout import SERVICES, TWINS, Ports  # noqa: E402
from suite.suite import Suite  # noqa: E402

KILL_POINTS = ("before_commit", "after_commit", "before_call", "after_call")
PROCESSES = (*SERVICES, *TWINS)
GATEWAY_FAULTS = ({"action": "timeout_after_capture"}, {"action": "drop_connection"}, {"action": "error_500_before"},
                  {"action": "error_500_after"}, {"action": "late", "ms": 1500}, {"action": "late", "ms": 16000},
                  {"action": "sent_twice"}, {"action": "sent_twice_at_once"}, {"action": "answered_twice"},
                  {"action": "answered_twice", "ms": 20}, {"action": "lock_timeout"},
                  {"action": "decline", "code": "insufficient_funds"}, {"action": "decline", "code": "processing_error"},
                  {"action": "decline", "code": "stolen_card"})
GATEWAY_PATHS = ("/v1/payment_intents", "/v1/payment_intents", "/v1/refunds", "/v1/payment_methods", "/v1/customers")
# What all cards with these last digits do from now on: every other time they recover.
MOODS = ("succeeds", "insufficient_funds", "succeeds", "do_not_honor", "succeeds", "lost_card", "succeeds", "authentication_always")
FINAL = (6, 7, 9)  # done, failed, refunded
WAITING = (2, 3)  # for the customer, for the next rung of the ladder


class Monkey:
    """Breaks things, one after the other, and mends each at once."""

    def __init__(self, suite: Suite, seed: int):
        self.suite = suite
        self.random = random.Random(seed)
        self.kills = 0
        self.done: Counter = Counter()
        self.under_way: Counter = Counter()
        self.moods: Counter = Counter()

    def act(self) -> None:
        acts = {self.kill: 42, self.kill_at_a_point: 34, self.kill_all: 2, self.gateway_fault: 20, self.change_cards: 6,
                self.restart_postgres: 2, self.crash_postgres: 2, self.restart_redis: 2}
        self.random.choices(list(acts), list(acts.values()))[0]()
        time.sleep(self.random.uniform(0.05, 0.5))

    def count(self, what: str, kills: int = 1) -> None:
        self.kills += kills
        self.done[what] += 1

    def look(self) -> None:
        """At which steps orders are when something was killed."""
        rows = self.suite.query("SELECT kind, step, count(*) FROM subscription.orders WHERE lease_until IS NOT NULL "
                                "AND step NOT IN ('done', 'failed', 'refunded', 'waiting') GROUP BY 1, 2")
        self.under_way.update({f"{kind}, {step}": int(number) for kind, step, number in rows})

    def kill(self) -> None:
        victim = self.random.choice((*PROCESSES, "gateway"))
        self.suite.kill(victim)
        self.count(f"{victim} killed")
        self.look()
        self.suite.restart(victim)

    def kill_at_a_point(self) -> None:
        victim, point = self.random.choice(PROCESSES), self.random.choice(KILL_POINTS)
        self.suite.kill(victim)
        self.suite.settings[victim] = {"KILL_AT": f"{point}:{self.random.randint(1, 40)}"}
        with contextlib.suppress(Failure):  # it came to the point before it was ready
            self.suite.restart(victim)
            deadline = time.monotonic() + 3
            while self.suite.processes[victim].poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
        reached = self.suite.processes[victim].poll() is not None
        self.count(f"{victim} killed {point}" if reached else f"{victim} killed")
        del self.suite.settings[victim]
        self.suite.kill(victim)
        self.look()
        self.suite.restart(victim)

    def kill_all(self) -> None:
        """As when the power goes: all services and the gateway at one moment."""
        for name in (*PROCESSES, "gateway"):
            self.suite.processes[name].kill()
        self.count("all killed at once", len(PROCESSES) + 1)
        self.look()
        for name in ("gateway", *PROCESSES):
            self.suite.processes[name].wait()
            self.suite.restart(name)

    def gateway_fault(self) -> None:
        fault, path = self.random.choice(GATEWAY_FAULTS), self.random.choice(GATEWAY_PATHS)
        count = 1 if fault.get("ms", 0) > 10_000 else self.random.randint(1, 6)
        post(self.suite, "/_control/faults", {**fault, "count": count, "match": {"path": path}})

    def change_cards(self) -> None:
        last4 = self.random.choice(CARDS)[-4:]
        self.moods[last4] += 1
        mood = "succeeds" if self.moods[last4] % 2 == 0 else self.random.choice(MOODS)
        with contextlib.suppress(urllib.error.HTTPError):  # no such card is stored
            post(self.suite, "/_control/cards", {"last4": last4, "behaviour": mood})
            self.done[f"cards become: {mood}"] += 1

    def restart_postgres(self) -> None:
        self.suite.postgres.stop()
        self.count("Postgres restarted")
        self.suite.postgres.start()

    def crash_postgres(self) -> None:
        self.suite.postgres.crash()
        self.count("Postgres crashed")
        self.suite.postgres.start()

    def restart_redis(self) -> None:
        self.suite.redis.stop()
        self.count("Redis restarted")
        self.suite.redis.start()


def gateway_faults_met(suite: Suite) -> Counter:
    """By the gateway's own log: what it was told to do and did."""
    met: Counter = Counter()
    for line in suite.log_file("gateway").read_text().splitlines():
        with contextlib.suppress(ValueError):  # a line that was cut off by a kill
            fault = json.loads(line).get("fault")
            if fault:
                met[f"gateway: {fault}"] += 1
    return met


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


def what_reconciliation_says(suite: Suite, now: int) -> list[str]:
    """It must have read all sides since it became calm, and have nothing that is different or was not judged for a day."""
    billing, service = suite.peer("billing", operator=True), "perennial.billing.v1.ReconciliationService"
    found = billing.call(f"{service}/ListDifferences", page_size=50).differences
    faults = [f"reconciliation found: {str(difference).strip()}".replace("\n", ", ") for difference in found]
    with urllib.request.urlopen(f"http://127.0.0.1:{suite.ports.metrics['billing']}/metrics", timeout=10) as response:
        shown = {name: float(value) for name, value in re.findall(r"^perennial_reconciliation_(\S+) (\S+)$", response.read().decode(), re.M)}
    faults += [f"the metric says so: {name} {value:.0f}" for name, value in shown.items() if name.startswith("differences") and value]
    if now - shown["last_success_timestamp_seconds"] > 3600:
        faults.append(f"reconciliation last succeeded {now - shown['last_success_timestamp_seconds']:.0f} s ago")
    if shown["oldest_unsettled_seconds"] > 86400:
        faults.append(f"reconciliation has not judged something for {shown['oldest_unsettled_seconds']:.0f} s")
    return faults


def faults_at_the_end(suite: Suite, crowd: Crowd, clock: Clock) -> list[str]:
    books = Books(suite)
    books.read()
    now = clock.now()
    faults = books.faults([number for somebody in crowd.people for number in somebody.numbers])
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
    faults += what_reconciliation_says(suite, now)
    faults += [f"an answer that is not documented: {answer}" for answer in crowd.strange]
    crowd.summary(books)
    return faults


def play(suite: Suite, seed: int, kills: int, customers: int, plans: int, days: int) -> bool:
    begun = time.monotonic()
    clock = Clock(suite)
    crowd = Crowd(suite, seed, customers, plans)
    crowd.arrive()
    print(f"· {customers} customers have arrived after {time.monotonic() - begun:.0f} s; seed {seed}", flush=True)
    if days:
        clock.advance(clock.now() + days * 86400)
        print(f"· {days} days have passed after {time.monotonic() - begun:.0f} s", flush=True)
    monkey = Monkey(suite, seed)
    crowd.live()
    clock.start()
    try:
        told = 0
        while monkey.kills < kills:
            monkey.act()
            if monkey.kills >= told + 25:
                told = monkey.kills
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
    for title, counts in (("done to it", monkey.done + gateway_faults_met(suite)), ("orders under way at a kill", monkey.under_way),
                          ("done by people", crowd.done), ("refused to people", crowd.refused)):
        print(title + ":")
        for what, count in sorted(counts.items()):
            print(f"  {what:<60} {count:6}")
    for fault in faults[:40]:
        print(f"  ✗ {fault}")
    print(f"{'✓' if not faults else '✗'} seed {seed}: {monkey.kills} kills, {clock.days} days, {crowd.told}, "
          f"{len(faults)} faults, {time.monotonic() - begun:.0f} s", flush=True)
    return not faults


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--customers", type=int, default=80)
    parser.add_argument("--days", type=int, default=70, help="that pass in peace: soon after them their plans of 3 months are renewed")
    parser.add_argument("--plans", type=int, default=30, help="that each customer buys at first")
    arguments = parser.parse_args()
    state = Path(tempfile.mkdtemp(prefix="perennial-chaos-"))
    os.chmod(state, 0o755)
    suite = Suite(state, arguments.build, Ports.free(PROCESSES), durable=False)
    suite.patience_seconds = 600  # what is slow on a busy machine is no fault
    passed = False
    try:
        suite.start()
        passed = play(suite, arguments.seed, arguments.kills, arguments.customers, arguments.plans, arguments.days)
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
