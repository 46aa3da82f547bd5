// The Grafana dashboard: what can be seen in its file, and whether every query has data in a Prometheus.
import { readFileSync } from "node:fs";
import { metricsIn } from "./promql.mjs";

const root = new URL("../../../", import.meta.url);

export function readDashboard() {
  return JSON.parse(readFileSync(new URL("deploy/grafana/perennial.json", root), "utf8"));
}

// Grafana's variables, filled in as Grafana would with everything chosen.
function filled(expression, dashboard, rateInterval) {
  const values = { __rate_interval: rateInterval };
  for (const { name, allValue } of dashboard.templating.list) values[name] = allValue ?? "";
  return expression.replace(/\$\{?(\w+)\}?/g, (text, name) => values[name] ?? text);
}

export function panelsOf(dashboard) {
  return dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]).filter(({ type }) => type !== "row");
}

// Faults to be seen without a Prometheus. `known`: names of metrics that exist.
export function dashboardFaults(dashboard, known) {
  const faults = [];
  const variables = dashboard.templating.list.map(({ name }) => name);
  for (const name of ["datasource", "job", "instance"]) {
    if (!variables.includes(name)) faults.push(`no variable ${name}`);
  }
  const isPlain = dashboard.uid && !dashboard.id && dashboard.editable === false;
  if (!isPlain) faults.push("must have a uid, no id, editable false");
  const ids = dashboard.panels.map(({ id }) => id);
  if (new Set(ids).size !== ids.length) faults.push("two panels have one id");
  for (const panel of panelsOf(dashboard)) {
    const fault = (what) => faults.push(`${panel.title}: ${what}`);
    if (!panel.title || !panel.description) fault("no title or no description");
    if (!panel.fieldConfig?.defaults?.unit) fault("no unit");
    if (panel.datasource?.uid !== "${datasource}") fault("its data source is fixed");
    if (!panel.targets?.length) fault("asks nothing");
    for (const { expr, legendFormat } of panel.targets ?? []) {
      const { names, isBroken } = metricsIn(filled(expr, dashboard, "1m"));
      if (isBroken) fault(`cannot be parsed: ${expr}`);
      if (/rate\([^[]*\[(?!\$__rate_interval)/.test(expr)) fault(`rate() over a fixed time: ${expr}`);
      if (!legendFormat) fault(`no legend: ${expr}`);
      const chosen = expr.match(/\{job=~"\$job",instance=~"\$instance"/g) ?? [];
      if (chosen.length < names.length) fault(`does not go by the chosen service and instance: ${expr}`);
      for (const name of names) if (!known.includes(name)) fault(`no service has ${name}`);
    }
  }
  return faults;
}

async function ask(prometheus, path, parameters = {}) {
  const response = await fetch(`${prometheus}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const answer = await response.json();
  if (answer.status !== "success") throw new Error(answer.error);
  return answer.data;
}

function seconds(duration) {
  const units = { ms: 0.001, s: 1, m: 60, h: 3600 };
  return [...duration.matchAll(/(\d+)(ms|s|m|h)/g)].reduce((sum, [, n, unit]) => sum + n * units[unit], 0);
}

// Queries of the dashboard without data in the last ten minutes.
export async function missingData(dashboard, prometheus) {
  const { activeTargets } = await ask(prometheus, "targets", { state: "active" });
  if (activeTargets.length === 0) return ["Prometheus scrapes nothing"];
  const interval = Math.max(...activeTargets.map(({ scrapeInterval }) => seconds(scrapeInterval)));
  const now = Date.now() / 1000;
  const range = { start: now - 600, end: now, step: Math.max(1, interval) };
  const faults = [];
  for (const panel of panelsOf(dashboard)) {
    for (const { expr } of panel.targets) {
      // Grafana's $__rate_interval is at least four scrapes.
      const query = filled(expr, dashboard, `${Math.ceil(4 * interval)}s`);
      const failed = (error) => ({ error: error.message });
      const { result = [], error } = await ask(prometheus, "query_range", { query, ...range }).catch(failed);
      const hasData = result.some(({ values }) => values.some(([, value]) => value !== "NaN"));
      if (error) faults.push(`${panel.title}: ${error}`);
      else if (!hasData) faults.push(`${panel.title}: NO DATA for ${query}`);
    }
  }
  return faults;
}
