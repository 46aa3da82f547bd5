"""A private Postgres 15 and Redis 7 on loopback, in a state folder of their own."""

import os
import pwd
import signal
import subprocess
import time
from pathlib import Path

from . import child
from .failure import Failure
from .layout import ROOT, SERVICES

POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")


class Postgres:
    def __init__(self, folder: Path, port: int, durable: bool = True):
        self.folder = folder
        self.data = folder / "data"
        self.port = port
        self.process: subprocess.Popen | None = None
        self.durable = durable  # tests may lose a power cut's worth of data, people may not
        self.log = folder / "postgres.log"
        # Peer authentication: the superuser is called like the OS user that Postgres runs as.
        self.superuser = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def _as_user(self) -> list[str]:
        """Postgres refuses to run as root, and so it should."""
        return ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []

    def _command(self, *args: str) -> list[str]:
        return ["setpriv", *self._as_user(), *args] if os.geteuid() == 0 else list(args)

    def _run(self, what: str, *args: str) -> None:
        done = subprocess.run(self._command(*args), capture_output=True, text=True, cwd="/")
        if done.returncode != 0:
            raise Failure(f"Postgres: {what} failed: {(done.stderr or done.stdout).strip()[-600:]}")

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        if not (self.data / "PG_VERSION").exists():
            self._run("initdb", str(POSTGRES_BIN / "initdb"), "-D", str(self.data), "-U", self.superuser, "-E", "UTF8",
                      "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=scram-sha-256", "--no-sync")
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
                    "max_connections": 200, "shared_buffers": f"{self._buffers_mib()}MB", "fsync": "on" if self.durable else "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        # A change of user clears what child.start asked of the kernel, so setpriv asks again; SIGINT is a fast shutdown.
        with self.log.open("ab") as log:
            self.process = child.start(["setpriv", "--pdeathsig=INT", *self._as_user(), str(POSTGRES_BIN / "postgres"),
                                        "-D", str(self.data), *options], stdout=log, stderr=log, cwd="/")
        deadline = time.monotonic() + 60
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"Postgres does not start: {self.log} ends:\n{self.log.read_text(errors='replace')[-600:]}")
            time.sleep(0.05)

    def _buffers_mib(self) -> int:
        """A quarter of the machine's memory, as Postgres' manual has it, but not more than a million products need; tests run many."""
        memory_mib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
        return min(memory_mib // 4, 1024 if self.durable else 128)

    def _answers(self) -> bool:
        return subprocess.run([str(POSTGRES_BIN / "pg_isready"), "-q", "-h", str(self.folder), "-p", str(self.port)]).returncode == 0

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # fast: does not wait for clients
            self.process.wait(30)

    def crash(self) -> None:
        """All its processes end at once, and nothing is written any more: the next start recovers from the log."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def stop_leftover(self) -> None:
        """Stops a server on our data that a killed suite left behind. Only for who holds the suite's lock."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            is_ours = Path(os.readlink(f"/proc/{pid}/cwd")) == self.data.resolve()  # else the number is somebody else's by now
        except (OSError, ValueError, IndexError):
            return
        if is_ours:
            self._run("stop", str(POSTGRES_BIN / "pg_ctl"), "-D", str(self.data), "-m", "fast", "-w", "stop")

    def psql(self, sql: str = "", database: str = "postgres", file: Path | None = None, **variables: str) -> str:
        """Runs SQL as the superuser, through the socket that only it can use."""
        command = ["psql", "-h", str(self.folder), "-p", str(self.port), "-U", self.superuser, "-d", database, "-qAtX",
                   "-v", "ON_ERROR_STOP=1"]
        for name, value in variables.items():
            command += ["-v", f"{name}={value}"]
        text = file.read_text() if file else sql
        done = subprocess.run(self._command(*command, "-f", "-"), input=text, capture_output=True, text=True, cwd="/")
        if done.returncode != 0:
            raise Failure(f"Postgres: {done.stderr.strip()[-600:]}")
        return done.stdout

    def create_database(self, secrets: dict[str, str]) -> None:
        if self.psql("SELECT 1 FROM pg_database WHERE datname = 'perennial'").strip() != "1":
            self.psql("CREATE DATABASE perennial")
        for service in SERVICES:
            self.psql(file=ROOT / "deploy/roles.sql", database="perennial", service=service,
                      owner_password=secrets[f"{service}_owner"], service_password=secrets[service])

    def url(self, role: str, password: str) -> str:
        return f"postgres://{role}:{password}@127.0.0.1:{self.port}/perennial?sslmode=disable"


class Redis:
    def __init__(self, folder: Path, port: int):
        self.folder = folder
        self.port = port
        self.log = folder / "redis.log"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = child.start(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder), "--appendonly", "yes",
             "--save", "", "--logfile", str(self.log)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while self.run("PING") != "PONG":
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"Redis does not start: see {self.log}")
            time.sleep(0.02)

    def run(self, *command: str) -> str:
        done = subprocess.run(["redis-cli", "-p", str(self.port), *command], capture_output=True, text=True, errors="replace")
        return done.stdout.strip()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"
