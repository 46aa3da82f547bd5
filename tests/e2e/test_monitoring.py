"""What SREs get, on the running suite: every panel of the dashboard has data, and the metrics are those that are listed."""

import re
import shutil
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT, Customer
from suite import child
from suite.layout import SERVICES, Ports, is_taken


@pytest.fixture
def prometheus(suite):
    """A real Prometheus with our configuration, but for the ports and a quicker pace."""
    folder = Path(tempfile.mkdtemp(prefix="perennial-prometheus-"))
    config = (ROOT / "deploy/prometheus/prometheus.yml").read_text()
    for i, service in enumerate(SERVICES):
        config = config.replace(f"127.0.0.1:{9101 + i}", f"127.0.0.1:{suite.ports.metrics[service]}")
    config = re.sub(r"(scrape|evaluation)_interval: 5s", r"\1_interval: 1s", config)
    (folder / "prometheus.yml").write_text(config)
    (folder / "rules.yml").write_text((ROOT / "deploy/prometheus/rules.yml").read_text())
    port = Ports.free().gateway
    process = child.start(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                           f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"])
    deadline = time.monotonic() + 30
    while not is_taken(port):
        assert process.poll() is None and time.monotonic() < deadline, "Prometheus does not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()
    shutil.rmtree(folder)


@pytest.fixture
def traffic(suite):
    """Customers who come and buy for as long as the test runs: rates are of the last seconds."""
    done = threading.Event()

    def buy() -> None:
        while not done.is_set():
            customer = Customer(suite)
            customer.add_card()
            customer.commit(customer.quote_plan(customer.create_site(), months=3))

    with ThreadPoolExecutor() as pool:
        buying = pool.submit(buy)
        yield
        done.set()
        buying.result()  # what went wrong there is this test's failure


def live(suite) -> None:
    """A purchase and its renewal."""
    customer = Customer(suite)
    customer.add_card()
    customer.commit(customer.quote_plan(customer.create_site(), months=3))
    operator = suite.peer("subscription", operator=True)
    now = operator.call("perennial.testing.v1.TestClockService/GetClock").time.seconds
    operator.call("perennial.testing.v1.TestClockService/AdvanceClock", target_time={"seconds": now + 85 * 86400}, timeout=58)


def test_every_query_of_the_dashboard_has_data(suite, prometheus, request):
    live(suite)
    request.getfixturevalue("traffic")  # after the clock has jumped, which ends sessions
    done = subprocess.run([ROOT / "tests/platform/dashboard-check", prometheus, "60"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_metrics_are_the_listed_ones(suite):
    addresses = [f"127.0.0.1:{suite.ports.metrics[service]}" for service in SERVICES]
    done = subprocess.run([ROOT / "tests/platform/metrics-check", *addresses], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
