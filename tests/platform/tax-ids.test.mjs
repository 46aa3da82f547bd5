// Whether tax ids' forms and check digits are judged as stdnum, a library of other people, judges them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { stdnum } from "stdnum";

const verdicts = process.env.PERENNIAL_TAX_ID_VERDICTS ?? fileURLToPath(new URL("../../build/dev/tests/bin/tax_id_verdicts", import.meta.url));

// Seeded, so that a difference can be seen again.
let state = Number(process.env.SEED ?? 20270115);
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}
const digits = (count) => Array.from({ length: count }, () => random(10)).join("");
const letter = (of) => of[random(of.length)];

// A country's tax ids: how to make one up (mostly with wrong check digits), and stdnum's judge. Not made up is what the two
// judge differently by intention: stdnum takes German numbers that begin with 0 and Cypriot ones with 12, which are not
// given out, nor are Slovene ones that begin with 0 or whose check digit would be 11, and no Bulgarian ones that begin with
// 4 to 8, which are; and it wants birthdays in persons' numbers. Slovakia's are left out, because there it takes birthdays of
// companies as well.
const slovene = () => {
  const id = `${1 + random(9)}${digits(7)}`;
  const sum = [8, 7, 6, 5, 4, 3, 2].reduce((total, weight, i) => total + weight * Number(id[i]), 0);
  return sum % 11 === 0 ? slovene() : `SI${id}`;
};
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const COUNTRIES = {
  AT: [() => `ATU${digits(8)}`, stdnum.AT.uid],
  BE: [() => `BE${random(2)}${digits(9)}`, stdnum.BE.vat],
  BG: [() => `BG${letter("01239")}${digits(8)}`, stdnum.BG.vat],
  CH: [() => `CHE${digits(9)}${letter(["MWST", "TVA", "IVA"])}`, stdnum.CH.vat],
  CY: [() => `CY${letter("0345")}${digits(7)}${letter(ALPHABET)}`, stdnum.CY.vat],
  CZ: [() => `CZ${digits(8)}`, stdnum.CZ.dic],
  DE: [() => `DE${1 + random(9)}${digits(8)}`, stdnum.DE.vat],
  DK: [() => `DK${digits(8)}`, stdnum.DK.cvr],
  EE: [() => `EE${digits(9)}`, stdnum.EE.kmkr],
  ES: [() => `ES${letter("0123456789ABCDEFGHJKLMNPQRSUVWXYZ")}${digits(7)}${letter(ALPHABET + "0123456789")}`, stdnum.ES.nif],
  FI: [() => `FI${digits(8)}`, stdnum.FI.alv],
  FR: [() => `FR${digits(11)}`, stdnum.FR.tva],
  GB: [() => `GB${digits(9)}`, stdnum.GB.vat],
  GR: [() => `EL${digits(9)}`, stdnum.GR.vat],
  HR: [() => `HR${digits(11)}`, stdnum.HR.oib],
  HU: [() => `HU${digits(8)}`, stdnum.HU.anum],
  IE: [() => `IE${digits(7)}${letter(ALPHABET)}${letter(["", "A", "H", "W"])}`, stdnum.IE.vat],
  IT: [() => `IT${digits(11)}`, stdnum.IT.iva],
  LT: [() => `LT${digits(7)}1${digits(1)}`, stdnum.LT.pvm],
  LU: [() => `LU${digits(8)}`, stdnum.LU.tva],
  LV: [() => `LV${4 + random(6)}${digits(10)}`, stdnum.LV.pvn],
  MT: [() => `MT${digits(8)}`, stdnum.MT.vat],
  NL: [() => `NL${digits(9)}B${digits(2)}`, stdnum.NL.btw],
  NO: [() => `NO${digits(9)}MVA`, stdnum.NO.mva],
  PL: [() => `PL${digits(10)}`, stdnum.PL.nip],
  PT: [() => `PT${digits(9)}`, stdnum.PT.nif],
  RO: [() => `RO${digits(2 + random(9))}`, stdnum.RO.cui],
  SE: [() => `SE${digits(10)}01`, stdnum.SE.vat],
  SI: [slovene, stdnum.SI.ddv],
};
const IDS_A_COUNTRY = 4000;

const ids = Object.entries(COUNTRIES).flatMap(([country, [make]]) => Array.from({ length: IDS_A_COUNTRY }, () => [country, make()]));
const { stdout, status } = spawnSync(verdicts, { input: ids.map((pair) => pair.join(" ")).join("\n"), encoding: "utf8", maxBuffer: 1 << 26 });
assert.equal(status, 0);
const ours = stdout.trim().split("\n");
assert.equal(ours.length, ids.length);

for (const country of Object.keys(COUNTRIES)) {
  test(`tax ids of ${country}`, () => {
    const differences = [];
    let right = 0;
    ids.forEach(([of, id], i) => {
      if (of !== country) return;
      const theirs = COUNTRIES[country][1].validate(id).isValid;
      right += theirs;
      if (theirs !== (ours[i] === "1")) differences.push(`${id}: stdnum says ${theirs}`);
    });
    assert.deepEqual(differences, []);
    assert.ok(right > 0, "none of the ids was right: this compares nothing");
  });
}
