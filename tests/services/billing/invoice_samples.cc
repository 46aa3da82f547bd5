// invoice_samples FOLDER: writes documents of all kinds there, as PDF, UBL and (for
// tests/platform/invoices.test.mjs) what they say, in lines of name and value.
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "services/billing/gateways/cairo_invoice_writer.h"
#include "services/billing/gateways/ubl_invoice_writer.h"
#include "tests/services/billing/sample_documents.h"

int main(int, char** arguments) {
  using namespace perennial::billing;
  const auto samples = SampleDocuments();
  for (const auto& [name, document] : samples) {
    const core::Document* credited = document.credited_invoice_id ? &samples[0].second : nullptr;
    const auto pdf = CairoInvoiceWriter().Write(document, credited);
    const auto ubl = UblInvoiceWriter().Write(document, credited);
    if (!pdf.ok() || !ubl.ok()) return 1;
    const std::string path = absl::StrCat(arguments[1], "/", name);
    std::ofstream(path + ".pdf") << *pdf;
    std::ofstream(path + ".xml") << *ubl;
    std::ofstream(path + ".txt") << "number " << core::NumberOf(document) << "\nkind "
                                 << (credited == nullptr ? "invoice" : "credit_note") << "\nnet "
                                 << document.bill.net_minor << "\ntax " << document.bill.tax_minor
                                 << "\ntotal " << document.bill.total_minor << "\nlines "
                                 << document.bill.lines.size() << "\n";
  }
}
