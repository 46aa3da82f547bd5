// Both overlays hold together; and each rule is shown a mistake that it must see.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { unknownFields } from "./checks/fields.mjs";
import { build, faults, placeholders } from "./checks/manifests.mjs";
import { policyFaults } from "./checks/policy.mjs";
import { invalidValues } from "./checks/values.mjs";

const bin = process.env.PERENNIAL_BIN ?? fileURLToPath(new URL("../../build/dev/bin", import.meta.url));
const prod = build("prod");

for (const overlay of ["dev", "prod"]) {
  test(`the ${overlay} overlay has valid values, known fields only, and keeps the policy`, async () => {
    assert.deepEqual(await faults(build(overlay), { prod: overlay === "prod" }), []);
  });
}

test("prod is pinned by digest, and says so as long as the digests are placeholders", (context) => {
  const waiting = placeholders(prod);
  if (waiting.length > 0) context.diagnostic(`${waiting.length} images wait for the release pipeline's digests`);
  for (const image of waiting) assert.match(image, /^registry\.invalid\//);
});

test("dev asks for domain_mailbox's simulated back ends, and prod never does: nothing would be registered", () => {
  const asks = (resources) => resources.some(({ data }) => data?.BACK_ENDS !== undefined);
  assert.ok(asks(build("dev")));
  assert.ok(!asks(prod));
});

test("prod leaves open who sells and where customers land, and does not start with any of it left open", () => {
  const said = (resources) => Object.assign({}, ...resources.filter(({ kind }) => kind === "ConfigMap").map(({ data }) => data));
  const dev = said(build("dev"));
  const open = said(prod);
  // The service itself, with a setting as given: all that it misses, in one message.
  const mistakes = (service, settings) => {
    const { status, stderr } = spawnSync(join(bin, `perennial-${service}`), { env: { ...settings, TIME: "system" }, encoding: "utf8" });
    assert.equal(status, 2, stderr);
    return stderr;
  };
  for (const [service, keys] of Object.entries({
    billing: ["SELLER_NAME", "SELLER_ADDRESS", "SELLER_COUNTRY", "SELLER_TAX_ID"], "payment-token": ["PAYMENT_RETURN_URL"],
  })) {
    const good = Object.fromEntries(keys.map((key) => [key, dev[key]]));
    for (const key of keys) {
      assert.ok(key in open, key);
      assert.ok(!mistakes(service, good).includes(key), `${key} of dev`);
      assert.ok(mistakes(service, { ...good, [key]: open[key] }).includes(key), `${key} of prod`);
    }
  }
});

test("dev has the test clock, which lets its gateway be spoken to in the clear; prod has the system's and https", () => {
  const times = (resources) => resources.flatMap(({ kind, data }) => (kind === "ConfigMap" && data.TIME ? [data.TIME] : []));
  assert.deepEqual(times(build("dev")), Array(5).fill("test"));
  assert.deepEqual(times(prod), Array(5).fill("system"));
});

test("certificates carry the names by which the edge calls from its own namespace", () => {
  for (const resources of [build("dev"), prod]) {
    const certificates = resources.filter(({ kind, metadata }) => kind === "Certificate" && metadata.name !== "perennial-ca");
    assert.equal(certificates.length, 5);
    for (const { metadata: { name, namespace }, spec } of certificates) {
      assert.deepEqual(spec.dnsNames, [name, `${name}.${namespace}.svc`]);
    }
  }
});

test("k8s/README.md's command sets the release everywhere", () => {
  const readme = readFileSync(new URL("../../k8s/README.md", import.meta.url), "utf8");
  const command = /^sed -i '(.*)' kustomization.yaml/m.exec(readme)[1].replace("RELEASE", "v7");
  const copy = mkdtempSync(join(tmpdir(), "perennial-k8s-"));
  try {
    for (const folder of ["k8s", "deploy/grafana"]) {
      cpSync(fileURLToPath(new URL(`../../${folder}`, import.meta.url)), join(copy, folder), { recursive: true });
    }
    assert.equal(spawnSync("sed", ["-i", command, join(copy, "k8s/overlays/prod/kustomization.yaml")]).status, 0);
    const released = build("prod", copy);
    for (const { metadata } of released.filter(({ kind }) => kind === "Job")) assert.match(metadata.name, /-v7$/);
    assert.ok(!JSON.stringify(released).includes("unreleased"));
  } finally {
    rmSync(copy, { recursive: true });
  }
});

test("the rules in k8s/ are those of deploy/prometheus", () => {
  const generate = fileURLToPath(new URL("./generate", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [generate, "--check"], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

// A copy of prod with a mistake in one resource.
function spoilt(kind, name, spoil) {
  const resources = structuredClone(prod);
  const chosen = resources.find((each) => each.kind === kind && each.metadata.name.startsWith(name));
  assert.ok(chosen, `${kind}/${name} is not in the build`);
  spoil(chosen, resources);
  return resources;
}

const pod = ({ spec }) => spec.template.spec;
const server = (deployment) => pod(deployment).containers[0];
const without = (kind, name) => (_, all) =>
  all.splice(all.findIndex((each) => each.kind === kind && each.metadata.name.startsWith(name)), 1);

const mistakes = [
  ["root", "Deployment", "perennial-billing", (d) => delete pod(d).securityContext.runAsNonRoot, /runAsNonRoot/],
  ["user 0", "Deployment", "perennial-billing", (d) => (pod(d).securityContext.runAsUser = 0), /runAsUser/],
  ["privileges", "Job", "perennial-migrate-billing", (d) => (server(d).securityContext = {}), /allowPrivilegeEscal/],
  ["capabilities", "Deployment", "perennial-billing", (d) => (server(d).securityContext.capabilities.add = ["NET_RAW"]),
    /capabilities are added/],
  ["a writable root", "Deployment", "perennial-billing",
    (d) => (server(d).securityContext.readOnlyRootFilesystem = false), /readOnlyRootFilesystem/],
  ["seccomp", "Deployment", "perennial-billing", (d) => delete pod(d).securityContext.seccompProfile, /seccomp/],
  ["a token", "Deployment", "perennial-billing", (d) => delete pod(d).automountServiceAccountToken, /automount/],
  ["the host's network", "Deployment", "perennial-billing", (d) => (pod(d).hostNetwork = true), /of the host/],
  ["a tag", "Deployment", "perennial-billing", (d) => (server(d).image = "perennial/billing:latest"), /by digest/],
  ["no memory limit", "Deployment", "perennial-billing", (d) => delete server(d).resources.limits, /memory limit/],
  ["a CPU limit", "Deployment", "perennial-billing", (d) => (server(d).resources.limits.cpu = "1"), /throttles/],
  ["no requests", "Deployment", "perennial-billing", (d) => delete server(d).resources.requests, /no requests/],
  ["a secret in clear", "Deployment", "perennial-billing",
    (d) => (server(d).env = [{ name: "SECRET_KEY", value: "0" }]), /in clear/],
  ["a secret nobody makes", "ExternalSecret", "perennial-billing", without("ExternalSecret", "perennial-billing"),
    /no secret perennial-billing/],
  ["a certificate nobody makes", "Certificate", "perennial-billing", without("Certificate", "perennial-billing"),
    /no secret perennial-billing-tls/],
  ["settings nobody makes", "ConfigMap", "perennial-billing", without("ConfigMap", "perennial-billing"),
    /no configMap perennial-billing/],
  ["an unknown service account", "Deployment", "perennial-billing", (d) => (pod(d).serviceAccountName = "x"),
    /no serviceAccount x/],
  ["a volume that is not there", "Deployment", "perennial-billing", (d) => (pod(d).volumes = []), /no volume tls/],
  ["a job without end", "Job", "perennial-migrate-billing", (j) => delete j.spec.activeDeadlineSeconds, /activeDeadl/],
  ["a job of no release", "Job", "perennial-migrate-billing", (j) => (j.metadata.name = "perennial-migrate-billing"),
    /does not end with its release/],
  ["liveness that sees the database", "Deployment", "perennial-billing",
    (d) => (server(d).livenessProbe.grpc.service = "readiness"), /livenessProbe does not/],
  ["no readiness", "Deployment", "perennial-billing", (d) => delete server(d).readinessProbe, /readinessProbe/],
  ["no startup probe", "Deployment", "perennial-billing", (d) => delete server(d).startupProbe, /startupProbe/],
  ["a probe at the TLS port", "Deployment", "perennial-billing",
    (d) => (server(d).livenessProbe.grpc.port = 7100), /asks port 7100/],
  ["no pause before the end", "Deployment", "perennial-billing", (d) => delete server(d).lifecycle, /preStop/],
  ["no time to drain", "Deployment", "perennial-billing", (d) => (pod(d).terminationGracePeriodSeconds = 30),
    /before it has drained/],
  ["no disruption budget", "PodDisruptionBudget", "perennial-billing", without("PodDisruptionBudget", "perennial-bil"),
    /PodDisruptionBudget/],
  ["one replica", "Deployment", "perennial-billing", (d) => (d.spec.replicas = 1), /fewer than 2/],
  ["no spread", "Deployment", "perennial-billing", (d) => delete pod(d).topologySpreadConstraints, /topologySpread/],
  ["a service that selects nothing", "Service", "perennial-billing", (s) => (s.spec.selector = { x: "y" }),
    /selects 0 workloads/],
  ["a service in front of all", "Service", "perennial-billing",
    (s) => delete s.spec.selector["app.kubernetes.io/name"], /selects 5 workloads/],
  ["a port that is not there", "Service", "perennial-billing", (s) => (s.spec.ports[0].targetPort = "http"),
    /not a port/],
  ["another port than the pod's", "Service", "perennial-billing", (s) => (s.spec.ports[0].port = 7103), /ports differ/],
  ["a cluster address", "Service", "perennial-billing", (s) => delete s.spec.clusterIP, /not headless/],
  ["nothing scraped", "PodMonitor", "perennial", (m) => (m.spec.selector.matchLabels = { x: "y" }), /selects no pods/],
  ["a port that nobody has", "PodMonitor", "perennial", (m) => (m.spec.podMetricsEndpoints[0].port = "x"), /no port x/],
  ["a lax namespace", "Namespace", "perennial", (n) => (n.metadata.labels = {}), /enforce restricted/],
  ["an open network", "NetworkPolicy", "perennial-deny-all", without("NetworkPolicy", "perennial-deny-all"),
    /none denies/],
  ["a call that cannot get out", "NetworkPolicy", "perennial-subscription", (p) => p.spec.egress[0].to.pop(),
    /subscription calls domain_mailbox, .* lets it out/],
  ["a call that cannot get in", "NetworkPolicy", "perennial-billing", (p) => (p.spec.ingress = []),
    /subscription calls billing, .* lets it in/],
  ["a call that nobody should make", "NetworkPolicy", "perennial-payment-token",
    (p) => p.spec.ingress[0].from.push({ podSelector: {} }), /domain_mailbox does not call payment_token, but/],
  ["a target that is not there", "ConfigMap", "perennial-subscription",
    (c) => (c.data.BILLING_TARGET = "dns:///billing:7100"), /BILLING_TARGET: nothing is at/],
];

for (const [what, kind, name, spoil, expected] of mistakes) {
  test(`the policy sees ${what}`, () => {
    const found = policyFaults(spoilt(kind, name, spoil), { prod: true });
    assert.ok(found.some((fault) => expected.test(fault)), `found only: ${found.join("; ") || "nothing"}`);
  });
}

test("the schemas see a wrong value", async () => {
  const [found] = await invalidValues(spoilt("Deployment", "perennial-billing", (d) => (d.spec.replicas = "three")));
  assert.match(found, /^Deployment\/perennial-billing: .*replicas/);
});

test("the types see misspelt fields, also of the operators' resources and deep inside", () => {
  const resources = spoilt("Deployment", "perennial-billing", (deployment, all) => {
    deployment.spec.replicaz = 3;
    const find = (kind, name = "") => all.find((each) => each.kind === kind && each.metadata.name.startsWith(name));
    server(find("Deployment", "perennial-account")).readinessProbe.grpc.servicename = "readiness";
    find("Certificate").spec.uriSans = [];
    find("PodMonitor").spec.podMetricsEndpoints[0].intervall = "15s";
    find("ExternalSecret").spec.refresh = "1h";
  });
  const found = unknownFields(resources).join("\n");
  for (const field of ["replicaz", "servicename", "uriSans", "intervall", '"refresh"']) {
    assert.match(found, new RegExp(field));
  }
});
