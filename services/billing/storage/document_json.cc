#include "services/billing/storage/document_json.h"

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace perennial::billing {
namespace {

using core::TaxTreatment;
using Json = nlohmann::json;

[[noreturn]] void Unreadable(absl::string_view what) {
  std::fprintf(stderr, "stored document: %s cannot be read\n", std::string(what).c_str());
  std::abort();
}

Json Parse(absl::string_view json) {
  return Json::parse(json.begin(), json.end());
}

std::string ToText(TaxTreatment treatment) {
  switch (treatment) {
    case TaxTreatment::kStandard:
      return "standard";
    case TaxTreatment::kReverseCharge:
      return "reverse_charge";
    case TaxTreatment::kOutOfScope:
      return "out_of_scope";
  }
  std::abort();
}

TaxTreatment TreatmentFromText(absl::string_view text) {
  for (auto treatment : {TaxTreatment::kStandard, TaxTreatment::kReverseCharge, TaxTreatment::kOutOfScope}) {
    if (ToText(treatment) == text) return treatment;
  }
  Unreadable("tax treatment");
}

CivilDate DateFrom(const Json& json) {
  const auto date = ParseDate(json.get<std::string>());
  if (!date.ok()) Unreadable("date");
  return *date;
}

Json ToJson(const core::Party& party) {
  Json json = {{"name", party.name},
               {"company", party.company},
               {"address_lines", party.address_lines},
               {"postal_code", party.postal_code},
               {"city", party.city},
               {"region", party.region},
               {"country_code", party.country_code},
               {"tax_id", party.tax_id}};
  const core::TaxIdCheck& check = party.tax_id_check;
  if (check.state == core::TaxIdState::kNone) return json;
  json["tax_id_check"] = {{"state", billing::ToText(check.state)}, {"consultation", check.consultation}};
  if (check.time) json["tax_id_check"]["time_micros"] = absl::ToUnixMicros(*check.time);
  return json;
}

core::Party PartyFrom(const Json& json) {
  core::Party party{json.at("name"), json.at("company"), json.at("address_lines"), json.at("postal_code"),
                    json.at("city"), json.at("region"),  json.at("country_code"),  json.at("tax_id")};
  const auto check = json.find("tax_id_check");  // not in documents of the first version
  if (check == json.end()) return party;
  party.tax_id_check.state = TaxIdStateFromText(check->at("state").get<std::string>());
  party.tax_id_check.consultation = check->at("consultation");
  const auto time = check->find("time_micros");
  if (time != check->end()) party.tax_id_check.time = absl::FromUnixMicros(time->get<int64_t>());
  return party;
}

Json LinesOf(const core::Bill& bill) {
  Json lines = Json::array();
  for (const core::InvoiceLine& line : bill.lines) {
    lines.push_back({{"description", line.description},
                     {"product", line.product_id.ToString()},
                     {"term_start", FormatDate(line.term_start)},
                     {"term_end", FormatDate(line.term_end)},
                     {"net_minor", line.net_minor},
                     {"tax_minor", line.tax_minor},
                     {"rate_ppm", line.rate_ppm}});
  }
  Json tax_lines = Json::array();
  for (const core::TaxLine& line : bill.tax_lines) {
    tax_lines.push_back({{"description", line.description},
                         {"rate_ppm", line.rate_ppm},
                         {"country_code", line.country_code},
                         {"treatment", ToText(line.treatment)},
                         {"net_minor", line.net_minor},
                         {"tax_minor", line.tax_minor}});
  }
  return {{"lines", lines}, {"tax_lines", tax_lines}};
}

void LinesFrom(const Json& json, core::Bill& bill) {
  for (const Json& line : json.at("lines")) {
    bill.lines.push_back({line.at("description"), Uuid::FromTrusted(line.at("product").get<std::string>()),
                          DateFrom(line.at("term_start")), DateFrom(line.at("term_end")),
                          line.at("net_minor"), line.at("tax_minor"), line.at("rate_ppm")});
  }
  for (const Json& line : json.at("tax_lines")) {
    bill.tax_lines.push_back({line.at("description"), line.at("rate_ppm"), line.at("country_code"),
                              TreatmentFromText(line.at("treatment").get<std::string>()),
                              line.at("net_minor"), line.at("tax_minor")});
  }
}

}  // namespace

std::string PartyToJson(const core::Party& party) {
  return ToJson(party).dump();
}

core::Party PartyFromJson(absl::string_view json) {
  return PartyFrom(Parse(json));
}

std::string LinesToJson(const core::Bill& bill) {
  return LinesOf(bill).dump();
}

void LinesFromJson(absl::string_view json, core::Bill& bill) {
  LinesFrom(Parse(json), bill);
}

std::string ContentToJson(const core::Document& document) {
  Json content = LinesOf(document.bill);
  content["number"] = core::NumberOf(document);
  content["issue_date"] = FormatDate(document.issue_date);
  content["language"] = ToText(document.language);
  content["time_zone"] = document.time_zone;
  content["seller"] = ToJson(document.seller);
  content["buyer"] = ToJson(document.buyer);
  content["payment_description"] = document.payment_description;
  content["notes"] = document.notes;
  return content.dump();
}

void ContentFromJson(absl::string_view json, core::Document& document) {
  const Json content = Parse(json);
  LinesFrom(content, document.bill);
  document.issue_date = DateFrom(content.at("issue_date"));
  document.language = LanguageFromText(content.at("language").get<std::string>());
  document.time_zone = content.at("time_zone");
  document.seller = PartyFrom(content.at("seller"));
  document.buyer = PartyFrom(content.at("buyer"));
  document.payment_description = content.at("payment_description");
  document.notes = content.at("notes").get<std::vector<std::string>>();
}

std::string ToText(core::Language language) {
  switch (language) {
    case core::Language::kEnglish:
      return "en";
    case core::Language::kFrench:
      return "fr";
  }
  std::abort();
}

core::Language LanguageFromText(absl::string_view text) {
  for (auto language : {core::Language::kEnglish, core::Language::kFrench}) {
    if (ToText(language) == text) return language;
  }
  Unreadable("language");
}

std::string ToText(core::TaxIdState state) {
  switch (state) {
    case core::TaxIdState::kNone:
      return "none";
    case core::TaxIdState::kFormChecked:
      return "form_checked";
    case core::TaxIdState::kUnverified:
      return "unverified";
    case core::TaxIdState::kVerified:
      return "verified";
    case core::TaxIdState::kNotRegistered:
      return "not_registered";
  }
  std::abort();
}

core::TaxIdState TaxIdStateFromText(absl::string_view text) {
  for (auto state : {core::TaxIdState::kNone, core::TaxIdState::kFormChecked, core::TaxIdState::kUnverified,
                     core::TaxIdState::kVerified, core::TaxIdState::kNotRegistered}) {
    if (ToText(state) == text) return state;
  }
  Unreadable("state of a tax id");
}

std::string ToText(core::DocumentKind kind) {
  switch (kind) {
    case core::DocumentKind::kInvoice:
      return "invoice";
    case core::DocumentKind::kCreditNote:
      return "credit_note";
  }
  std::abort();
}

core::DocumentKind DocumentKindFromText(absl::string_view text) {
  for (auto kind : {core::DocumentKind::kInvoice, core::DocumentKind::kCreditNote}) {
    if (ToText(kind) == text) return kind;
  }
  Unreadable("kind");
}

}  // namespace perennial::billing
