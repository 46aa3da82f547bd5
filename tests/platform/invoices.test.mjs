// Documents as others' programs read them: the UBL by einvoicing, and by the business rules (BR-…) of EN 16931-1 that
// apply to what we write; the PDF by poppler.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { fileURLToPath } from "node:url";
import { UblReader } from "einvoicing";
import { XMLParser, XMLValidator } from "fast-xml-parser";

const samples = process.env.PERENNIAL_INVOICE_SAMPLES ?? fileURLToPath(new URL("../../build/dev/tests/bin/invoice_samples", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "perennial-invoices."));
after(() => rmSync(folder, { recursive: true, force: true }));
execFileSync(samples, [folder]);

const file = (name, type) => join(folder, `${name}.${type}`);
const names = readdirSync(folder).filter((name) => name.endsWith(".xml")).map((name) => name.slice(0, -4));
const said = (name) => Object.fromEntries(readFileSync(file(name, "txt"), "utf8").trim().split("\n").map((line) => line.split(" ")));
const cents = (text) => Math.round(Number(text) * 100);
assert.ok(names.length >= 9);

// Child elements in the order of UBL's schema, as far as we write them.
const ORDER = {
  document: ["cbc:CustomizationID", "cbc:ID", "cbc:IssueDate", "cbc:InvoiceTypeCode", "cbc:CreditNoteTypeCode", "cbc:Note", "cbc:DocumentCurrencyCode",
    "cac:OrderReference", "cac:BillingReference", "cac:AccountingSupplierParty", "cac:AccountingCustomerParty", "cac:PaymentMeans", "cac:TaxTotal",
    "cac:LegalMonetaryTotal", "cac:InvoiceLine", "cac:CreditNoteLine"],
  "cac:Party": ["cac:PartyIdentification", "cac:PostalAddress", "cac:PartyTaxScheme", "cac:PartyLegalEntity", "cac:Contact"],
  "cac:PostalAddress": ["cbc:StreetName", "cbc:AdditionalStreetName", "cbc:CityName", "cbc:PostalZone", "cbc:CountrySubentity", "cac:AddressLine", "cac:Country"],
  "cac:TaxTotal": ["cbc:TaxAmount", "cac:TaxSubtotal"],
  "cac:TaxSubtotal": ["cbc:TaxableAmount", "cbc:TaxAmount", "cac:TaxCategory"],
  "cac:TaxCategory": ["cbc:ID", "cbc:Percent", "cbc:TaxExemptionReasonCode", "cbc:TaxExemptionReason", "cac:TaxScheme"],
  "cac:LegalMonetaryTotal": ["cbc:LineExtensionAmount", "cbc:TaxExclusiveAmount", "cbc:TaxInclusiveAmount", "cbc:PrepaidAmount", "cbc:PayableAmount"],
  "cac:InvoiceLine": ["cbc:ID", "cbc:InvoicedQuantity", "cbc:LineExtensionAmount", "cac:InvoicePeriod", "cac:Item", "cac:Price"],
  "cac:CreditNoteLine": ["cbc:ID", "cbc:CreditedQuantity", "cbc:LineExtensionAmount", "cac:InvoicePeriod", "cac:Item", "cac:Price"],
};

function checkOrder(element, nodes) {
  const order = ORDER[element];
  const children = nodes.map((node) => Object.keys(node).find((key) => key !== ":@")).filter((key) => key !== "#text");
  if (order) {
    const places = children.map((child) => order.indexOf(child));
    assert.ok(!places.includes(-1), `${element} has ${children}`);
    assert.deepEqual(places, [...places].sort((a, b) => a - b), `${element} has ${children}`);
  }
  nodes.forEach((node) => Object.entries(node).forEach(([key, value]) => Array.isArray(value) && checkOrder(key, value)));
}

function readTree(xml) {
  assert.equal(XMLValidator.validate(xml), true);
  const ordered = new XMLParser({ preserveOrder: true, ignoreAttributes: false, parseTagValue: false }).parse(xml);
  const root = ordered.find((node) => !("?xml" in node));
  checkOrder("document", Object.values(root)[0]);
  const tree = new XMLParser({ ignoreAttributes: false, parseTagValue: false,
    isArray: (tag) => ["cac:InvoiceLine", "cac:CreditNoteLine", "cac:TaxSubtotal"].includes(tag) }).parse(xml);
  return tree.Invoice ?? tree.CreditNote;
}

const text = (node) => node?.["#text"] ?? node;
const amount = (node, currency) => {
  assert.equal(node["@_currencyID"], currency);
  assert.match(node["#text"], /^-?\d+(\.\d{1,2})?$/, "BR-DEC: at most two decimals");
  return cents(node["#text"]);
};

function checkRules(invoice) {
  const currency = invoice["cbc:DocumentCurrencyCode"];
  const money = (node) => amount(node, currency);
  const lines = invoice["cac:InvoiceLine"] ?? invoice["cac:CreditNoteLine"];
  const seller = invoice["cac:AccountingSupplierParty"]["cac:Party"];
  const buyer = invoice["cac:AccountingCustomerParty"]["cac:Party"];
  const totals = invoice["cac:LegalMonetaryTotal"];
  const taxes = invoice["cac:TaxTotal"];
  const vatOf = (party) => party["cac:PartyTaxScheme"]?.["cbc:CompanyID"];
  assert.equal(invoice["cbc:CustomizationID"], "urn:cen.eu:en16931:2017", "BR-01");
  for (const required of ["cbc:ID", "cbc:IssueDate"]) assert.ok(invoice[required], "BR-02, BR-03");
  for (const party of [seller, buyer]) {
    assert.ok(party["cac:PartyLegalEntity"]["cbc:RegistrationName"], "BR-06, BR-07");
    assert.match(party["cac:PostalAddress"]["cac:Country"]["cbc:IdentificationCode"], /^[A-Z]{2}$/, "BR-09, BR-11");
  }
  assert.ok(vatOf(seller) ?? seller["cac:PartyIdentification"]?.["cbc:ID"], "BR-CO-26");
  for (const vat of [vatOf(seller), vatOf(buyer)]) if (vat) assert.match(vat, /^[A-Z]{2}/, "BR-CO-09");
  assert.ok(lines.length > 0, "BR-16");

  const sum = lines.reduce((total, line) => total + money(line["cbc:LineExtensionAmount"]), 0);
  const net = money(totals["cbc:TaxExclusiveAmount"]);
  assert.equal(money(totals["cbc:LineExtensionAmount"]), sum, "BR-CO-10");
  assert.equal(net, sum, "BR-CO-13");
  const tax = money(taxes["cbc:TaxAmount"]);
  assert.equal(tax, taxes["cac:TaxSubtotal"].reduce((total, part) => total + money(part["cbc:TaxAmount"]), 0), "BR-CO-14");
  assert.equal(money(totals["cbc:TaxInclusiveAmount"]), net + tax, "BR-CO-15");
  assert.equal(money(totals["cbc:PayableAmount"]), net + tax - money(totals["cbc:PrepaidAmount"]), "BR-CO-16");

  for (const line of lines) {
    assert.ok(text(line["cac:Item"]["cbc:Name"]), "BR-25");
    assert.ok(money(line["cac:Price"]["cbc:PriceAmount"]) >= 0, "BR-27");
    assert.ok(line["cac:InvoicePeriod"]["cbc:EndDate"] >= line["cac:InvoicePeriod"]["cbc:StartDate"], "BR-30");
  }
  for (const part of taxes["cac:TaxSubtotal"]) {
    const category = part["cac:TaxCategory"];
    const of = (each) => each["cac:Item"]["cac:ClassifiedTaxCategory"];
    const same = lines.filter((line) => of(line)["cbc:ID"] === category["cbc:ID"] && of(line)["cbc:Percent"] === category["cbc:Percent"]);
    assert.equal(money(part["cbc:TaxableAmount"]), same.reduce((total, line) => total + money(line["cbc:LineExtensionAmount"]), 0), "BR-S-08, BR-AE-08, BR-O-08");
    const exact = money(part["cbc:TaxableAmount"]) * Number(category["cbc:Percent"] ?? 0) / 100;
    assert.ok(Math.abs(money(part["cbc:TaxAmount"]) - exact) <= 0.5 + 1e-9, "BR-CO-17");
    const reason = category["cbc:TaxExemptionReasonCode"] ?? category["cbc:TaxExemptionReason"];
    switch (category["cbc:ID"]) {
      case "S":
        assert.ok(Number(category["cbc:Percent"]) > 0, "BR-S-05");
        assert.ok(vatOf(seller), "BR-S-02");
        assert.equal(reason, undefined, "BR-S-10");
        break;
      case "AE":
        assert.ok(vatOf(seller) && vatOf(buyer), "BR-AE-02");
        assert.equal(Number(category["cbc:Percent"]), 0, "BR-AE-05");
        assert.ok(reason, "BR-AE-10");
        break;
      case "O":
        assert.equal(vatOf(seller) ?? vatOf(buyer), undefined, "BR-O-02");
        assert.equal(category["cbc:Percent"], undefined, "BR-O-05");
        assert.ok(reason, "BR-O-10");
        assert.equal(taxes["cac:TaxSubtotal"].length, 1, "BR-O-11");
        break;
      default:
        assert.fail(`category ${category["cbc:ID"]}`);
    }
  }
}

for (const name of names) {
  test(`${name}: einvoicing reads from the UBL what the document says`, async () => {
    const document = await new UblReader().read(readFileSync(file(name, "xml"), "utf8"));
    const what = said(name);
    assert.equal(document.id.toPrimitive(), what.number);
    assert.equal(document.type.toPrimitive(), what.kind === "invoice" ? "380" : "381");
    assert.equal(document.lines.length, Number(what.lines));
    assert.equal(document.lines.reduce((sum, line) => sum + cents(line.netAmount), 0), Number(what.net));
    assert.equal(document.taxes.reduce((sum, tax) => sum + cents(tax.taxAmount), 0), Number(what.tax));
    assert.equal(cents(document.paidAmount ?? 0), Number(what.total));
    assert.equal(document.precedingInvoiceReference?.length ?? 0, what.kind === "invoice" ? 0 : 1);
    assert.ok(document.buyer.legalName);
  });

  test(`${name}: the UBL keeps the rules of EN 16931`, () => checkRules(readTree(readFileSync(file(name, "xml"), "utf8"))));

  test(`${name}: the PDF has its number, totals and page numbers in text, and brings its fonts along`, () => {
    const what = said(name);
    const read = execFileSync("pdftotext", ["-layout", file(name, "pdf"), "-"], { encoding: "utf8" });
    assert.ok(read.includes(what.number));
    const figures = read.replace(/[\s\u202f\u00a0,.]/g, "");
    for (const minor of [what.net, what.total]) assert.ok(figures.includes(minor.padStart(3, "0")), minor);
    const { length: pages } = read.trimEnd().split("\f");
    for (let page = 1; page <= pages; ++page) assert.match(read, new RegExp(`${page} (of|sur) ${pages}`));
    assert.equal(pages > 1, Number(what.lines) > 20);
    const fonts = execFileSync("pdffonts", [file(name, "pdf")], { encoding: "utf8" }).trim().split("\n").slice(2);
    assert.ok(fonts.length > 0 && fonts.every((font) => / yes yes (yes|no) /.test(font)), fonts.join("\n"));
    assert.ok(fonts.every((font) => font.includes("+Inter-")), fonts.join("\n"));
  });
}

test("a wrong sum, a VAT number too many or elements in another order would be seen", () => {
  const good = readFileSync(file("consumer", "xml"), "utf8");
  const rejects = (xml, rule) => assert.throws(() => checkRules(readTree(xml)), rule);
  rejects(good.replace(/(<cbc:LineExtensionAmount currencyID="EUR">)/, "$11"), /BR-CO-10/);
  rejects(good.replace(/(<cbc:TaxInclusiveAmount currencyID="EUR">)/, "$11"), /BR-CO-15/);
  rejects(good.replace(/(<cbc:Note>.*<\/cbc:Note>\s*)?(<cbc:DocumentCurrencyCode>EUR<\/cbc:DocumentCurrencyCode>)/, "").replace("<cbc:ID>", "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode><cbc:ID>"), /document has/);
  const outside = readFileSync(file("outside", "xml"), "utf8");
  rejects(outside.replace("<cac:PartyLegalEntity>", "<cac:PartyTaxScheme><cbc:CompanyID>FR11123456782</cbc:CompanyID></cac:PartyTaxScheme><cac:PartyLegalEntity>"), /BR-O-02/);
});
