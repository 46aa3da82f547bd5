"""deploy/run's second half and tests/with-stores as a person meets them: what they say, and that nothing survives them."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from conftest import ROOT
from suite.layout import Ports, is_taken

RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from suite.layout import Ports
from suite.run import main
"""
EXIT = "sys.exit(main(sys.argv[3:], Ports(**json.loads(sys.argv[2]))))\n"
AS_NOBODY = "import os; os.setegid(65534); os.seteuid(65534)\n"


class Folder:
    """A state folder with ports of its own, and the runs on it."""

    def __init__(self, state: Path):
        self.state = state
        self.ports = Ports.free()
        self.runs: list[subprocess.Popen] = []

    def start(self, *options: str, as_whom: str = "") -> subprocess.Popen:
        command = [sys.executable, "-c", RUN + as_whom + EXIT, str(ROOT / "deploy"), json.dumps(asdict(self.ports)),
                   "--build", os.environ["PERENNIAL_BUILD"], *options]
        self.runs.append(subprocess.Popen(command, env={**os.environ, "PERENNIAL_STATE": str(self.state)}, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return self.runs[-1]

    def run(self, *options: str, as_whom: str = "") -> tuple[int, str]:
        process = self.start(*options, as_whom=as_whom)
        output = process.communicate(timeout=240)[0]
        return process.returncode, output

    def start_and_wait(self, *options: str) -> subprocess.Popen:
        process = self.start(*options)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Ctrl-C stops"):
                return process
        raise AssertionError("it does not come up")

    def assert_all_is_gone(self) -> None:
        deadline = time.monotonic() + 30  # a process whose parent was killed ends in its own time
        while taken := [what for what, port in self.ports.all().items() if is_taken(port)]:
            assert time.monotonic() < deadline, f"still there: {taken}"
            time.sleep(0.1)

    def postgres_pid(self) -> int:
        return int((self.state / "postgres/data/postmaster.pid").read_text().splitlines()[0])


@pytest.fixture
def folder():
    state = Path(tempfile.mkdtemp(prefix="perennial-run-"))
    os.chmod(state, 0o755)  # Postgres runs as another user
    made = Folder(state)
    yield made
    for process in made.runs:
        process.kill()
        process.wait()
    made.assert_all_is_gone()
    shutil.rmtree(state, ignore_errors=True)


def test_once_plays_the_journey_and_stops_and_reset_begins_anew(folder):
    code, output = folder.run("--once")
    assert (code, "The journey held" in output) == (0, True), output
    folder.assert_all_is_gone()
    secrets = (folder.state / "secrets.json").read_text()
    code, output = folder.run("--once", "--no-journey")
    assert (code, (folder.state / "secrets.json").read_text()) == (0, secrets), output
    code, output = folder.run("--once", "--no-journey", "--reset")
    assert code == 0, output
    assert (folder.state / "secrets.json").read_text() != secrets


def test_reset_leaves_a_folder_alone_that_is_not_ours(folder):
    (folder.state / "thesis.txt").write_text("years of work")
    code, output = folder.run("--once", "--no-journey", "--reset")
    assert (code, "is not a state folder of Perennial; not touched" in output) == (1, True), output
    assert os.listdir(folder.state) == ["thesis.txt"]


def test_a_port_in_use_is_named(folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", folder.ports.redis))
        other.listen()
        code, output = folder.run("--once", "--no-journey")
    assert (code, output) == (1, f"run: ports in use: {folder.ports.redis} (Redis). Is another suite running? "
                                 "Stop it (Ctrl-C where it runs), then try again.\n")


def test_a_missing_right_is_said_in_one_clear_line(folder):
    os.chmod(folder.state, 0o555)
    code, output = folder.run("--no-journey", as_whom=AS_NOBODY if os.geteuid() == 0 else "")
    assert (code, output) == (1, f"run: cannot write to the state folder {folder.state}: set PERENNIAL_STATE to one that you own\n")


def test_a_second_run_leaves_the_first_one_alone(folder):
    first = folder.start_and_wait("--no-journey")
    for options in (["--once"], ["--once", "--reset"]):
        code, output = folder.run(*options)
        assert (code, output) == (1, f"run: another suite runs on {folder.state}. Stop it (Ctrl-C where it runs), then try again.\n")
    assert first.poll() is None and is_taken(folder.ports.postgres) and is_taken(folder.ports.grpc["billing"])
    first.terminate()
    assert first.wait(60) == 0


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_order(folder, end):
    process = folder.start_and_wait("--no-journey")
    process.send_signal(end)
    assert process.wait(60) == 0
    assert not [what for what, port in folder.ports.all().items() if is_taken(port)]


def test_nothing_survives_a_killed_run_and_the_next_one_starts(folder):
    folder.start_and_wait("--no-journey").kill()
    folder.assert_all_is_gone()
    code, output = folder.run("--once", "--no-journey")
    assert code == 0, output


def test_a_dead_database_is_said_in_one_clear_line(folder):
    process = folder.start_and_wait("--no-journey")
    os.kill(folder.postgres_pid(), signal.SIGKILL)
    output = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 1
    assert output[-1] == f"run: Postgres ended by signal 9; its log is {folder.state}/postgres/postgres.log"


def test_a_database_that_dies_during_the_journey_is_what_the_journey_says(folder):
    process = folder.start("--once")
    assert process.stdout is not None
    for line in process.stdout:
        if "registered" in line:
            os.kill(folder.postgres_pid(), signal.SIGKILL)
            break
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 1
    assert "Traceback" not in output and "run: Postgres ended by signal 9" in output, output


# tests/with-stores ----------------------------------------------------------------------------------------------------

def alive(pids: list[int]) -> list[int]:
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                found.append(pid)
    return found


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_stores_of_a_stopped_test_run_are_gone(end):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PERENNIAL_TEST_")}
    command = "redis-cli -u $PERENNIAL_TEST_REDIS_URL info server; psql $PERENNIAL_TEST_DATABASE_URL -AtX -c 'SHOW data_directory'; echo up; exec sleep 60"
    process = subprocess.Popen([ROOT / "tests/with-stores", "sh", "-c", command], env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if lines[-1] == "up":
            break
    data = Path(lines[-2])
    pids = [int(next(line for line in lines if line.startswith("process_id:")).split(":")[1]),
            int((data / "postmaster.pid").read_text().splitlines()[0])]
    assert alive(pids) == pids
    process.send_signal(end)
    process.wait(30)
    deadline = time.monotonic() + 15
    while alive(pids):
        assert time.monotonic() < deadline, "the stores survive"
        time.sleep(0.05)
    assert end == signal.SIGKILL or not data.exists()
    shutil.rmtree(data.parent, ignore_errors=True)


# deploy/build ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("where", ["a terminal", "a pipe"])
@pytest.mark.parametrize("code", [0, 1])
def test_a_failed_build_is_seen_on(tmp_path, where, code):
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy/build", tmp_path / "deploy/build")
    fake = tmp_path / "cmake"
    fake.write_text(f'#!/bin/sh\ncase $1 in --build) echo "  [1/2, 0 s] a.cc"; echo "a.cc:1: error: no" >&2; exit {code};; esac\n')
    fake.chmod(0o755)
    build = f"{tmp_path}/deploy/build release suite"
    command = ["script", "-qec", build, "/dev/null"] if where == "a terminal" else build.split()
    done = subprocess.run(command, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert (done.returncode, "a.cc:1: error: no" in done.stdout) == (code, code == 1), done.stdout
