"""deploy/run's second half: starts the suite, plays the journey, keeps it up, stops it."""

import argparse
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from suite.failure import Failure  # noqa: E402
from suite.layout import ROOT, SERVICES, Ports, default_state_folder  # noqa: E402
from suite.suite import Suite  # noqa: E402

ENDS = (signal.SIGTERM, signal.SIGHUP)  # besides Ctrl-C: all stop everything in order


def say(line: str = "") -> None:
    print(line, flush=True)


def show_where(suite: Suite) -> None:
    ports: Ports = suite.ports
    say("\nPerennial is up. Everything listens on 127.0.0.1 only.\n")
    say(f"  {'service':<16} {'gRPC (TLS)':<12} metrics")
    for service in SERVICES:
        say(f"  {service:<16} {ports.grpc[service]:<12} http://127.0.0.1:{ports.metrics[service]}/metrics")
    say(f"\n  gateway simulator http://127.0.0.1:{ports.gateway}   logs {suite.state / 'logs'}")
    say("\nCall it (buf: npm install @bufbuild/buf):")
    say(f"  buf curl --protocol grpc --cacert {suite.certificates / 'authority.crt'} \\")
    say(f"    https://localhost:{ports.grpc['subscription']}/perennial.subscription.v1.CatalogueService/ListPlans")
    say("\nCtrl-C stops everything and keeps its state.")


def wait_until_stopped(suite: Suite) -> None:
    """Sleeps until a signal, or until something that should run has ended."""
    # An exception raised by a signal in the middle of Popen.poll leaves its lock taken, and wait then waits for ever.
    ended = threading.Event()
    for end in (*ENDS, signal.SIGINT):
        if signal.getsignal(end) != signal.SIG_IGN:
            signal.signal(end, lambda signum, frame: ended.set())
    show_where(suite)
    while not ended.wait(0.5):
        suite.check_alive()
    say("\n· stopping")


def play(suite: Suite, begun: float) -> bool:
    from suite.journey import Journey

    ok = Journey(suite, ROOT / "deploy/journey.yaml", say).play()
    if not ok:
        # A dead database explains more than what the customer saw of it; its connections die a moment before it does.
        time.sleep(0.5)
        suite.check_alive()
    say(f"\nThe journey {'held' if ok else 'FAILED'}; {time.monotonic() - begun:.0f} s since the build was ready.")
    return ok


def content_of(state: Path) -> list[Path]:
    """What lies in the state folder, but for the lock: who holds it keeps it."""
    content = [path for path in state.iterdir() if path.name != "lock"] if state.exists() else []
    if content and not (state / "secrets.json").exists():
        raise Failure(f"{state} is not a state folder of Perennial; not touched")
    return content


def main(given: list[str], ports: Ports | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--reset", action="store_true")
    parser.add_argument("--no-journey", action="store_true")
    arguments = parser.parse_args(given)
    state = default_state_folder()
    suite = Suite(state, arguments.build, ports, report=lambda line: say(f"  {line}"))

    def stop(signum, frame):
        raise KeyboardInterrupt

    for end in ENDS:
        if signal.getsignal(end) != signal.SIG_IGN:  # nohup
            signal.signal(end, stop)
    begun = time.monotonic()
    ok = True
    try:
        doomed = content_of(state) if arguments.reset else []
        suite.claim()
        for path in doomed:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        say(f"· starting (state in {state})")
        suite.start()
        if not arguments.no_journey:
            ok = play(suite, begun)
        if not arguments.once:
            wait_until_stopped(suite)
    except KeyboardInterrupt:
        say("\n· stopping")
    except Failure as failure:
        print(f"run: {failure}", file=sys.stderr, flush=True)
        ok = False
    except OSError as error:
        print(f"run: {error.strerror or error}: {error.filename or ''}", file=sys.stderr, flush=True)
        ok = False
    finally:
        # A second Ctrl-C must not leave half of it running.
        for end in (*ENDS, signal.SIGINT):
            signal.signal(end, signal.SIG_IGN)
        suite.stop()
    return 0 if ok else 1


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(sys.argv[1:]))
