"""Side by side in one run: an authenticated one-row read and an idempotent mutating call; a bare gRPC echo with the same TLS;
pgbench with the very statements that these calls send, taken from Postgres' own log.

With L = 1 / (1/echo + 1/pgbench), the rate a server would have whose own work cost nothing, the share of L is what counts.
Shared machines change their speed by a half within seconds, so the three take turns in short slices, and the share is the
median of those of all turns.
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
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

from suite.failure import Failure  # noqa: E402
from suite.layout import SERVICES, Ports  # noqa: E402
from suite.suite import Suite  # noqa: E402

CALLERS = (1, 16, 64)
TURNS = 5
WARM_UP = 2
ACCOUNTS = 32
NIL = "00000000-0000-0000-0000-000000000000"
SERVICE = "billing"
READ = "perennial.billing.v1.BillingProfileService/GetBillingProfile"
WRITE = "perennial.billing.v1.BillingProfileService/UpdateBillingProfile"
PASSWORD = "a long enough password"


class Bench:
    def __init__(self, suite: Suite, seconds: float):
        self.suite = suite
        self.seconds = seconds
        self.work = suite.state / "bench"
        self.work.mkdir()
        self.profiles: list[tuple[str, str]] = []  # token, name

    def prepare(self) -> None:
        for _ in range(ACCOUNTS):
            email = f"bench.{uuid.uuid4().hex[:10]}@example.com"
            account = self.suite.peer("account").call("perennial.account.v1.AccountService/CreateAccount", email=email, password=PASSWORD,
                                                      language="en", time_zone="Europe/Paris")
            session = self.suite.peer("account").call("perennial.account.v1.SessionService/CreateSession", email=email, password=PASSWORD)
            peer = self.suite.peer(SERVICE)
            peer.token = session.access_token
            name = f"{account.name}/billingProfile"
            peer.send(WRITE, self.message(WRITE, name, str(uuid.uuid4())).SerializeToString())
            self.profiles.append((session.access_token, name))

    def message(self, method: str, name: str, request_id: str = NIL):
        request = self.suite.contracts.factory.GetPrototype(self.suite.contracts.method(method).input_type)
        if method == READ:
            return request(name=name)
        return request(billing_profile={"name": name, "recipient_name": "A Customer"}, update_mask={"paths": ["recipient_name"]}, request_id=request_id)

    def requests_file(self, method: str) -> Path:
        file = self.work / f"{method.rsplit('/', 1)[-1]}.json"
        file.write_text(json.dumps([{"token": token, "request": self.message(method, name).SerializeToString().hex()} for token, name in self.profiles]))
        return file

    def load(self, target: str, method: str, callers: int, requests: Path) -> dict:
        done = subprocess.run([str(self.suite.build / "bin/bench_load"), target, str(self.suite.certificates / "authority.crt"), f"/{method}",
                               str(callers), str(self.seconds), str(requests)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"bench_load failed: {done.stderr[-400:]}")
        result = json.loads(done.stdout)
        if result["failed"]:
            raise Failure(f"{method}: {result['failed']} calls failed: {result['failure']}")
        return result

    def start_echo(self) -> tuple[subprocess.Popen, str]:
        port = Ports.free().gateway
        certificates = self.suite.certificates
        server = subprocess.Popen([str(self.suite.build / "bin/bench_echo"), f"127.0.0.1:{port}", str(certificates / "billing.crt"),
                                   str(certificates / "billing.key"), str(certificates / "authority.crt")], stdout=subprocess.PIPE)
        server.stdout.readline()
        return server, f"localhost:{port}"

    def call(self, method: str, callers: int) -> dict:
        return self.load(f"localhost:{self.suite.ports.grpc[SERVICE]}", method, callers, self.requests_file(method))

    # What a call sends to Postgres, as Postgres saw it ----------------------------------------------------------------

    def statements_of(self, method: str, token: str, name: str) -> str:
        """A pgbench script of one call's statements; the request id becomes a new one each time."""
        request_id = str(uuid.uuid4())
        log = self.suite.postgres.log
        peer = self.suite.peer(SERVICE)
        peer.token = token
        begin = log.stat().st_size
        peer.send(method, self.message(method, name, request_id).SerializeToString())
        lines = log.read_bytes()[begin:].decode()
        script = []
        # "BENCH pid LOG:  execute s3: SELECT …" then "… DETAIL:  parameters: $1 = '…', …"; jobs have other pids.
        by_pid: dict[str, list[str]] = {}
        for entry in re.split(r"(?m)^(?=BENCH )", lines):
            match = re.match(rf"BENCH (\d+) {SERVICE} (LOG|DETAIL):  (.*)", entry, re.DOTALL)
            if match:
                by_pid.setdefault(match[1], []).append(f"{match[2]} {match[3].strip()}")
        for entry in self.own_entries(list(by_pid.values()), name.split("/")[1], method):
            if statement := re.match(r"LOG (?:execute [^:]*|statement): (.*)", entry, re.DOTALL):
                script.append(statement[1])
            elif parameters := re.match(r"DETAIL parameters: (.*)", entry, re.DOTALL):
                values = dict(re.findall(r"\$(\d+) = ('(?:[^']|'')*'|NULL)", parameters[1]))
                script[-1] = re.sub(r"\$(\d+)", lambda m: values[m[1]], script[-1])
        text = [re.sub(r"\s+", " ", s).rstrip(";") + ";" for s in script if not s.startswith("SET statement_timeout")]
        # In a condition a function that gives a new value each time would keep Postgres from its index.
        text = [s.replace(f"'{request_id}'", f"'{uuid.uuid4()}'" if s.startswith("SELECT") else "gen_random_uuid()") for s in text]
        return "\n".join(text) + "\n"

    @staticmethod
    def own_entries(sessions: list[list[str]], account: str, method: str) -> list[str]:
        """The entries of the call among those of its session, which also serves jobs: from the first that names the
        account, or the BEGIN before it, to the COMMIT; for a read that one statement."""
        for entries in sessions:
            named = [i for i, entry in enumerate(entries) if entry.startswith("DETAIL") and account in entry]
            if not named:
                continue
            if method == READ:
                return entries[named[0] - 1 : named[0] + 1]
            first = named[0] - 1
            if re.fullmatch("LOG execute .*: BEGIN", entries[first - 1]):
                first -= 1
            ends = [i for i, entry in enumerate(entries) if re.fullmatch("LOG execute .*: COMMIT", entry) and i > named[-1]]
            if ends:
                return entries[first : ends[0] + 1]
        raise Failure("cannot tell the call's statements in Postgres' log")

    def record_statements(self) -> dict[str, list[Path]]:
        psql = self.suite.postgres.psql
        psql("ALTER SYSTEM SET log_line_prefix = 'BENCH %p %u '")
        psql("ALTER SYSTEM SET log_statement = 'all'")
        psql("SELECT pg_reload_conf()")
        time.sleep(1)
        files: dict[str, list[Path]] = {READ: [], WRITE: []}
        for method in files:
            for i, (token, name) in enumerate(self.profiles):
                file = self.work / f"{method.rsplit('/', 1)[-1]}.{i}.sql"
                for attempt in range(5):  # the first call on a connection also prepares
                    text = self.statements_of(method, token, name)
                file.write_text(text)
                files[method].append(file)
        psql("ALTER SYSTEM RESET log_statement")
        psql("SELECT pg_reload_conf()")
        time.sleep(1)
        return files

    def pgbench(self, files: list[Path], callers: int) -> dict:
        url = self.suite.postgres.url(SERVICE, self.suite._secrets[SERVICE])
        # The first seconds go to preparing each statement in each session; a service has done so long ago.
        measured = max(1, round(self.seconds))
        command = ["/usr/lib/postgresql/15/bin/pgbench", "-n", "-M", "prepared", "-c", str(callers), "-j", "2", "-P", "1", "-T", str(WARM_UP + measured + 1),
                   "--log", "--log-prefix=latency", "--sampling-rate=0.2"]
        for file in files:
            command += ["-f", str(file)]
        done = subprocess.run([*command, url], capture_output=True, text=True, cwd=self.work)
        rates = [float(rate) for rate in re.findall(r"progress: [\d.]+ s, ([\d.]+) tps", done.stderr)]
        if done.returncode != 0 or len(rates) <= WARM_UP:
            raise Failure(f"pgbench failed: {done.stderr[-400:]}")
        return {"rate": statistics.mean(rates[WARM_UP:]), **self.latencies()}

    def latencies(self) -> dict:
        """What pgbench logged of single transactions after the warm-up: "client number µs script second µs-of-it"."""
        logged: list[tuple[int, int]] = []
        for file in self.work.glob("latency.*"):
            for line in file.read_text().splitlines():
                _, _, took, _, second, *_ = map(int, line.split())
                logged.append((second, took))
            file.unlink()
        begin = min(second for second, _ in logged) + WARM_UP
        took = [took / 1000 for second, took in logged if second >= begin]
        percentiles = statistics.quantiles(took, n=100, method="inclusive")
        return {"p50_ms": percentiles[49], "p99_ms": percentiles[98]}

    # Footprint --------------------------------------------------------------------------------------------------------

    def idle_rss_mib(self) -> dict[str, float]:
        sizes = {}
        for service in SERVICES:
            status = Path(f"/proc/{self.suite.processes[service].pid}/status").read_text()
            sizes[service] = round(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024, 1)
        return sizes

    def start_ms(self) -> dict[str, float]:
        """From exec to SERVING, with all else running."""
        times = {}
        for service in SERVICES:
            self.suite.processes[service].terminate()
            self.suite.processes[service].wait()
            log = self.suite.log_file(service)
            begin = log.stat().st_size
            begun = time.time()
            self.suite.restart(service)
            ready: list[dict] = []
            while not ready:  # lines that only inform are written within 50 ms
                ready = [json.loads(line) for line in log.read_bytes()[begin:].decode().splitlines() if '"ready"' in line]
            at = time.mktime(time.strptime(ready[0]["time"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone + float(ready[0]["time"][19:-1])
            times[service] = round((at - begun) * 1000)
        return times


def row(cells: list) -> str:
    return "  ".join(f"{c:>10}" if i else f"{c:<34}" for i, c in enumerate(cells))


def print_table(result: dict) -> None:
    print(f"\nMeasured on {result['machine']}\n")
    print(row(["", "callers", "calls/s", "p50 ms", "p99 ms"]))
    for name, by_callers in result["rates"].items():
        for callers, seen in by_callers.items():
            ms = [f"{seen[k]:.2f}" if k in seen else "" for k in ("p50_ms", "p99_ms")]
            print(row([name, callers, f"{seen['rate']:.0f}", *ms]))
    print()
    for name in ("read_ratio", "write_ratio"):
        print(row([f"{name} (share of L at 16 callers)", f"{result[name]:.2f}"]))
    print("\n" + row(["service", "idle MiB", "start ms"]))
    for service in SERVICES:
        print(row([service, result["idle_rss_mib"][service], f"{result['start_ms'][service]:.0f}"]))


def turns(bench: Bench, statements: dict[str, list[Path]], echo: str, callers: int) -> dict[str, list[dict]]:
    """Each of the five in turn, again and again."""
    tasks = {
        "echo": lambda: bench.load(echo, "bench.Echo/Echo", callers, bench.requests_file(READ)),
        "pgbench read": lambda: bench.pgbench(statements[READ], callers),
        "read": lambda: bench.call(READ, callers),
        "pgbench write": lambda: bench.pgbench(statements[WRITE], callers),
        "write": lambda: bench.call(WRITE, callers),
    }
    seen: dict[str, list[dict]] = {name: [] for name in tasks}
    for turn in range(TURNS):
        print(f"· {callers} callers, turn {turn + 1} of {TURNS}", flush=True)
        for name, task in tasks.items():
            seen[name].append(task())
    return seen


def share(seen: dict[str, list[dict]], name: str) -> float:
    shares = [call["rate"] * (1 / echo["rate"] + 1 / pgbench["rate"])
              for call, echo, pgbench in zip(seen[name], seen["echo"], seen[f"pgbench {name}"], strict=True)]
    return round(statistics.median(shares), 3)


def middle(results: list[dict]) -> dict:
    return sorted(results, key=lambda one: one["rate"])[len(results) // 2]


def measure(suite: Suite, seconds: float) -> dict:
    bench = Bench(suite, seconds)
    idle = bench.idle_rss_mib()
    print("· preparing", flush=True)
    bench.prepare()
    statements = bench.record_statements()
    server, echo = bench.start_echo()
    try:
        seen = {callers: turns(bench, statements, echo, callers) for callers in CALLERS}
    finally:
        server.kill()
        server.wait()
    rates = {name: {callers: middle(seen[callers][name]) for callers in CALLERS} for name in seen[CALLERS[0]]}
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {"machine": f"{os.cpu_count()} × {cpu[1] if cpu else platform.machine()}, Postgres 15, gRPC 1.51, fsync on",
            "read_ratio": share(seen[16], "read"), "write_ratio": share(seen[16], "write"),
            "methods": {"read": READ, "write": WRITE}, "rates": rates, "idle_rss_mib": idle, "start_ms": bench.start_ms(),
            "statements": {n: statements[m][0].read_text().splitlines() for n, m in (("read", READ), ("write", WRITE))}}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=1, help="of each slice")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    state = Path(tempfile.mkdtemp(prefix="perennial-bench-"))
    os.chmod(state, 0o755)
    suite = Suite(state, arguments.build, Ports.free(), test_time=False)
    try:
        suite.start()
        result = measure(suite, arguments.seconds)
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    finally:
        suite.stop()
        shutil.rmtree(state, ignore_errors=True)
    print_table(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
