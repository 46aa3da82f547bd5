// What no schema can see: how resources hang together, and what we ask of every workload.
import { callGraphFaults } from "./call_graph.mjs";
import { matches, nameOf } from "./models.mjs";

const workloadKinds = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];

// What the rules look at: resources by kind, and pods with their workload.
export function viewOf(resources) {
  const of = (kind) => resources.filter((resource) => resource.kind === kind);
  const workloads = workloadKinds.flatMap(of).map((workload) => {
    const template = workload.kind === "CronJob" ? workload.spec.jobTemplate.spec.template : workload.spec.template;
    const pod = template.spec;
    return {
      workload,
      pod,
      labels: template.metadata.labels ?? {},
      containers: [...(pod.initContainers ?? []), ...pod.containers],
      isServer: template.metadata.labels?.["app.kubernetes.io/component"] === "server",
    };
  });
  return { of, workloads, resources };
}

export function policyFaults(resources, { prod }) {
  const view = viewOf(resources);
  const faults = [];
  const each = (list, rule) =>
    list.forEach((item) => rule(item, (what) => faults.push(`${nameOf(item.workload ?? item)}: ${what}`), view, prod));
  each(view.workloads, restricted);
  each(view.workloads, resourcesAndImages);
  each(view.workloads, references);
  each(view.workloads.filter(({ workload }) => workload.kind === "Job"), jobs);
  each(view.workloads.filter(({ isServer }) => isServer), servers);
  each(view.of("Service"), services);
  each(view.of("PodMonitor"), monitors);
  each(view.of("Namespace"), namespaces);
  faults.push(...denyAll(view), ...callGraphFaults(view));
  return faults;
}

// Pod Security Standards, level restricted, and a read-only root on top.
function restricted({ pod, containers }, fault) {
  const shared = pod.securityContext ?? {};
  if (pod.automountServiceAccountToken !== false) fault("automountServiceAccountToken is not false");
  if (pod.hostNetwork || pod.hostPID || pod.hostIPC) fault("uses a namespace of the host");
  for (const volume of pod.volumes ?? []) if (volume.hostPath) fault(`volume ${volume.name} is of the host`);
  for (const { name, securityContext: own = {} } of containers) {
    if ((own.runAsNonRoot ?? shared.runAsNonRoot) !== true) fault(`${name}: runAsNonRoot is not true`);
    if ((own.runAsUser ?? shared.runAsUser ?? 0) === 0) fault(`${name}: runAsUser is 0 or the image's choice`);
    if (own.privileged) fault(`${name}: privileged`);
    if (own.allowPrivilegeEscalation !== false) fault(`${name}: allowPrivilegeEscalation is not false`);
    if (!own.capabilities?.drop?.includes("ALL")) fault(`${name}: capabilities are not dropped`);
    if (own.capabilities?.add) fault(`${name}: capabilities are added`);
    const seccomp = own.seccompProfile?.type ?? shared.seccompProfile?.type;
    if (!["RuntimeDefault", "Localhost"].includes(seccomp)) fault(`${name}: no seccomp profile`);
    if (own.readOnlyRootFilesystem !== true) fault(`${name}: readOnlyRootFilesystem is not true`);
  }
}

function resourcesAndImages({ containers }, fault, view, prod) {
  for (const { name, image, resources = {} } of containers) {
    const { requests = {}, limits = {} } = resources;
    if (!requests.cpu || !requests.memory) fault(`${name}: no requests for CPU and memory`);
    if (!limits.memory) fault(`${name}: no memory limit`);
    if (limits.cpu) fault(`${name}: a CPU limit throttles; leave it out`);
    if (prod && !/@sha256:[0-9a-f]{64}$/.test(image)) fault(`${name}: image ${image} is not pinned by digest`);
    if (!prod && !/:[\w.-]+$|@sha256:/.test(image)) fault(`${name}: image ${image} has no tag`);
  }
}

// What a pod names must be in the build, or be made by an operator from something in the build.
function references({ pod, containers }, fault, { of }) {
  const names = (kind) => of(kind).map(({ metadata }) => metadata.name);
  const configMaps = names("ConfigMap");
  const secrets = [
    ...names("Secret"),
    ...of("ExternalSecret").map(({ metadata, spec }) => spec.target?.name ?? metadata.name),
    ...of("Certificate").map(({ spec }) => spec.secretName),
  ];
  const secret = (name, where) => name && !secrets.includes(name) && fault(`${where}: no secret ${name}`);
  const configMap = (name, where) => name && !configMaps.includes(name) && fault(`${where}: no configMap ${name}`);
  const account = pod.serviceAccountName;
  if (account && !names("ServiceAccount").includes(account)) fault(`no serviceAccount ${account}`);
  for (const { name, env = [], envFrom = [], volumeMounts = [] } of containers) {
    for (const { secretRef, configMapRef } of envFrom) {
      secret(secretRef?.name, name);
      configMap(configMapRef?.name, name);
    }
    for (const variable of env) {
      secret(variable.valueFrom?.secretKeyRef?.name, name);
      configMap(variable.valueFrom?.configMapKeyRef?.name, name);
      const isSecret = /PASSWORD|SECRET|TOKEN|SEED|_KEY$|DATABASE_URL/.test(variable.name);
      if (isSecret && variable.value !== undefined) fault(`${name}: ${variable.name} stands in clear`);
    }
    for (const mount of volumeMounts) {
      if (!pod.volumes?.some((volume) => volume.name === mount.name)) fault(`${name}: no volume ${mount.name}`);
    }
  }
  for (const volume of pod.volumes ?? []) {
    secret(volume.secret?.secretName, `volume ${volume.name}`);
    configMap(volume.configMap?.name, `volume ${volume.name}`);
  }
}

function jobs({ workload }, fault, view, prod) {
  const { activeDeadlineSeconds, backoffLimit, ttlSecondsAfterFinished } = workload.spec;
  if (!activeDeadlineSeconds) fault("no activeDeadlineSeconds");
  if (backoffLimit === undefined) fault("no backoffLimit");
  if (!ttlSecondsAfterFinished) fault("no ttlSecondsAfterFinished");
  const release = workload.metadata.labels?.["app.kubernetes.io/version"];
  if (prod && !workload.metadata.name.endsWith(`-${release}`)) fault("its name does not end with its release");
}

const drainSeconds = 25; // kDrainGrace in libs/process/process.cc

function servers({ workload, pod, labels }, fault, { of }, prod) {
  const [server] = pod.containers;
  const { startupProbe, readinessProbe, livenessProbe } = server;
  const asks = (probe, service) => probe?.grpc?.service === service;
  if (!asks(startupProbe, "liveness")) fault("startupProbe does not ask for liveness");
  if (!asks(readinessProbe, "readiness")) fault("readinessProbe does not ask for readiness");
  if (!asks(livenessProbe, "liveness")) fault("livenessProbe does not ask for liveness: it must not see dependencies");
  const health = server.ports.find(({ name }) => name === "health")?.containerPort;
  for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
    if (probe?.grpc && probe.grpc.port !== health) fault(`a probe asks port ${probe.grpc.port}, not health`);
  }
  const pause = server.lifecycle?.preStop?.sleep?.seconds ?? 0;
  if (pause === 0) fault("no preStop sleep: calls still come after SIGTERM");
  if ((pod.terminationGracePeriodSeconds ?? 30) < pause + drainSeconds + 10) fault("killed before it has drained");
  const selected = (kind, selector) => of(kind).filter(({ spec }) => matches(labels, spec[selector]));
  if (selected("PodDisruptionBudget", "selector").length !== 1) fault("not one PodDisruptionBudget selects it");
  if (selected("Service", "selector").length !== 1) fault("not one Service selects it");
  const spread = (pod.topologySpreadConstraints ?? []).filter((each) => matches(labels, each.labelSelector));
  if (spread.length === 0) fault("no topologySpreadConstraints for its own pods");
  if (prod && (workload.spec.replicas ?? 1) < 2) fault("fewer than 2 replicas");
}

function services(service, fault, { workloads }) {
  const selected = workloads.filter(({ labels }) => matches(labels, service.spec.selector));
  if (selected.length !== 1) return fault(`selects ${selected.length} workloads`);
  const [{ pod, isServer }] = selected;
  const ports = pod.containers.flatMap((container) => container.ports ?? []);
  for (const { targetPort, port } of service.spec.ports) {
    const target = ports.find(({ name, containerPort }) => [name, containerPort].includes(targetPort));
    if (!target) fault(`targetPort ${targetPort} is not a port of its pods`);
    // Clients of a headless Service connect to the pod, so its port number must be the pod's.
    if (service.spec.clusterIP === "None" && target && target.containerPort !== port) fault("ports differ");
  }
  if (isServer && service.spec.clusterIP !== "None") fault("gRPC behind a cluster address: not headless");
}

function monitors(monitor, fault, { workloads }) {
  const selected = workloads.filter(({ labels }) => matches(labels, monitor.spec.selector));
  if (selected.length === 0) fault("selects no pods");
  for (const { port } of monitor.spec.podMetricsEndpoints) {
    for (const { workload, pod } of selected) {
      const has = pod.containers.some(({ ports = [] }) => ports.some(({ name }) => name === port));
      if (!has) fault(`${nameOf(workload)} has no port ${port}`);
    }
  }
}

function namespaces({ metadata }, fault) {
  if (metadata.labels?.["pod-security.kubernetes.io/enforce"] !== "restricted") fault("does not enforce restricted");
}

function denyAll({ of }) {
  const closed = of("NetworkPolicy").some(({ spec }) =>
    Object.keys(spec.podSelector).length === 0 && !spec.ingress && !spec.egress &&
    ["Ingress", "Egress"].every((type) => spec.policyTypes.includes(type)));
  return closed ? [] : ["NetworkPolicy: none denies everything that no other allows"];
}
