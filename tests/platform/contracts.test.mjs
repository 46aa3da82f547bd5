// The contracts: lint, format, and nothing broken of what clients were given. The check is also shown mistakes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const protos = fileURLToPath(new URL("../../protos", import.meta.url));
const BUF = fileURLToPath(new URL("../node_modules/@bufbuild/buf-linux-x64/bin/buf", import.meta.url));

function lint(folder) {
  const { status, stdout, stderr } = spawnSync(join(folder, "lint"), { env: { ...process.env, BUF }, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

test("the contracts are in order", () => {
  const { status, output } = lint(protos);
  assert.equal(status, 0, output);
});

const mistakes = [
  ["a field with another number", "int64 minor_units = 2", "int64 minor_units = 3", /field "2" with name "minor_units".*was deleted/],
  ["a field with another type", "int64 minor_units", "int32 minor_units", /changed type/],
  ["another format", "  int64 minor_units", "int64  minor_units", /-int64 {2}minor_units/],
];
for (const [what, from, to, expected] of mistakes) {
  test(`the check sees ${what}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "perennial-protos-"));
    try {
      cpSync(protos, folder, { recursive: true });
      const file = join(folder, "perennial/type/money.proto");
      const text = readFileSync(file, "utf8");
      assert.ok(text.includes(from));
      writeFileSync(file, text.replace(from, to));
      const { status, output } = lint(folder);
      assert.notEqual(status, 0);
      assert.match(output, expected);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
