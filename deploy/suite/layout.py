"""What is where: services, ports, folders."""

import os
import socket
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("account", "subscription", "billing", "payment_token", "domain_mailbox")
# A second process of each: nobody calls it, it works on what is due beside the first.
TWINS = tuple(f"{service}.2" for service in SERVICES)


def service_of(name: str) -> str:
    return name.split(".")[0]


def default_state_folder() -> Path:
    """Root's state must be readable by the postgres user, so it is not under /root."""
    if os.environ.get("PERENNIAL_STATE"):
        return Path(os.environ["PERENNIAL_STATE"]).resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/perennial")
    return Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local/state")) / "perennial"


@dataclass
class Ports:
    """Loopback ports. The defaults are those of the documentation."""

    postgres: int = 7132
    redis: int = 7179
    gateway: int = 7190
    grpc: dict[str, int] = field(default_factory=lambda: {s: 7101 + i for i, s in enumerate(SERVICES)})
    metrics: dict[str, int] = field(default_factory=lambda: {s: 9101 + i for i, s in enumerate(SERVICES)})

    def all(self) -> dict[str, int]:
        named = {"Postgres": self.postgres, "Redis": self.redis, "gateway simulator": self.gateway}
        named.update({f"{s} gRPC": p for s, p in self.grpc.items()})
        named.update({f"{s} metrics": p for s, p in self.metrics.items()})
        return named

    @staticmethod
    def free(names: tuple[str, ...] = SERVICES) -> "Ports":
        """Ports nobody uses now, for tests that run beside each other."""
        sockets = [socket.socket() for _ in range(3 + 2 * len(names))]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        numbers = [s.getsockname()[1] for s in sockets]
        for s in sockets:
            s.close()
        count = len(names)
        return Ports(*numbers[:3], dict(zip(names, numbers[3 : 3 + count])), dict(zip(names, numbers[3 + count :])))


def is_taken(port: int) -> bool:
    with socket.socket() as s:
        s.settimeout(0.3)
        return s.connect_ex(("127.0.0.1", port)) == 0
