// The dashboard, and the two checks that end-to-end tests run on the live suite: here on a stand-in, and with mistakes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { dashboardFaults, missingData, panelsOf, readDashboard } from "./checks/dashboard.mjs";
import { listedFamilies } from "./checks/metrics.mjs";
import { withStandIn } from "./checks/stand_in.mjs";

const known = listedFamilies().map(({ name }) => name);

// {status, output} of a program beside this file.
function run(program, ...given) {
  const child = spawn(fileURLToPath(new URL(program, import.meta.url)), given, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  child.stderr.on("data", (data) => (output += data));
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, output })));
}

test("the dashboard's file is in order", () => {
  assert.deepEqual(dashboardFaults(readDashboard(), known), []);
});

const first = (dashboard) => panelsOf(dashboard)[0];
function reword(dashboard, from, to) {
  const [target] = first(dashboard).targets;
  assert.ok(target.expr.includes(from));
  target.expr = target.expr.replace(from, to);
}
const mistakes = [
  ["no description", (d) => delete first(d).description, /no description/],
  ["no unit", (d) => delete first(d).fieldConfig.defaults.unit, /no unit/],
  ["a fixed data source", (d) => (first(d).datasource.uid = "abc"), /data source is fixed/],
  ["two panels with one id", (d) => (first(d).id = d.panels[0].id), /one id/],
  ["PromQL that is none", (d) => (first(d).targets[0].expr += ")"), /cannot be parsed/],
  ["a fixed time for rate()", (d) => reword(d, "$__rate_interval", "5m"), /fixed time/],
  ["a query that ignores the chosen service", (d) => (first(d).targets[0].expr = "perennial_ready"), /chosen service/],
  ["a metric that nobody has", (d) => reword(d, "handled", "handeld"), /no service has grpc_server_handeld_total/],
  ["no variable for the service", (d) => d.templating.list.splice(1, 1), /no variable job/],
];

for (const [what, spoil, expected] of mistakes) {
  test(`the dashboard's check sees ${what}`, () => {
    const dashboard = readDashboard();
    spoil(dashboard);
    const found = dashboardFaults(dashboard, known);
    assert.ok(found.some((fault) => expected.test(fault)), `found only: ${found.join("; ") || "nothing"}`);
  });
}

test("dashboard-check and metrics-check pass on a suite that exposes what is listed", async () => {
  await withStandIn(async ({ addresses, prometheus }) => {
    const dashboard = await run("dashboard-check", prometheus, "60");
    assert.equal(dashboard.status, 0, dashboard.output);
    const metrics = await run("metrics-check", ...addresses);
    assert.equal(metrics.status, 0, metrics.output);

    const broken = readDashboard();
    reword(broken, "{", '{grpc_code="Odd",');
    assert.match((await missingData(broken, prometheus)).join(), /^Requests: NO DATA for /);
  });
});

test("dashboard-check and metrics-check fail on a suite without one metric and with another", async () => {
  const families = listedFamilies().map((family) =>
    family.name === "perennial_renewals_due" ? { ...family, name: "perennial_renewals_count" } : family);
  await withStandIn(async ({ addresses, prometheus }) => {
    const end = Date.now() + 60_000;
    const isAllElseThere = (found) => found.length === 1 && found[0].includes("NO DATA");
    while (!isAllElseThere(await missingData(readDashboard(), prometheus)) && Date.now() < end) await pause(200);
    const dashboard = await run("dashboard-check", prometheus, "0");
    assert.equal(dashboard.status, 1);
    assert.match(dashboard.output, /FAULT Renewals: NO DATA for max\(perennial_renewals_due/);
    const metrics = await run("metrics-check", ...addresses);
    assert.equal(metrics.status, 1);
    assert.match(metrics.output, /FAULT not in the list: subscription gauge perennial_renewals_count/);
    assert.match(metrics.output, /FAULT not exposed: subscription gauge perennial_renewals_due/);
    assert.match(metrics.output, /promtool: perennial_renewals_count .*_count/);
  }, families);
});

test("dashboard-check and metrics-check say what is away", async () => {
  const dashboard = await run("dashboard-check", "http://127.0.0.1:1", "0");
  assert.equal(dashboard.status, 1);
  assert.match(dashboard.output, /Prometheus: /);
  const metrics = await run("metrics-check", ...Array(5).fill("127.0.0.1:1"));
  assert.equal(metrics.status, 1);
  assert.match(metrics.output, /account does not answer at http:\/\/127\.0\.0\.1:1\/metrics/);
});
