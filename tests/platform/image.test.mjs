// The images would have what the built programs need; and the check is shown mistakes that it must see.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const check = fileURLToPath(new URL("./image-check", import.meta.url));
const dockerfile = readFileSync(new URL("../../deploy/Dockerfile", import.meta.url), "utf8");
const bin = process.env.PERENNIAL_BIN ?? fileURLToPath(new URL("../../build/dev/bin", import.meta.url));

test("the Dockerfile has every library, target and file", () => {
  const { status, stdout, stderr } = spawnSync(check, [bin], { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
});

const mistakes = [
  ["a missing library", "libhiredis0.14", "", /lacks libhiredis0\.14/],
  ["a missing target", "AS migrate", "AS migration", /no target migrate/],
  ["a file that is not there", "COPY deploy/migrate", "COPY deploy/migration", /no deploy\/migration to copy/],
];

for (const [what, from, to, expected] of mistakes) {
  test(`image-check sees ${what}`, () => {
    assert.ok(dockerfile.includes(from));
    const folder = mkdtempSync(join(tmpdir(), "perennial-image."));
    writeFileSync(join(folder, "Dockerfile"), dockerfile.replace(from, to));
    const { status, stdout } = spawnSync(check, [bin, join(folder, "Dockerfile")], { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    assert.equal(status, 1);
    assert.match(stdout, expected);
  });
}
