// Resources: their names, their labels, and where kubernetes-models keeps their schemas.
const operators = {
  "cert-manager.io": "@kubernetes-models/cert-manager",
  "external-secrets.io": "@kubernetes-models/external-secrets",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
};

export function nameOf(resource) {
  return `${resource.kind}/${resource.metadata?.name}`;
}

// "kubernetes-models/apps/v1" for apiVersion apps/v1.
export function moduleOf(resource) {
  const group = resource.apiVersion.includes("/") ? resource.apiVersion.split("/")[0] : "";
  return `${operators[group] ?? "kubernetes-models"}/${resource.apiVersion}`;
}

// Does a selector, with or without matchLabels around it, select these labels?
export function matches(labels = {}, selector = {}) {
  const wanted = Object.entries(selector.matchLabels ?? selector);
  return wanted.every(([key, value]) => labels[key] === value);
}
