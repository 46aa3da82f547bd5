// Something for dashboard-check and metrics-check to look at without the services: five servers that expose what
// metrics.txt lists, with counters that rise, and a Prometheus that scrapes them.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { listedFamilies, services } from "./metrics.mjs";

// Labels that queries ask for by value; any other is "some".
const asked = { grpc_code: ["OK", "NotFound", "Internal"], ledger_account: ["revenue"], outcome: ["succeeded"] };

function samples({ type, name, labels }, value) {
  const sets = labels.reduce(
    (all, label) => all.flatMap((set) => (asked[label] ?? ["some"]).map((text) => [...set, `${label}="${text}"`])),
    [[]],
  );
  const sample = (suffix, set, number) => `${name}${suffix}${set.length > 0 ? `{${set.join(",")}}` : ""} ${number}`;
  return sets.flatMap((set) => {
    if (type !== "histogram" && type !== "summary") return [sample("", set, value)];
    const buckets = ["0.1", "1", "+Inf"].map((bound) => sample("_bucket", [...set, `le="${bound}"`], value));
    return [...(type === "histogram" ? buckets : []), sample("_sum", set, value / 10), sample("_count", set, value)];
  });
}

export function exposition(families, value) {
  return families
    .flatMap((family) => [
      `# HELP ${family.name} Stand-in.`,
      `# TYPE ${family.name} ${family.type}`,
      ...samples(family, value),
    ])
    .join("\n")
    .concat("\n");
}

// Calls use({addresses, prometheus}) while all is up. `families` may leave some out.
export async function withStandIn(use, families = listedFamilies()) {
  const start = Date.now();
  const servers = await Promise.all(services.map((service) => new Promise((resolve) => {
    const own = families.filter((family) => family.services.includes(service));
    const server = createServer((_, response) => response.end(exposition(own, 1 + (Date.now() - start) / 100)));
    server.listen(0, "127.0.0.1", () => resolve(server));
  })));
  const addresses = servers.map((server) => `127.0.0.1:${server.address().port}`);
  const prometheus = await startPrometheus(addresses);
  try {
    await use({ addresses, prometheus: prometheus.url });
  } finally {
    await prometheus.stop();
    for (const server of servers) server.closeAllConnections(), server.close();
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function startPrometheus(addresses) {
  const folder = mkdtempSync(join(tmpdir(), "perennial-prometheus."));
  const jobs = services.map((service, index) =>
    `  - {job_name: ${service}, static_configs: [{targets: ["${addresses[index]}"]}]}`);
  const configuration = ["global: {scrape_interval: 1s}", "scrape_configs:", ...jobs].join("\n");
  writeFileSync(join(folder, "prometheus.yml"), configuration);
  const port = await freePort();
  const child = spawn("prometheus", [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`, "--log.level=error"], { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true });
  };
  for (let tries = 0; ; ++tries) {
    const ready = await fetch(`${url}/-/ready`).then(({ ok }) => ok, () => false);
    if (ready) return { url, stop };
    if (tries === 300 || child.exitCode !== null) {
      await stop();
      throw new Error("Prometheus does not start");
    }
    await pause(100);
  }
}
