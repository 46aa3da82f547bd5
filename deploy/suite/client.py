"""A gRPC client made from the contracts alone, with Debian's grpcio: not the code that the services are built with."""

import importlib
import os
import subprocess
import sys
import uuid
from pathlib import Path

# Starting processes forks, and gRPC's own handling of forks can leave a channel that never connects again.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import grpc  # noqa: E402
from google.protobuf import descriptor_pool, message_factory  # noqa: E402

from .layout import ROOT  # noqa: E402

GOOGLEAPIS = Path("/usr/share/gocode/src/github.com/gogo/googleapis")
GRPC_PROTO = Path("/usr/share/grpc-proto")


class Contracts:
    """The messages and methods of protos/, loaded from a descriptor set that protoc writes."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        protos = sorted(str(p.relative_to(ROOT / "protos")) for p in (ROOT / "protos").rglob("*.proto"))
        out = folder / "contracts.binpb"
        subprocess.run(["protoc", f"-I{ROOT / 'protos'}", f"-I{GOOGLEAPIS}", f"-I{GRPC_PROTO}", "--include_imports",
                        f"--descriptor_set_out={out}", *protos, "google/rpc/status.proto", "google/rpc/error_details.proto",
                        "grpc/health/v1/health.proto"], check=True)
        descriptor_pb2 = importlib.import_module("google.protobuf.descriptor_pb2")
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
        self.pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            self.pool.Add(file)
        self.factory = message_factory.MessageFactory(self.pool)
        self.services = [f"{file.package}.{service.name}" for file in files.file for service in file.service]

    def message(self, full_name: str):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(full_name))

    def method(self, full_method: str):
        service, name = full_method.split("/")
        return self.pool.FindServiceByName(service).methods_by_name[name]

    def methods(self, service: str) -> list[str]:
        return [m.name for m in self.pool.FindServiceByName(service).methods]


class Refused(Exception):
    """A non-OK answer, with what AIP-193 says it carries."""

    def __init__(self, contracts: Contracts, error: grpc.RpcError):
        self.code = error.code()
        self.message = error.details()
        self.reasons: list[str] = []
        self.domains: list[str] = []
        self.fields: list[str] = []
        status = contracts.message("google.rpc.Status")()
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                status.ParseFromString(value)
        for detail in status.details:
            kind = detail.type_url.rsplit("/", 1)[-1]
            parsed = contracts.message(kind).FromString(detail.value)
            if kind == "google.rpc.ErrorInfo":
                self.reasons.append(parsed.reason)
                self.domains.append(parsed.domain)
            if kind == "google.rpc.BadRequest":
                self.fields += [violation.field for violation in parsed.field_violations]
        super().__init__(f"{self.code.name} {'/'.join(self.reasons)}: {self.message}")

    @property
    def reason(self) -> str:
        return self.reasons[0] if len(self.reasons) == 1 else ""


class Peer:
    """One service. Calls are by full method name; requests are keyword arguments of the message."""

    _channels: dict[tuple[str, str | None], grpc.Channel] = {}

    def __init__(self, contracts: Contracts, target: str, certificates: Path, certificate: str | None):
        self.contracts = contracts
        self.token: str | None = None
        key = (target, str(certificates / certificate) if certificate else None)
        if key not in Peer._channels:
            pair = (None, None)
            if certificate:
                pair = ((certificates / f"{certificate}.key").read_bytes(), (certificates / f"{certificate}.crt").read_bytes())
            credentials = grpc.ssl_channel_credentials((certificates / "authority.crt").read_bytes(), *pair)
            Peer._channels[key] = grpc.secure_channel(target, credentials, options=[
                ("grpc.min_reconnect_backoff_ms", 1000), ("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200),
                ("grpc.max_send_message_length", 64 << 20), ("grpc.use_local_subchannel_pool", 1)])
        self.channel = Peer._channels[key]

    @classmethod
    def reconnect(cls, target: str) -> None:
        """Later peers of `target` connect anew: a channel to a process that ended may take its time to notice."""
        for key in [key for key in cls._channels if key[0] == target]:
            del cls._channels[key]

    @classmethod
    def disconnect(cls, target: str) -> None:
        """Closes the channels to `target`. An idle one does not answer a server's farewell, which then waits 20 s for it."""
        for key in [key for key in cls._channels if key[0] == target]:
            cls._channels.pop(key).close()

    def call(self, full_method: str, /, *, timeout: float = 30, **fields):
        method = self.contracts.method(full_method)
        request = self.contracts.factory.GetPrototype(method.input_type)(**fields)
        if "request_id" in method.input_type.fields_by_name and not request.request_id:
            request.request_id = str(uuid.uuid4())
        return self.send(full_method, request.SerializeToString(), timeout=timeout)

    def send(self, full_method: str, request: bytes, *, timeout: float = 30):
        """Sends bytes as they are: also such that are no message."""
        output = self.contracts.factory.GetPrototype(self.contracts.method(full_method).output_type)
        call = self.channel.unary_unary(f"/{full_method}", response_deserializer=output.FromString)
        metadata = [("authorization", f"Bearer {self.token}")] if self.token else []
        try:
            return call(request, timeout=timeout, metadata=metadata)
        except grpc.RpcError as error:
            raise Refused(self.contracts, error) from None

    def is_serving(self) -> bool:
        try:
            return self.call("grpc.health.v1.Health/Check", timeout=1).status == 1
        except Refused:
            return False


if sys.version_info < (3, 11):
    raise SystemExit("Perennial's scripts need Python 3.11, as Debian 12 has it")
