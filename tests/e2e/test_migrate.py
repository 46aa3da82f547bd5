"""deploy/migrate on a Postgres of its own: what it waits for, what it insists on, what it says."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import ROOT
from suite.layout import SERVICES, Ports
from suite.stores import Postgres


@pytest.fixture
def postgres():
    folder = Path(tempfile.mkdtemp(prefix="perennial-migrate-"))
    os.chmod(folder, 0o755)  # Postgres runs as another user
    made = Postgres(folder / "postgres", Ports.free().postgres, durable=False)
    yield made
    made.stop()
    shutil.rmtree(folder)


def url(postgres: Postgres) -> str:
    return postgres.url("billing_owner", "owner")


def start(url: str, wait_seconds: int) -> subprocess.Popen:
    return subprocess.Popen([ROOT / "deploy/migrate", "billing"], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, env={**os.environ, "DATABASE_URL": url, "WAIT_SECONDS": str(wait_seconds)})


def test_a_database_that_comes_up_later_is_awaited_and_what_was_applied_is_said(postgres):
    migration = start(url(postgres), 60)
    postgres.start()
    postgres.create_database(dict.fromkeys([*SERVICES, *(f"{s}_owner" for s in SERVICES)], "owner"))
    output = migration.communicate(timeout=60)[0]
    assert (migration.returncode, "Applied: 20261123000000_requests_and_events.sql" in output) == (0, True), output

    plain = start(url(postgres).removesuffix("?sslmode=disable"), 5)
    output = plain.communicate(timeout=60)[0]
    assert (plain.returncode, "SSL is not enabled on the server" in output) == (1, True), output


def test_a_database_that_does_not_come_up_is_said(postgres):
    migration = start(url(postgres), 1)
    output = migration.communicate(timeout=60)[0]
    assert migration.returncode == 1
    assert output.endswith("migrate billing: the database cannot be reached\n"), output
