"""The whole suite: started in order, watched, stopped without a trace."""

import contextlib
import fcntl
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

from . import child
from .client import Contracts, Peer
from .failure import Failure
from .layout import ROOT, SERVICES, Ports, is_taken, service_of
from .stores import Postgres, Redis

BINARIES = {service: f"perennial-{service.replace('_', '-')}" for service in SERVICES}
SIMULATOR = "payment_gateway_simulator"


class Suite:
    def __init__(self, state: Path, build: Path, ports: Ports | None = None, *, test_time: bool = True, durable: bool = True,
                 report: Callable[[str], None] = lambda line: None):
        self.state = state
        self.build = build.resolve()
        self.ports = ports or Ports()
        self.test_time = test_time
        self.report = report
        self.patience_seconds = 30  # for a process to be ready
        self.postgres = Postgres(state / "postgres", self.ports.postgres, durable)
        self.redis = Redis(state / "redis", self.ports.redis)
        self.processes: dict[str, subprocess.Popen] = {}
        self.settings: dict[str, dict[str, str]] = {}
        self._secrets: dict[str, str] = {}
        self._contracts: Contracts | None = None
        self._lock: TextIO | None = None

    # Starting ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.claim()
        self._make_state()
        self._step("certificates", lambda: self._call("deploy/dev-certificates", str(self.certificates)))
        self._step("Postgres and Redis", self._start_stores)
        self._step("migrations", self.migrate)
        self._step("gateway simulator", self.start_simulator)
        self._step("five services", lambda: self.start_services(list(self.ports.grpc)))

    def _step(self, what: str, action: Callable[[], None]) -> None:
        begun = time.monotonic()
        action()
        self.report(f"{what:<22} ready after {time.monotonic() - begun:5.1f} s")

    def claim(self) -> None:
        """Makes the state folder and the ports ours, or refuses and touches nothing of a suite that has them."""
        if self._lock is None:
            try:
                self.state.mkdir(parents=True, exist_ok=True)
                self._lock = (self.state / "lock").open("w")
            except PermissionError:
                raise Failure(f"cannot write to the state folder {self.state}: set PERENNIAL_STATE to one that you own") from None
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel lets go of it when we die
            except BlockingIOError:
                self._lock = None
                raise Failure(f"another suite runs on {self.state}. Stop it (Ctrl-C where it runs), then try again.") from None
            self.postgres.stop_leftover()
        taken = [f"{port} ({what})" for what, port in self.ports.all().items() if is_taken(port)]
        if taken:
            raise Failure(f"ports in use: {', '.join(taken)}. Is another suite running? Stop it (Ctrl-C where it runs), then try again.")

    def _make_state(self) -> None:
        os.chmod(self.state, 0o755)  # Postgres' own folder is below; what is secret has rights of its own
        (self.state / "logs").mkdir(exist_ok=True)
        file = self.state / "secrets.json"
        if file.exists():
            self._secrets = json.loads(file.read_text())
            return
        names = [*SERVICES, *(f"{s}_owner" for s in SERVICES), *(f"{s}_key" for s in SERVICES), "token_seed", "gateway_api_key"]
        self._secrets = {name: secrets.token_hex(32) for name in names}
        file.touch(mode=0o600)
        file.write_text(json.dumps(self._secrets))

    def _call(self, script: str, *args: str) -> None:
        done = subprocess.run([str(ROOT / script), *args], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"{script} failed: {(done.stderr or done.stdout).strip()[-800:]}")

    def _start_stores(self) -> None:
        self.postgres.start()
        self.redis.start()
        self.postgres.create_database(self._secrets)

    def migrate(self) -> None:
        def one(service: str) -> None:
            url = self.postgres.url(f"{service}_owner", self._secrets[f"{service}_owner"])
            done = subprocess.run([str(ROOT / "deploy/migrate"), service], env={**os.environ, "DATABASE_URL": url, "WAIT_SECONDS": "10"},
                                  capture_output=True, text=True)
            if done.returncode != 0:
                raise Failure(f"migration of {service} failed: {done.stderr.strip()[-800:]}")

        with ThreadPoolExecutor() as pool:
            list(pool.map(one, SERVICES))

    def start_simulator(self) -> None:
        environment = {"GATEWAY_LISTEN": f"127.0.0.1:{self.ports.gateway}", "GATEWAY_STATE": str(self.state / "gateway"),
                       "GATEWAY_API_KEY": self._secrets["gateway_api_key"]}
        self._spawn("gateway", self._binary(SIMULATOR), environment)
        self._wait("gateway", lambda: is_taken(self.ports.gateway))

    def start_services(self, services: list[str]) -> None:
        for service in services:
            self._spawn(service, self._binary(BINARIES[service_of(service)]), self._environment(service))
        for service in services:
            self._wait(service, lambda service=service: self._is_serving(service))

    def _is_serving(self, service: str) -> bool:
        Peer.reconnect(f"127.0.0.1:{self.ports.grpc[service]}")
        return self.peer(service).is_serving()

    def _binary(self, name: str) -> Path:
        binary = self.build / "bin" / name
        if not binary.exists():
            raise Failure(f"{binary} is missing: build first (deploy/run does)")
        return binary

    def _environment(self, name: str) -> dict[str, str]:
        service = service_of(name)
        targets = {f"{s.upper()}_TARGET": f"127.0.0.1:{self.ports.grpc[s]}" for s in SERVICES}
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "GRPC_LISTEN": f"127.0.0.1:{self.ports.grpc[name]}",
            "METRICS_LISTEN": f"127.0.0.1:{self.ports.metrics[name]}",
            "DATABASE_URL": self.postgres.url(service, self._secrets[service]),
            "REDIS_URL": self.redis.url,
            "TLS_CERT": str(self.certificates / f"{service}.crt"),
            "TLS_KEY": str(self.certificates / f"{service}.key"),
            "TLS_CA": str(self.certificates / "authority.crt"),
            "SECRET_KEY": self._secrets[f"{service}_key"],
            "TIME": "test" if self.test_time else "system",
            **targets,
        }
        if service == "account":
            environment["TOKEN_SIGNING_SEED"] = self._secrets["token_seed"]
        if service == "subscription":
            environment["CATALOGUE_FILE"] = str(ROOT / "services/subscription/catalogue.json")
        if self.test_time and name == "subscription":
            environment["CLOCK_FOLLOWERS"] = ",".join(f"127.0.0.1:{port}" for each, port in self.ports.grpc.items() if each != name)
        if service == "billing":
            environment.update(SELLER_NAME="Perennial (local)", SELLER_ADDRESS="1 place de l'Exemple; 75001; Paris",
                               SELLER_COUNTRY="FR", SELLER_TAX_ID="FR11123456782", TAX_TABLE_FILE=str(ROOT / "services/billing/taxes.json"))
        if service == "billing" and not self.test_time:
            environment["VIES_URL"] = "https://127.0.0.1:9"  # nobody: what runs here asks nobody outside
        if service == "domain_mailbox":
            environment["BACK_ENDS"] = "simulated"
        if service == "payment_token":
            environment["GATEWAY_URL"] = f"http://127.0.0.1:{self.ports.gateway}"
            environment["GATEWAY_API_KEY"] = self._secrets["gateway_api_key"]
            environment["PAYMENT_RETURN_URL"] = "http://127.0.0.1/payments"
        environment.update(self.settings.get(name, {}))
        return environment

    def _spawn(self, name: str, binary: Path, environment: dict[str, str]) -> None:
        log = self.log_file(name).open("ab")
        self.processes[name] = child.start([str(binary)], env=environment, stdout=log, stderr=log, cwd=self.state)
        log.close()

    def _wait(self, name: str, is_up: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.patience_seconds
        while not is_up():
            code = self.processes[name].poll()
            if code is not None or time.monotonic() > deadline:
                why = f"ended with code {code}" if code is not None else f"is not ready after {self.patience_seconds} s"
                tail = self.log_file(name).read_text(errors="replace").strip().splitlines()[-3:]
                raise Failure(f"{name} {why}. Its log {self.log_file(name)} ends:\n  " + "\n  ".join(tail))
            time.sleep(0.02)

    # Using ------------------------------------------------------------------------------------------------------------

    @property
    def certificates(self) -> Path:
        return self.state / "certificates"

    @property
    def gateway_api_key(self) -> str:
        return self._secrets["gateway_api_key"]

    def log_file(self, name: str) -> Path:
        return self.state / "logs" / f"{name}.log"

    @property
    def contracts(self) -> Contracts:
        if self._contracts is None:
            self._contracts = Contracts(self.state / "contracts")
        return self._contracts

    def peer(self, service: str, *, operator: bool = False) -> Peer:
        """A client of one service: as a customer (or nobody), or with the operator's certificate."""
        return Peer(self.contracts, f"127.0.0.1:{self.ports.grpc[service]}", self.certificates, "operator" if operator else None)

    def peer_as(self, service: str, certificate: str) -> Peer:
        """A client with the certificate of another service."""
        return Peer(self.contracts, f"127.0.0.1:{self.ports.grpc[service]}", self.certificates, certificate)

    def check_alive(self) -> None:
        """Everything that was started still runs, the databases too."""
        stores = {"Postgres": (self.postgres.process, self.postgres.log), "Redis": (self.redis.process, self.redis.log)}
        services = {name: (process, self.log_file(name)) for name, process in self.processes.items()}
        for name, (process, log) in {**stores, **services}.items():
            if process and process.poll() is not None:
                code = process.returncode
                raise Failure(f"{name} ended {f'by signal {-code}' if code < 0 else f'with code {code}'}; its log is {log}")

    def query(self, sql: str) -> list[list[str]]:
        """Reads the database as its superuser, for the books."""
        return [line.split("|") for line in self.postgres.psql(sql, database="perennial").splitlines()]

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    def restart(self, name: str) -> None:
        if name == "gateway":
            self.start_simulator()
        else:
            self.start_services([name])

    # Stopping ---------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stops everything, whatever state it is in. Safe to call twice."""
        for port in self.ports.grpc.values():
            Peer.disconnect(f"127.0.0.1:{port}")
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 30
        for process in self.processes.values():
            self._end(process, lambda process=process: process.wait(max(0.1, deadline - time.monotonic())))
        for store in (self.redis, self.postgres):
            self._end(store.process, store.stop)

    @staticmethod
    def _end(process: subprocess.Popen | None, stop: Callable[[], object]) -> None:
        """One that does not stop must not keep the next ones running."""
        try:
            stop()
        except (subprocess.TimeoutExpired, OSError):
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
