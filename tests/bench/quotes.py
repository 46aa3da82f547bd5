"""What an upgrade quote costs beside a one-row read and beside the product that its page shows, of the same customers in the
same run."""

import json
import statistics
import subprocess
from pathlib import Path

from observe import Machine
from stock import Stock
from suite.failure import Failure
from suite.suite import Suite

# One row by its key; a product, which is three statements and a question to payment_token; the quote.
METHODS = {"order": "perennial.subscription.v1.OrderService/GetOrder",
           "product": "perennial.subscription.v1.ProductService/GetProduct",
           "quote": "perennial.subscription.v1.OrderService/CreateQuote"}
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


def requests_file(suite: Suite, name: str, customers: list[dict]) -> Path:
    make = suite.contracts.factory.GetPrototype(suite.contracts.method(METHODS[name]).input_type)
    requests = []
    for customer in customers:
        if name == "quote":
            request = make(parent=customer["account"], currency_code="EUR",
                           upgrade={"product": customer["product"], "plan": "plans/gold"})
        else:
            request = make(name=customer[name])
        requests.append({"token": customer["token"], "request": request.SerializeToString().hex()})
    file = suite.state / f"{name}.json"
    file.write_text(json.dumps(requests))
    return file


def measure_quotes(suite: Suite, stock: Stock, seconds: float) -> dict:
    """`ratio`: how many one-row reads one quote costs, by throughput of 16 callers or by the latency of one, whichever is worse;
    `product_ratio`: the same of products."""
    customers = [stock.customer() for _ in range(CUSTOMERS)]
    files = {name: requests_file(suite, name, customers) for name in METHODS}
    machine = Machine(suite)
    turns, spent = [], {name: [] for name in METHODS}
    for _ in range(TURNS):
        rate, p50_ms = {}, {}
        for name, method in METHODS.items():
            cpu = machine.cpu()
            rate[name] = load(suite, method, 16, seconds / 4, files[name])["rate"]
            cpu = machine.cpu() - cpu
            spent[name].append({process: used / (rate[name] * seconds / 4) * 1e6 for process, used in cpu.items()})
            p50_ms[name] = load(suite, method, 1, seconds / 4, files[name])["p50_ms"]
        turns.append({"calls/s, 16 callers": rate, "p50 ms, 1 caller": p50_ms})

    def ratio(read: str) -> dict[str, float]:
        by_rate = statistics.median(turn["calls/s, 16 callers"][read] / turn["calls/s, 16 callers"]["quote"] for turn in turns)
        by_time = statistics.median(turn["p50 ms, 1 caller"]["quote"] / turn["p50 ms, 1 caller"][read] for turn in turns)
        return {"throughput": round(by_rate, 3), "latency": round(by_time, 3)}

    ratios = {read: ratio(read) for read in ("order", "product")}
    middle = {what: {name: statistics.median(turn[what][name] for turn in turns) for name in METHODS} for what in turns[0]}
    cpu_us = {name: {process: round(statistics.median(each.get(process, 0) for each in seen)) for process in seen[0]}
              for name, seen in spent.items()}
    return {"ratio": max(ratios["order"].values()), "product_ratio": max(ratios["product"].values()), "ratios": ratios,
            "middle": middle, "cpu_us": cpu_us, "turns": turns}


def print_quotes(quotes: dict) -> None:
    print(f"\n{'':<42}" + "".join(f"{name:>12}" for name in METHODS))
    for what, values in quotes["middle"].items():
        print(f"{what:<42}" + "".join(f"{values[name]:>12.2f}" for name in METHODS))
    costs = quotes["cpu_us"]
    for process in sorted(costs["quote"], key=lambda name: -costs["quote"][name]):
        if costs["quote"][process] >= 10:
            print(f"{f'  CPU µs, {process}':<42}" + "".join(f"{costs[name].get(process, 0):>12}" for name in METHODS))
