// What is sold and how it lives are told in two services, for two reasons: prices, and the registry's rules. They must not differ.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

const sold = JSON.parse(read("services/subscription/catalogue.json")).domains.map((domain) => ({
  ending: domain.tld,
  years: domain.years_max,
}));
const registered = [...read("services/domain_mailbox/core/tld.cc").matchAll(/\{"([a-z0-9.-]+)", (\d+), (\d+), (\d+)\}/g)].map(
  ([, ending, , , years]) => ({ ending, years: Number(years) }),
);

test("what can be registered is what has a price, for as many years", () => {
  assert.ok(registered.length > 0);
  assert.deepEqual(registered, sold);
});
