"""What an upgrade quote costs beside a one-row read, of the same customers in the same run."""

import json
import statistics
import subprocess
from pathlib import Path

from stock import Stock
from suite.failure import Failure
from suite.suite import Suite

READ = "perennial.subscription.v1.ProductService/GetProduct"
QUOTE = "perennial.subscription.v1.OrderService/CreateQuote"
NIL = "00000000-0000-0000-0000-000000000000"
CUSTOMERS = 16
TURNS = 5


def load(suite: Suite, method: str, callers: int, seconds: float, requests: Path) -> dict:
    done = subprocess.run([str(suite.build / "bin/bench_load"), f"localhost:{suite.ports.grpc['subscription']}",
                           str(suite.certificates / "authority.crt"), f"/{method}", str(callers), str(seconds), str(requests)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"bench_load failed: {done.stderr[-400:]}")
    result = json.loads(done.stdout)
    if result["failed"]:
        raise Failure(f"{method}: {result['failed']} calls failed: {result['failure']}")
    return result


def requests_file(suite: Suite, method: str, customers: list[dict]) -> Path:
    make = suite.contracts.factory.GetPrototype(suite.contracts.method(method).input_type)
    requests = []
    for customer in customers:
        if method == READ:
            request = make(name=customer["product"])
        else:
            request = make(parent=customer["account"], currency_code="EUR", request_id=NIL,
                           upgrade={"product": customer["product"], "plan": "plans/gold"})
        requests.append({"token": customer["token"], "request": request.SerializeToString().hex()})
    file = suite.state / f"{method.rsplit('/', 1)[-1]}.json"
    file.write_text(json.dumps(requests))
    return file


def measure_quotes(suite: Suite, stock: Stock, seconds: float) -> dict:
    """`ratio`: how many reads one quote costs, by throughput of 16 callers or by the latency of one, whichever is worse."""
    customers = [stock.customer() for _ in range(CUSTOMERS)]
    files = {method: requests_file(suite, method, customers) for method in (READ, QUOTE)}
    seen = []
    for _ in range(TURNS):
        turn = {}
        for callers in (16, 1):
            for name, method in (("read", READ), ("quote", QUOTE)):
                turn[name, callers] = load(suite, method, callers, seconds / 4, files[method])
        seen.append({"calls/s, 16 callers": {name: turn[name, 16]["rate"] for name in ("read", "quote")},
                     "p50 ms, 1 caller": {name: turn[name, 1]["p50_ms"] for name in ("read", "quote")},
                     "throughput_ratio": turn["read", 16]["rate"] / turn["quote", 16]["rate"],
                     "latency_ratio": turn["quote", 1]["p50_ms"] / turn["read", 1]["p50_ms"]})
    ratios = {key: round(statistics.median(turn[key] for turn in seen), 3) for key in ("throughput_ratio", "latency_ratio")}
    middle = {what: {name: statistics.median(turn[what][name] for turn in seen) for name in ("read", "quote")}
              for what in ("calls/s, 16 callers", "p50 ms, 1 caller")}
    return {"ratio": max(ratios.values()), **ratios, "middle": middle, "turns": seen}
