// Network policies let a service reach another exactly if its settings name it (BILLING_TARGET and so on): a missing
// edge is an outage, one too many is a way in.
import { matches } from "./models.mjs";

const component = "app.kubernetes.io/component";
const service = "app.kubernetes.io/name";

// [{caller, callee}], by the settings.
function wantedEdges({ of, workloads }) {
  const edges = [];
  for (const { pod, labels } of workloads.filter(({ isServer }) => isServer)) {
    const settings = pod.containers[0].envFrom.flatMap(({ configMapRef }) =>
      of("ConfigMap").filter(({ metadata }) => metadata.name === configMapRef?.name));
    for (const { data } of settings) {
      for (const [key, value] of Object.entries(data).filter(([name]) => name.endsWith("_TARGET"))) {
        const [, host, port] = /^dns:\/\/\/([\w-]+):(\d+)$/.exec(value) ?? [];
        const target = of("Service").find(({ metadata }) => metadata.name === host);
        const offered = target?.spec.ports.some((each) => String(each.port) === port);
        const callee = offered ? target.spec.selector[service] : undefined;
        edges.push({ caller: labels[service], callee, key, value });
      }
    }
  }
  return edges;
}

// Does a policy of `direction` on `subject` let `peer` through at `subject`'s or `peer`'s port of calls?
function allows({ of }, direction, subject, peer, callee) {
  const [rules, side] = direction === "Ingress" ? ["ingress", "from"] : ["egress", "to"];
  const number = callee.pod.containers[0].ports.find(({ name }) => name === "grpc").containerPort;
  const isPort = ({ port }) => port === number || (port === "grpc" && direction === "Ingress");
  return of("NetworkPolicy")
    .filter(({ spec }) => spec.policyTypes.includes(direction) && matches(subject.labels, spec.podSelector))
    .flatMap(({ spec }) => spec[rules] ?? [])
    .filter(({ ports }) => !ports || ports.some(isPort))
    .flatMap((rule) => rule[side] ?? [{ podSelector: {} }])
    .filter(({ podSelector, namespaceSelector }) => podSelector && !namespaceSelector)
    .some(({ podSelector }) => matches(peer.labels, podSelector));
}

export function callGraphFaults(view) {
  const wanted = wantedEdges(view);
  const faults = wanted.filter(({ callee }) => !callee).map(({ key, value }) => `${key}: nothing is at ${value}`);
  const servers = view.workloads.filter(({ labels }) => labels[component] === "server");
  for (const caller of servers) {
    for (const callee of servers.filter((each) => each !== caller)) {
      const [from, to] = [caller.labels[service], callee.labels[service]];
      const isWanted = wanted.some((edge) => edge.caller === from && edge.callee === to);
      const out = allows(view, "Egress", caller, callee, callee);
      const into = allows(view, "Ingress", callee, caller, callee);
      if (isWanted && !out) faults.push(`${from} calls ${to}, and no network policy lets it out`);
      if (isWanted && !into) faults.push(`${from} calls ${to}, and no network policy lets it in`);
      if (!isWanted && (out || into)) faults.push(`${from} does not call ${to}, but a network policy lets it`);
    }
  }
  return faults;
}
