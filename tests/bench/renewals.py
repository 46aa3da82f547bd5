"""Complete renewals a second, with everything on, side by side with pgbench on the same Postgres.

What is timed: from the commit that makes the products due until nothing is left to do for any of them, that is, charged by
the gateway simulator, invoice numbered, ledger posted, term added, order done, events relayed and taken in by their consumers.
Plans only: what a domain's renewal costs more is its registrar.

Shared machines change their speed by a half within seconds, so pgbench (TPC-B, scale 10, 16 clients) runs before and after
each measurement, and each is divided by the mean of its two neighbours. At the end the books of all sides must agree.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

import audit  # noqa: E402
from observe import Counters, Machine, Sql, Statements, Work  # noqa: E402
from quotes import measure_quotes, print_quotes  # noqa: E402
from stock import Stock  # noqa: E402
from suite.failure import Failure  # noqa: E402
from suite.layout import SERVICES, Ports  # noqa: E402
from suite.suite import Suite  # noqa: E402

PATIENCE = 120  # seconds without any progress
SLOW_MS = 200
# The default is for Stripe, which takes 100 requests a second; so many at 200 ms each are 5,000 a second.
GATEWAY_CONNECTIONS = 1000
STORED_FEW, STORED_MANY = 10_000, 1_000_000


class Bench:
    def __init__(self, suite: Suite, arguments: argparse.Namespace):
        self.suite = suite
        self.arguments = arguments
        self.machine = Machine(suite)
        self.renewed = 0
        self.stock: Stock | None = None
        self._connect()

    def _connect(self) -> None:
        self.sql = Sql(self.suite)
        self.work = Work(self.suite, self.sql)
        self.statements = Statements(self.sql)
        if self.stock:
            self.stock.sql = self.sql

    # pgbench ----------------------------------------------------------------------------------------------------------

    def prepare_pgbench(self) -> None:
        self.suite.postgres.psql("CREATE ROLE pgbench LOGIN PASSWORD 'pgbench'; CREATE DATABASE pgbench OWNER pgbench;")
        self._pgbench("-i", "-q", "-s", "10")

    def _pgbench(self, *options: str) -> str:
        url = f"postgres://pgbench:pgbench@127.0.0.1:{self.suite.postgres.port}/pgbench?sslmode=disable"
        done = subprocess.run(["/usr/lib/postgresql/15/bin/pgbench", *options, url], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"pgbench failed: {done.stderr[-400:]}")
        return done.stdout

    def tps(self) -> float:
        text = self._pgbench("-n", "-c", "16", "-j", "2", "-T", str(self.arguments.seconds))
        return float(re.search(r"tps = ([\d.]+)", text)[1])

    # Renewals ---------------------------------------------------------------------------------------------------------

    def warm_up(self) -> None:
        """Fills caches, and tells Postgres' planner what autovacuum would within a minute: that tables are not empty any more.
        Services keep plans, and those made for an empty table read all of it."""
        self.renew(500)
        self.sql.run("VACUUM (ANALYZE)")
        self.sql.run("CHECKPOINT")

    def renew(self, count: int, watch=None) -> dict:
        """Makes so many products due and waits until they are renewed. `watch` is called now and then."""
        cpu, counters, calls = self.machine.cpu(), Counters.read(self.sql), self.machine.calls()
        begun = time.monotonic()
        self.stock.make_due(count)
        due = time.monotonic()
        finished = {}
        for stage in (*Work.STAGES, "consumed"):
            is_left = (lambda: not self.work.is_consumed()) if stage == "consumed" else (lambda stage=stage: self.work.is_left(stage))
            self._wait(is_left, stage, watch)
            finished[stage] = time.monotonic() - due
        seconds = time.monotonic() - due
        spent = self.machine.cpu() - cpu
        counted, called = Counters.read(self.sql) - counters, self.machine.calls() - calls
        self.renewed += count
        return {"renewals": count, "seconds": seconds, "rate": count / seconds, "making_due_s": due - begun, "finished_s": finished,
                "cpu_us": {name: round(value / count * 1e6, 1) for name, value in spent.most_common()},
                "cpu_total_us": round(spent.total() / count * 1e6, 1),
                "postgres": {name: round(value / count, 4) for name, value in counted.items()},
                "calls": {name: round(value / count, 4) for name, value in called.most_common(12)}}

    def _wait(self, is_left, stage: str, watch) -> None:
        progress, last = None, time.monotonic()
        while is_left():
            time.sleep(0.05)
            if watch:
                watch()
            if time.monotonic() - last > 5:
                self.suite.check_alive()
                now = self.sql.value("SELECT sum(version) FROM subscription.orders"), self.sql.value("SELECT count(*) FROM account.inbox")
                if now != progress:
                    progress, last = now, time.monotonic()
                elif time.monotonic() - last > PATIENCE:
                    raise Failure(f"no renewal moved for {PATIENCE} s; not over: {stage}; orders: {self.work.where_it_stands()}")

    def turns(self, count: int, turns: int) -> list[dict]:
        """pgbench, renewals, pgbench, …; each renewal turn with its share of its neighbours."""
        seen, before = [], self.tps()
        for _ in range(turns):
            turn = self.renew(count)
            after = self.tps()
            turn["pgbench_tps"] = (before + after) / 2
            turn["ratio"] = turn["rate"] / turn["pgbench_tps"]
            before = after
            seen.append(turn)
            print(f"  {count} renewals with {self.stock.products} products stored: {turn['rate']:.0f}/s, pgbench {turn['pgbench_tps']:.0f} tps, "
                  f"ratio {turn['ratio']:.3f}, CPU {turn['cpu_total_us']:.0f} µs each", flush=True)
        return seen

    def slow_gateway(self, count: int, turns: int) -> list[dict]:
        """Turns in pairs: the gateway answers at once, then after SLOW_MS."""
        pairs = []
        for _ in range(turns):
            [fast] = self.turns(count, 1)
            for method in ("POST", "GET"):
                self._faults("POST", {"action": "late", "ms": SLOW_MS, "count": 1_000_000_000, "match": {"method": method, "path": "/v1"}})
            [slow] = self.turns(count, 1)
            self._faults("DELETE")
            pairs.append({"fast": fast, "slow": slow, "ratio": slow["ratio"] / fast["ratio"]})
        return pairs

    def _faults(self, method: str, fault: dict | None = None) -> None:
        request = urllib.request.Request(f"http://127.0.0.1:{self.suite.ports.gateway}/_control/faults", method=method,
                                         data=json.dumps(fault).encode() if fault else None,
                                         headers={"Authorization": f"Bearer {self.suite.gateway_api_key}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as response:
            response.read()

    def memory(self, count: int) -> dict:
        """Resident memory while `count` products, due all at once, renew: at the start and at each fifth."""
        sizes = {0: self.machine.rss_mib()}
        seen = {"next": 0.0}
        begin = int(self.sql.value("SELECT count(*) FROM subscription.terms"))

        def watch() -> None:
            if time.monotonic() < seen["next"]:
                return
            seen["next"] = time.monotonic() + 1
            done = int(self.sql.value("SELECT n_tup_ins FROM pg_stat_user_tables WHERE schemaname = 'subscription' AND relname = 'terms'")) - begin
            for percent in (20, 40, 60, 80):
                if done >= count * percent / 100 and percent not in sizes:
                    sizes[percent] = self.machine.rss_mib()

        turn = self.renew(count, watch)
        sizes[100] = self.machine.rss_mib()
        return {"rss_mib": sizes, "turn": turn, "growth": {name: round(sizes[100][name] / sizes.get(20, sizes[0])[name], 3) for name in SERVICES}}

    def count_statements(self, count: int) -> list[list[str]]:
        """In a turn of its own: counting costs a few percent, and needs Postgres started anew."""
        self.sql.close()
        Statements.enable(self.suite)
        self._connect()
        self.warm_up()
        self.statements.reset()
        self.renew(count)
        return self.statements.costs(count)


# Results --------------------------------------------------------------------------------------------------------------


def median(turns: list[dict], key: str) -> float:
    return statistics.median(turn[key] for turn in turns)


def machine_name() -> str:
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} × {cpu[1] if cpu else platform.machine()}, Postgres 15, fsync on"


def costs(turns: list[dict], key: str) -> dict[str, float]:
    """The median over the turns of each of the values under `key`, the greatest first."""
    names = {name for turn in turns for name in turn[key]}
    middle = {name: round(statistics.median(turn[key].get(name, 0) for turn in turns), 4) for name in names}
    return dict(sorted(middle.items(), key=lambda item: -item[1]))


def row(cells: list, width: int = 12) -> str:
    return "  ".join(f"{c:>{width}}" if i else f"{c:<42}" for i, c in enumerate(cells))


def print_table(result: dict) -> None:
    print(f"\nMeasured on {result['machine']}; plans only; {result['stored']} products stored\n")
    asked = {"renewal_ratio": "asked: at least 0.5", "growth_ratio": "asked: at most 1.2", "slow_gateway_ratio": "asked: at least 0.9",
             "quote_ratio": "asked: at most 2", "quote_product_ratio": ""}
    for name, limit in asked.items():
        if name in result:
            print(row([name, f"{result[name]:.3f}", limit], 9))
    if "turns" in result:
        print_renewals(result)
    if "quotes" in result:
        print_quotes(result["quotes"])
    print(f"\nThe books of all sides agree on {result['renewed']} renewals.")


def print_renewals(result: dict) -> None:
    turns = result["turns"]
    print("\n" + row(["complete renewals a second", f"{median(turns, 'rate'):.0f}"]))
    print(row(["pgbench TPC-B, scale 10, 16 clients, tps", f"{median(turns, 'pgbench_tps'):.0f}"]))
    print(row(["all events relayed, of the time taken", f"{turns[-1]['finished_s']['events waiting'] / turns[-1]['seconds']:.0%}"]))
    print("\n" + row(["one renewal costs", "CPU µs"]))
    for name, value in costs(turns, "cpu_us").items():
        print(row([f"  {name}", f"{value:.0f}"]))
    print(row(["  together", f"{median(turns, 'cpu_total_us'):.0f}"]))
    for name, value in costs(turns, "postgres").items():
        print(row([f"  {name}", f"{value:.3f}"]))
    print("\n" + row(["calls a renewal", ""]))
    for name, value in costs(turns, "calls").items():
        print(row([f"  {name}", f"{value:.4f}"]))
    if "memory" in result:
        sizes = result["memory"]["rss_mib"]
        print("\n" + row([f"MiB while {result['memory']['turn']['renewals']} renew, due at once", *(f"{percent} %" for percent in sizes)], 7))
        for name in sizes[0]:
            print(row([f"  {name}", *(f"{size[name]:.0f}" for size in sizes.values())], 7))
    if statements := result.get("statements"):
        print("\n" + row(["statements a renewal", f"{sum(float(calls) for _, calls, *_ in statements):.3f}"]))
        for role, calls, cost, *text in statements[:25]:  # a text may hold the separator
            print(f"  {cost:>8} µs  {calls:>8} ×  {role}: {'|'.join(text).replace(chr(10), ' ')}")


def measure(bench: Bench) -> dict:
    suite, arguments = bench.suite, bench.arguments
    result: dict = {"machine": machine_name()}
    # Of 10,000 products no more than two turns are due; the first after a million were stored finds Postgres at its vacuum.
    few_turns, many_turns, main_turns, pairs = 2, 5, arguments.turns, 2
    planned = (main_turns + 2 * pairs) * arguments.renewals + (few_turns + many_turns) * arguments.growth + arguments.memory + arguments.growth + 5000
    bench.stock = Stock(suite, bench.sql, ready_accounts=20_000 if arguments.quick else planned)
    bench.stock.make_template()
    bench.prepare_pgbench()
    bench.stock.grow(25_000 if arguments.quick else STORED_FEW)
    print(f"· {bench.stock.products} products stored", flush=True)
    bench.warm_up()
    result["stored"] = bench.stock.products
    if arguments.only == "quotes":
        add_quotes(bench, result)
        return result
    if not arguments.quick:
        few = bench.turns(arguments.growth, few_turns)
        begun = time.monotonic()
        bench.stock.grow(arguments.stored)
        print(f"· {bench.stock.products} products stored after {time.monotonic() - begun:.0f} s", flush=True)
        bench.warm_up()
        many = bench.turns(arguments.growth, many_turns)
        result["growth"] = {"few": few, "many": many}
        by_time, by_cpu = median(few, "ratio") / median(many, "ratio"), median(many, "cpu_total_us") / median(few, "cpu_total_us")
        result.update(growth_by_time=round(by_time, 3), growth_by_cpu=round(by_cpu, 3), growth_ratio=round(max(by_time, by_cpu), 3))
    result["turns"] = bench.turns(arguments.renewals, main_turns)
    result["renewal_ratio"] = round(median(result["turns"], "ratio"), 3)
    if not arguments.quick:
        result["slow_gateway"] = bench.slow_gateway(arguments.renewals, pairs)
        result["slow_gateway_ratio"] = round(statistics.median(pair["ratio"] for pair in result["slow_gateway"]), 3)
        add_quotes(bench, result)
        result["memory"] = bench.memory(arguments.memory)
    if arguments.statements or not arguments.quick:
        result["statements"] = bench.count_statements(arguments.growth)
    result["stored"] = bench.stock.products
    return result


def add_quotes(bench: Bench, result: dict) -> None:
    result["quotes"] = measure_quotes(bench.suite, bench.stock, bench.arguments.seconds)
    result["quote_ratio"] = result["quotes"]["ratio"]
    result["quote_product_ratio"] = result["quotes"]["product_ratio"]


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/bench/run renewals")
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="one turn of the renewals with 25,000 products stored, and no more")
    parser.add_argument("--only", choices=["quotes"], help="with 10,000 products stored, and no more")
    parser.add_argument("--renewals", type=int, help="in a turn (20,000; quick: 5,000)")
    parser.add_argument("--turns", type=int, help="(5; quick: 1)")
    parser.add_argument("--growth", type=int, default=3_500, help="due in a turn for growth_ratio (3,500; 10,000 products have 8,000 that can be)")
    parser.add_argument("--stored", type=int, default=STORED_MANY, help="products stored in the end (1,000,000)")
    parser.add_argument("--memory", type=int, default=100_000, help="renewals over which memory is watched (100,000)")
    parser.add_argument("--seconds", type=int, default=8, help="of each run of pgbench")
    parser.add_argument("--statements", action="store_true", help="with --quick: count Postgres' statements too, as the whole run does")
    parser.add_argument("--json", type=Path, help="the figures, and the raw ones behind them")
    arguments = parser.parse_args()
    arguments.renewals = arguments.renewals or (5_000 if arguments.quick else 20_000)
    arguments.turns = arguments.turns or (1 if arguments.quick else 5)
    return arguments


def main() -> int:
    arguments = read_arguments()
    state = Path(tempfile.mkdtemp(prefix="perennial-bench-"))
    os.chmod(state, 0o755)
    suite = Suite(state, arguments.build, Ports.free(), test_time=False)
    suite.settings["payment_token"] = {"GATEWAY_CONNECTIONS": str(GATEWAY_CONNECTIONS)}
    try:
        suite.start()
        bench = Bench(suite, arguments)
        result = measure(bench)
        result["renewed"] = bench.renewed
        print("· the books", flush=True)
        faults = audit.faults(suite, bench.sql, bench.renewed)
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    finally:
        suite.stop()
        shutil.rmtree(state, ignore_errors=True)
    if faults:
        print("bench: the books do not agree, so the figures are worth nothing:", *faults, sep="\n  ", file=sys.stderr)
        return 1
    print_table(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
