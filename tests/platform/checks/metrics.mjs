// The metrics that the services expose, and the list of them, tests/platform/metrics.txt: dashboards, alerts and other
// people's queries hang on names, so a name changes only on purpose.
import { readFileSync, writeFileSync } from "node:fs";

export const services = ["account", "subscription", "billing", "payment_token", "domain_mailbox"];
const list = new URL("../metrics.txt", import.meta.url);
const header = `# The metrics of the five services: who has it (all, or which), type, name, labels.
# tests/platform/metrics-check compares it with running services; --fix writes it.
`;

// [{type, name, labels}] of a text exposition, sorted by name.
export function familiesIn(text) {
  const families = new Map();
  for (const line of text.split("\n")) {
    const [, name, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (name) families.set(name, { type, name, labels: new Set() });
    const [, sample, labels] = /^([a-zA-Z_:][\w:]*)\{(.*)\} /.exec(line) ?? [];
    if (!sample) continue;
    const family = families.get(sample) ?? families.get(sample.replace(/_(bucket|sum|count)$/, ""));
    for (const [, label] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) {
      if (!["le", "quantile"].includes(label)) family.labels.add(label);
    }
  }
  return [...families.values()]
    .map(({ type, name, labels }) => ({ type, name, labels: [...labels].sort() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const textOf = ({ type, name, labels }) => [type, name, ...labels].join(" ");

// {service: families} as the lines of the list.
export function linesOf(families) {
  const owners = new Map();
  for (const service of services) {
    for (const family of families[service] ?? []) {
      owners.set(textOf(family), [...(owners.get(textOf(family)) ?? []), service]);
    }
  }
  const byName = (a, b) => (a.split(" ")[2] < b.split(" ")[2] ? -1 : 1);
  return [...owners]
    .map(([text, who]) => `${who.length === services.length ? "all" : who.join(",")} ${text}`)
    .sort(byName);
}

export function listed() {
  return readFileSync(list, "utf8").split("\n").filter((line) => line && !line.startsWith("#"));
}

export function writeList(lines) {
  writeFileSync(list, `${header}${lines.join("\n")}\n`);
}

// [{services, type, name, labels}] of the list.
export function listedFamilies() {
  return listed().map((line) => {
    const [who, type, name, ...labels] = line.split(" ");
    return { services: who === "all" ? services : who.split(","), type, name, labels };
  });
}

// What is exposed and not listed, or listed and not exposed.
export function differences(lines) {
  const wanted = listed();
  return [
    ...lines.filter((line) => !wanted.includes(line)).map((line) => `not in the list: ${line}`),
    ...wanted.filter((line) => !lines.includes(line)).map((line) => `not exposed: ${line}`),
  ];
}
