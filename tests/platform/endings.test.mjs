// What is sold and how it lives are told in two services, for two reasons: prices, and the registry's rules. They must not differ.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

const sold = JSON.parse(read("services/subscription/catalogue.json")).domains.map((domain) => ({
  ending: domain.tld,
  grace: domain.redemption_after_days,
  redemption: domain.redemption_days,
  years: domain.years_max,
}));
const registered = [...read("services/domain_mailbox/core/tld.cc").matchAll(/\{"([a-z0-9.-]+)", (\d+), (\d+), (\d+)\}/g)].map(
  ([, ending, grace, redemption, years]) => ({
    ending,
    grace: Number(grace),
    redemption: Number(redemption),
    years: Number(years),
  }),
);

// Else redemption would be sold for names that are not in it, or not for names that are (R20).
test("what can be registered is what has a price, for as many years, and is in redemption when that is sold", () => {
  assert.ok(registered.length > 0);
  assert.deepEqual(registered, sold);
});
