// The metrics that a PromQL expression reads.
import { parser } from "@prometheus-io/lezer-promql";

// {names, isBroken}: names without those of recording rules ("job:…") and without a histogram's suffixes.
export function metricsIn(expression) {
  const names = new Set();
  let isBroken = false;
  parser.parse(expression).iterate({
    enter(node) {
      if (node.type.isError) isBroken = true;
      if (node.name !== "VectorSelector") return;
      const identifier = node.node.getChild("Identifier");
      if (identifier) names.add(expression.slice(identifier.from, identifier.to));
    },
  });
  const metrics = [...names].filter((name) => !name.includes(":"));
  return { names: metrics.map((name) => name.replace(/_bucket$/, "")), isBroken };
}
