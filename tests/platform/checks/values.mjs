// Types and values of known fields, by the JSON schemas of Kubernetes and the operators.
import { moduleOf, nameOf } from "./models.mjs";

export async function invalidValues(resources) {
  const faults = [];
  for (const resource of resources) {
    try {
      const models = await import(moduleOf(resource));
      const Model = models[resource.kind];
      if (!Model) throw new Error(`${resource.apiVersion} has no such kind`);
      new Model(resource).validate();
    } catch (error) {
      faults.push(`${nameOf(resource)}: ${error.message}`);
    }
  }
  return faults;
}
