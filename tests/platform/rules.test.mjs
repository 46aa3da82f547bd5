// Prometheus' configuration and rules are valid, every alert is tested, has a runbook, and reads metrics that exist.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { listedFamilies } from "./checks/metrics.mjs";
import { metricsIn } from "./checks/promql.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = `${root}deploy/prometheus`;
const rules = parse(readFileSync(`${folder}/rules.yml`, "utf8"));
const tests = parse(readFileSync(`${folder}/rules_test.yml`, "utf8"));
const allRules = (from) => from.groups.flatMap((group) => group.rules);
const alerts = allRules(rules).filter(({ alert }) => alert);

function promtool(where, ...given) {
  const { status, stdout, stderr, error } = spawnSync("promtool", given, { cwd: where, encoding: "utf8" });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

// promtool's answer to these rules, and to the tests that go with them.
function withRules(changedRules, tests, ...given) {
  const copy = mkdtempSync(join(tmpdir(), "perennial-rules."));
  writeFileSync(join(copy, "rules.yml"), stringify(changedRules));
  writeFileSync(join(copy, "rules_test.yml"), stringify(tests));
  const answer = promtool(copy, ...given);
  rmSync(copy, { recursive: true });
  return answer;
}

// Do the tests of an alert fail when its expression is another? Only they run, and only what it needs: it is quicker.
function isNoticed(alert, expr) {
  const changed = structuredClone(rules);
  for (const group of changed.groups) {
    group.rules = group.rules.filter((rule) => rule.alert === alert || (rule.record && isBuiltOn(alert, rule.record)));
    for (const rule of group.rules) if (rule.alert === alert) rule.expr = expr;
  }
  const own = tests.tests.flatMap((each) => {
    const about = each.alert_rule_test.filter(({ alertname }) => alertname === alert);
    return about.length > 0 ? [{ ...each, alert_rule_test: about }] : [];
  });
  return withRules(changed, { ...tests, tests: own }, "test", "rules", "rules_test.yml").status !== 0;
}

const isBuiltOn = (alert, record) => alerts.find((each) => each.alert === alert).expr.includes(record);

test("promtool accepts the configuration and the rules", () => {
  const config = promtool(folder, "check", "config", "--lint=all", "--lint-fatal", "prometheus.yml");
  assert.equal(config.status, 0, config.output);
  const lint = promtool(folder, "check", "rules", "--lint=all", "--lint-fatal", "rules.yml");
  assert.equal(lint.status, 0, lint.output);
});

test("promtool refuses rules that are none, or doubled", () => {
  const check = (changed) =>
    withRules(changed, tests, "check", "rules", "--lint=all", "--lint-fatal", "rules.yml").status;
  const broken = structuredClone(rules);
  broken.groups[0].rules[0].expr += ")";
  assert.notEqual(check(broken), 0);
  const doubled = structuredClone(rules);
  doubled.groups[0].rules.push(doubled.groups[0].rules[0]);
  assert.notEqual(check(doubled), 0);
});

test("the rules do what rules_test.yml says", () => {
  const { status, output } = promtool(folder, "test", "rules", "rules_test.yml");
  assert.equal(status, 0, output);
});

for (const { alert, expr, labels, annotations } of alerts) {
  test(`${alert} is tested: rules_test.yml notices when it can no longer fire, or fires at once`, () => {
    assert.ok(!isNoticed(alert, expr), "its tests fail as it is");
    assert.ok(isNoticed(alert, "vector(0) > 1"), "no test fails without it");
    assert.ok(isNoticed(alert, "vector(1)"), "no test fails when it always fires");
  });

  test(`${alert} has a severity and a runbook`, () => {
    assert.match(labels.severity, /^(page|ticket)$/);
    assert.ok(annotations.summary && annotations.description);
    assert.ok(annotations.runbook_url.endsWith(`/runbooks/${alert}`));
    const runbook = readFileSync(`${root}docs/runbooks/${alert}.md`, "utf8");
    for (const part of [`# ${alert}\n`, "\n## Meaning\n", "\n## Look\n", "\n## Do\n"]) {
      assert.ok(runbook.includes(part), `no "${part.trim()}" in docs/runbooks/${alert}.md`);
    }
  });
}

test("every runbook is an alert's", () => {
  const names = readdirSync(`${root}docs/runbooks`).filter((name) => name !== "README.md");
  for (const name of names) assert.ok(alerts.some(({ alert }) => `${alert}.md` === name), `${name}: no such alert`);
  assert.ok(existsSync(`${root}docs/runbooks/README.md`));
});

test("the rules read only metrics that the services have", () => {
  const known = [...listedFamilies().map(({ name }) => name), "up"];
  for (const { expr, alert, record } of allRules(rules)) {
    const { names, isBroken } = metricsIn(expr);
    assert.equal(isBroken, false, expr);
    for (const name of names) assert.ok(known.includes(name), `${alert ?? record}: no service has ${name}`);
  }
});
