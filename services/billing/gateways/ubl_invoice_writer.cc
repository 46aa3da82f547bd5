#include "services/billing/gateways/ubl_invoice_writer.h"

#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/money.h"
#include "services/billing/gateways/xml_text.h"

namespace perennial::billing {
namespace {

using core::Document;
using core::DocumentKind;
using core::Party;
using core::TaxTreatment;

constexpr char kUbl[] = "urn:oasis:names:specification:ubl:schema:xsd:";

// What differs between the two kinds.
struct Names {
  const char* document;
  const char* type_code_element;
  const char* type_code;  // UNTDID 1001
  const char* line;
  const char* quantity;
};

Names NamesOf(DocumentKind kind) {
  switch (kind) {
    case DocumentKind::kInvoice:
      return {"Invoice", "cbc:InvoiceTypeCode", "380", "cac:InvoiceLine", "cbc:InvoicedQuantity"};
    case DocumentKind::kCreditNote:
      return {"CreditNote", "cbc:CreditNoteTypeCode", "381", "cac:CreditNoteLine", "cbc:CreditedQuantity"};
  }
  std::abort();
}

// UNTDID 5305 and the exemption's code, as EN 16931 has them.
struct Category {
  const char* code;
  const char* exemption_code;
  const char* exemption;
};

Category CategoryOf(TaxTreatment treatment) {
  switch (treatment) {
    case TaxTreatment::kStandard:
      return {"S", "", ""};
    case TaxTreatment::kReverseCharge:
      return {"AE", "VATEX-EU-AE", "Reverse charge"};
    case TaxTreatment::kOutOfScope:
      return {"O", "VATEX-EU-O", "Not subject to VAT"};
  }
  std::abort();
}

std::string Amount(int64_t minor, const std::string& currency) {
  return FormatMoney({currency, minor}).substr(currency.size() + 1);
}

std::string Percent(int32_t rate_ppm) {
  std::string text = absl::StrCat(rate_ppm / 10'000);
  std::string fraction = absl::StrCat(10'000 + rate_ppm % 10'000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fraction.empty() ? text : absl::StrCat(text, ".", fraction);
}

class Writer {
 public:
  explicit Writer(const Document& document)
      : document_(document), bill_(document.bill), names_(NamesOf(document.kind)) {}

  std::string Write(const Document* credited) && {
    xml_.Begin(names_.document, {{"xmlns", absl::StrCat(kUbl, names_.document, "-2")},
                                 {"xmlns:cac", absl::StrCat(kUbl, "CommonAggregateComponents-2")},
                                 {"xmlns:cbc", absl::StrCat(kUbl, "CommonBasicComponents-2")}});
    AddHead(credited);
    AddParty("cac:AccountingSupplierParty", document_.seller);
    AddParty("cac:AccountingCustomerParty", document_.buyer);
    AddPayment();
    AddTaxTotal();
    AddTotals();
    for (size_t i = 0; i < bill_.lines.size(); ++i) AddLine(i);
    xml_.End();
    return std::move(xml_).Finish();
  }

 private:
  void AddHead(const Document* credited) {
    xml_.Add("cbc:CustomizationID", "urn:cen.eu:en16931:2017");
    xml_.Add("cbc:ID", core::NumberOf(document_));
    xml_.Add("cbc:IssueDate", FormatDate(document_.issue_date));
    xml_.Add(names_.type_code_element, names_.type_code);
    xml_.AddIfAny("cbc:Note", absl::StrJoin(document_.notes, " "));  // Peppol takes one
    xml_.Add("cbc:DocumentCurrencyCode", bill_.currency);
    xml_.Begin("cac:OrderReference");
    xml_.Add("cbc:ID", document_.order_id.ToString());
    xml_.End();
    if (credited == nullptr) return;
    xml_.Begin("cac:BillingReference");  // BG-3
    xml_.Begin("cac:InvoiceDocumentReference");
    xml_.Add("cbc:ID", core::NumberOf(*credited));
    xml_.Add("cbc:IssueDate", FormatDate(credited->issue_date));
    xml_.End();
    xml_.End();
  }

  // BR-O-02: what is not subject to VAT names nobody's VAT number.
  bool IsOutOfScope() const {
    for (const core::TaxLine& line : bill_.tax_lines) {
      if (line.treatment == TaxTreatment::kOutOfScope) return true;
    }
    return false;
  }

  void AddParty(const char* role, const Party& party) {
    const bool has_vat_number = !party.tax_id.empty() && !IsOutOfScope();
    xml_.Begin(role);
    xml_.Begin("cac:Party");
    if (!party.tax_id.empty() && !has_vat_number) {  // BR-CO-26: the seller must have some identifier
      xml_.Begin("cac:PartyIdentification");
      xml_.Add("cbc:ID", party.tax_id);
      xml_.End();
    }
    AddAddress(party);
    if (has_vat_number) {
      xml_.Begin("cac:PartyTaxScheme");
      xml_.Add("cbc:CompanyID", party.tax_id);
      AddTaxScheme();
      xml_.End();
    }
    xml_.Begin("cac:PartyLegalEntity");
    // BR-07: a name there must be, but a consumer need not give one.
    const std::string& name = party.company.empty() ? party.name : party.company;
    xml_.Add("cbc:RegistrationName", name.empty() ? "-" : name);
    xml_.End();
    if (!party.company.empty() && !party.name.empty()) {
      xml_.Begin("cac:Contact");
      xml_.Add("cbc:Name", party.name);
      xml_.End();
    }
    xml_.End();
    xml_.End();
  }

  void AddAddress(const Party& party) {
    const auto line = [&](size_t i) { return i < party.address_lines.size() ? party.address_lines[i] : ""; };
    xml_.Begin("cac:PostalAddress");
    xml_.AddIfAny("cbc:StreetName", line(0));
    xml_.AddIfAny("cbc:AdditionalStreetName", line(1));
    xml_.AddIfAny("cbc:CityName", party.city);
    xml_.AddIfAny("cbc:PostalZone", party.postal_code);
    xml_.AddIfAny("cbc:CountrySubentity", party.region);
    if (!line(2).empty()) {
      xml_.Begin("cac:AddressLine");
      xml_.Add("cbc:Line", line(2));
      xml_.End();
    }
    xml_.Begin("cac:Country");
    xml_.Add("cbc:IdentificationCode", party.country_code);
    xml_.End();
    xml_.End();
  }

  void AddTaxScheme() {
    xml_.Begin("cac:TaxScheme");
    xml_.Add("cbc:ID", "VAT");
    xml_.End();
  }

  void AddPayment() {
    if (bill_.total_minor == 0) return;
    xml_.Begin("cac:PaymentMeans");
    xml_.Add("cbc:PaymentMeansCode", "68",
             {{"name", document_.payment_description}});  // online payment service
    xml_.End();
  }

  void AddAmount(const char* element, int64_t minor) {
    xml_.Add(element, Amount(minor, bill_.currency), {{"currencyID", bill_.currency}});
  }

  // The invoice's lines have one treatment for each rate.
  void AddCategory(const char* element, const core::TaxLine& line, bool with_reason) {
    const Category category = CategoryOf(line.treatment);
    xml_.Begin(element);
    xml_.Add("cbc:ID", category.code);
    if (line.treatment != TaxTreatment::kOutOfScope)
      xml_.Add("cbc:Percent", Percent(line.rate_ppm));  // BR-O-05
    if (with_reason) {
      xml_.AddIfAny("cbc:TaxExemptionReasonCode", category.exemption_code);
      xml_.AddIfAny("cbc:TaxExemptionReason", category.exemption);
    }
    AddTaxScheme();
    xml_.End();
  }

  void AddTaxTotal() {
    xml_.Begin("cac:TaxTotal");
    AddAmount("cbc:TaxAmount", bill_.tax_minor);
    for (const core::TaxLine& line : bill_.tax_lines) {
      xml_.Begin("cac:TaxSubtotal");
      AddAmount("cbc:TaxableAmount", line.net_minor);
      AddAmount("cbc:TaxAmount", line.tax_minor);
      AddCategory("cac:TaxCategory", line, true);
      xml_.End();
    }
    xml_.End();
  }

  // Documents are issued at capture or refund, so nothing is due any more.
  void AddTotals() {
    xml_.Begin("cac:LegalMonetaryTotal");
    AddAmount("cbc:LineExtensionAmount", bill_.net_minor);
    AddAmount("cbc:TaxExclusiveAmount", bill_.net_minor);
    AddAmount("cbc:TaxInclusiveAmount", bill_.total_minor);
    AddAmount("cbc:PrepaidAmount", bill_.total_minor);
    AddAmount("cbc:PayableAmount", 0);
    xml_.End();
  }

  const core::TaxLine& TaxLineOf(const core::InvoiceLine& line) const {
    for (const core::TaxLine& tax_line : bill_.tax_lines) {
      if (tax_line.rate_ppm == line.rate_ppm) return tax_line;
    }
    std::abort();
  }

  void AddLine(size_t index) {
    const core::InvoiceLine& line = bill_.lines[index];
    xml_.Begin(names_.line);
    xml_.Add("cbc:ID", absl::StrCat(index + 1));
    xml_.Add(names_.quantity, "1", {{"unitCode", "C62"}});  // one piece
    AddAmount("cbc:LineExtensionAmount", line.net_minor);
    xml_.Begin("cac:InvoicePeriod");
    xml_.Add("cbc:StartDate", FormatDate(line.term_start));
    xml_.Add("cbc:EndDate", FormatDate(line.term_end - 1));  // the last day is part of it (BT-135)
    xml_.End();
    xml_.Begin("cac:Item");
    xml_.Add("cbc:Name", line.description);
    AddCategory("cac:ClassifiedTaxCategory", TaxLineOf(line), false);
    xml_.End();
    xml_.Begin("cac:Price");
    AddAmount("cbc:PriceAmount", line.net_minor);
    xml_.End();
    xml_.End();
  }

  const Document& document_;
  const core::Bill& bill_;
  const Names names_;
  XmlText xml_;
};

}  // namespace

absl::StatusOr<std::string> UblInvoiceWriter::Write(const Document& document,
                                                    const Document* credited) const {
  return Writer(document).Write(credited);
}

}  // namespace perennial::billing
