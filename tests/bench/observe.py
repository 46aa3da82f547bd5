"""What a running suite costs: CPU and memory by process, Postgres' counters, and when nothing is left to do."""

import os
import re
import subprocess
import time
import urllib.request
from collections import Counter
from pathlib import Path

from suite.failure import Failure
from suite.layout import SERVICES
from suite.suite import Suite

TICKS = os.sysconf("SC_CLK_TCK")
END = "-- end of answer --"


class Sql:
    """One psql that stays: asking often must not cost a process each time."""

    def __init__(self, suite: Suite, database: str = "perennial"):
        postgres = suite.postgres
        command = ["psql", "-h", str(postgres.folder), "-p", str(postgres.port), "-U", postgres.superuser, "-d", database,
                   "-qAtX", "-v", "ON_ERROR_STOP=1"]
        self.process = subprocess.Popen(postgres._command(*command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, cwd="/")

    def run(self, sql: str) -> list[list[str]]:
        try:
            self.process.stdin.write(f"{sql}\n;\n\\echo {END}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failure(f"psql: {self.process.stderr.read()[-600:]}") from None
        rows = []
        while (line := self.process.stdout.readline()) != f"{END}\n":
            if not line:
                raise Failure(f"psql: {self.process.stderr.read()[-600:]}")
            rows.append(line.rstrip("\n").split("|"))
        return rows

    def value(self, sql: str) -> str:
        return self.run(sql)[0][0]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(10)


def cpu_of(pid: int, *, reaped: bool = False) -> float:
    """User and system seconds of a process so far; with `reaped` those of its ended children."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    first = 13 if reaped else 11
    return (int(fields[first]) + int(fields[first + 1])) / TICKS


class Machine:
    """The suite's processes by name; Postgres' work by the service that it was done for."""

    def __init__(self, suite: Suite):
        self.suite = suite

    def _backends(self) -> dict[str, list[int]]:
        postmaster = self.suite.postgres.process.pid
        found: dict[str, list[int]] = {}
        for pid in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
            try:
                title = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            role = title.removeprefix("postgres: ").split(" ")[0]
            if role == self.suite.postgres.superuser:
                continue  # ourselves, watching
            name = f"postgres for {role}" if role in SERVICES else "postgres itself"
            found.setdefault(name, []).append(int(pid))
        return found

    def cpu(self) -> Counter:
        seconds: Counter = Counter()
        for name, process in self.suite.processes.items():
            seconds[name] = cpu_of(process.pid)
        seconds["redis"] = cpu_of(self.suite.redis.process.pid)
        for name, pids in self._backends().items():
            seconds[name] += sum(cpu_of(pid) for pid in pids)
        postmaster = self.suite.postgres.process.pid
        seconds["postgres itself"] += cpu_of(postmaster) + cpu_of(postmaster, reaped=True)
        return seconds

    def rss_mib(self) -> dict[str, float]:
        sizes = {}
        processes = {**{name: process.pid for name, process in self.suite.processes.items()}, "redis": self.suite.redis.process.pid}
        for name, pid in processes.items():
            status = Path(f"/proc/{pid}/status").read_text()
            sizes[name] = round(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024, 1)
        return sizes

    def calls(self) -> Counter:
        """RPCs handled so far, by method."""
        handled: Counter = Counter()
        for service in SERVICES:
            url = f"http://127.0.0.1:{self.suite.ports.metrics[service]}/metrics"
            with urllib.request.urlopen(url, timeout=10) as response:
                text = response.read().decode()
            for labels, count in re.findall(r"^grpc_server_handled_total\{([^}]*)\} ([\d.e+]+)", text, re.MULTILINE):
                method = re.search(r'grpc_method="([^"]*)"', labels)[1]
                if method not in ("Check", "Watch"):
                    handled[f"{service} {method}"] += int(float(count))
        return handled


class Counters:
    """Postgres' own counters; sessions report theirs about a second late."""

    @staticmethod
    def read(sql: Sql) -> Counter:
        time.sleep(1.2)
        commits, inserted, updated = sql.run("SELECT xact_commit, tup_inserted, tup_updated FROM pg_stat_database "
                                             "WHERE datname = 'perennial'")[0]
        syncs, size, records = sql.run("SELECT wal_sync, wal_bytes, wal_records FROM pg_stat_wal")[0]
        return Counter({"transactions": int(commits), "rows inserted": int(inserted), "rows updated": int(updated),
                        "wal syncs": int(syncs), "wal bytes": int(size), "wal records": int(records)})


class Work:
    """What is left of the renewals that are due, cheap to ask: each is a look at the beginning of a small index."""

    STAGES = {
        "due": "SELECT EXISTS (SELECT FROM subscription.products WHERE renew_at <= now())",
        "orders open": "SELECT EXISTS (SELECT FROM subscription.orders WHERE step NOT IN ('done', 'failed', 'refunded'))",
        "events waiting": "SELECT " + " OR ".join(f"EXISTS (SELECT FROM {s}.outbox WHERE relayed_at IS NULL)" for s in SERVICES),
    }

    def __init__(self, suite: Suite, sql: Sql):
        self.suite = suite
        self.sql = sql

    def is_left(self, stage: str) -> bool:
        return self.sql.value(self.STAGES[stage]) == "t"

    def is_consumed(self) -> bool:
        """Every consumer of subscription's events has read the last one."""
        stream = "perennial.events.subscription"
        last = self.suite.redis.run("XREVRANGE", stream, "+", "-", "COUNT", "1").split("\n")[0]
        places = [self.sql.run(f"SELECT position FROM {s}.inbox_position WHERE stream = '{stream}'") for s in ("account", "domain_mailbox")]
        return not last or all(place and place[0][0].endswith(f"/{last}") for place in places)

    def where_it_stands(self) -> str:
        steps = self.sql.run("SELECT step, failure, decline_code, count(*) FROM subscription.orders GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 6")
        return "; ".join(" ".join(part for part in step if part) for step in steps)


class Statements:
    """What the services' statements cost Postgres, told by pg_stat_statements; counting costs a little itself."""

    def __init__(self, sql: Sql):
        self.sql = sql

    @staticmethod
    def enable(suite: Suite) -> None:
        suite.postgres.psql("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
        suite.postgres.stop()
        suite.postgres.start()
        suite.postgres.psql("CREATE EXTENSION pg_stat_statements", database="perennial")

    def reset(self) -> None:
        self.sql.run("SELECT pg_stat_statements_reset()")

    def costs(self, renewals: int) -> list[list[str]]:
        """Role, calls and microseconds a renewal, text; the dearest first. BEGIN and COMMIT are among them."""
        return self.sql.run(f"SELECT r.rolname, round(s.calls::numeric / {renewals}, 4), round((s.total_exec_time * 1000 / {renewals})::numeric, 1), "
                            "left(regexp_replace(s.query, '\\s+', ' ', 'g'), 110) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid "
                            f"WHERE r.rolname = ANY('{{{','.join(SERVICES)}}}') ORDER BY s.total_exec_time DESC")
