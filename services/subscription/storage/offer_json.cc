#include "services/subscription/storage/offer_json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "services/subscription/storage/names.h"

namespace perennial::subscription {
namespace {

using nlohmann::json;

// Wrote it ourselves: anything else is a fault, and the exception ends at the call's barrier.
CivilDate DateOf(const json& value) {
  return ParseDate(value.get<std::string>()).value();
}

json UuidOrNull(const std::optional<Uuid>& id) {
  return id ? json(id->ToString()) : json(nullptr);
}

std::optional<Uuid> OptionalUuid(const json& value) {
  if (value.is_null()) return std::nullopt;
  return Uuid::FromTrusted(value.get<std::string>());
}

json ToJson(const core::Offer& offer) {
  json lines = json::array();
  for (const core::Line& line : offer.lines) {
    lines.push_back({{"description", line.description},
                     {"start", FormatDate(line.start)},
                     {"end", FormatDate(line.end)},
                     {"net_minor", line.net_minor}});
  }
  return json{{"kind", ToText(offer.kind)},
              {"product_id", offer.product_id.ToString()},
              {"plan_id", offer.plan_id},
              {"plan_name", offer.plan_name},
              {"cycle_months", offer.cycle_months},
              {"currency", offer.currency},
              {"lines", lines},
              {"change_date", FormatDate(offer.change_date)},
              {"restore", offer.restore},
              {"language", offer.language},
              {"time_zone", offer.time_zone},
              {"paid_version", offer.paid_version}};
}

core::Offer OfferFrom(const json& value) {
  core::Offer offer;
  offer.kind = FromText<core::OrderKind>(value.at("kind"));
  offer.product_id = Uuid::FromTrusted(value.at("product_id").get<std::string>());
  offer.plan_id = value.at("plan_id");
  offer.plan_name = value.value("plan_name", "");  // older ones have none
  offer.cycle_months = value.at("cycle_months");
  offer.currency = value.at("currency");
  for (const json& line : value.at("lines")) {
    offer.lines.push_back(
        {line.at("description"), DateOf(line.at("start")), DateOf(line.at("end")), line.at("net_minor")});
  }
  offer.change_date = DateOf(value.at("change_date"));
  offer.restore = value.at("restore");
  offer.language = value.at("language");
  offer.time_zone = value.at("time_zone");
  offer.paid_version = value.at("paid_version");
  return offer;
}

json ToJson(const core::Product& draft) {
  if (draft.id.IsNil()) return json::object();
  return json{{"id", draft.id.ToString()},
              {"account_id", draft.account_id.ToString()},
              {"kind", ToText(draft.kind)},
              {"display_name", draft.display_name},
              {"site_id", UuidOrNull(draft.site_id)},
              {"plan_id", draft.plan_id},
              {"domain_name", draft.domain_name},
              {"domain_product_id", UuidOrNull(draft.domain_product_id)},
              {"local_part", draft.local_part},
              {"mailbox_address", draft.mailbox_address},
              {"delivery_state", ToText(draft.delivery_state)},
              {"currency", draft.currency},
              {"cycle_months", draft.cycle_months},
              {"time_zone", draft.time_zone},
              {"return_days", draft.return_days}};
}

core::Product DraftFrom(const json& value) {
  core::Product draft;
  if (value.empty()) return draft;
  draft.id = Uuid::FromTrusted(value.at("id").get<std::string>());
  draft.account_id = Uuid::FromTrusted(value.at("account_id").get<std::string>());
  draft.kind = FromText<core::ProductKind>(value.at("kind"));
  draft.display_name = value.at("display_name");
  draft.site_id = OptionalUuid(value.at("site_id"));
  draft.plan_id = value.at("plan_id");
  draft.domain_name = value.at("domain_name");
  draft.domain_product_id = OptionalUuid(value.at("domain_product_id"));
  draft.local_part = value.at("local_part");
  draft.mailbox_address = value.at("mailbox_address");
  draft.delivery_state = FromText<core::DeliveryState>(value.at("delivery_state"));
  draft.currency = value.at("currency");
  draft.cycle_months = value.at("cycle_months");
  draft.time_zone = value.at("time_zone");
  draft.return_days = value.value("return_days", 31);
  return draft;
}

}  // namespace

std::string OfferToJson(const core::Offer& offer) {
  return ToJson(offer).dump();
}

core::Offer OfferFromJson(const std::string& text) {
  return OfferFrom(json::parse(text));
}

std::string DraftToJson(const core::Product& draft) {
  return ToJson(draft).dump();
}

core::Product DraftFromJson(const std::string& text) {
  return DraftFrom(json::parse(text));
}

std::string TextsToJson(const std::vector<std::string>& texts) {
  return json(texts).dump();
}

std::vector<std::string> TextsFromJson(const std::string& text) {
  return json::parse(text).get<std::vector<std::string>>();
}

std::string QuoteToCbor(const Quote& quote) {
  json offer = ToJson(quote.offer);
  offer["lines"] = json::array();  // as lists: an upgrade may have 40 of them
  for (const core::Line& line : quote.offer.lines)
    offer["lines"].push_back(
        {line.description, line.start - CivilDate(), line.end - CivilDate(), line.net_minor});
  std::string bytes;
  json::to_cbor(json{{"id", quote.id.ToString()},
                     {"offer", offer},
                     {"draft", ToJson(quote.draft)},
                     {"tax_minor", quote.tax.tax_minor},
                     {"total_minor", quote.tax.total_minor},
                     {"tax_descriptions", quote.tax.descriptions},
                     {"resulting_expiry", FormatDate(quote.resulting_expiry)},
                     {"expires_at", absl::ToUnixNanos(quote.expires_at)},
                     {"created_at", absl::ToUnixNanos(quote.created_at)}},
                bytes);
  return bytes;
}

Quote QuoteFromCbor(const std::string& bytes) {
  json value = json::from_cbor(bytes);
  Quote quote;
  quote.id = Uuid::FromTrusted(value.at("id").get<std::string>());
  const json lines = std::exchange(value.at("offer").at("lines"), json::array());
  quote.offer = OfferFrom(value.at("offer"));
  for (const json& line : lines)
    quote.offer.lines.push_back({line.at(0), CivilDate() + line.at(1).get<int64_t>(),
                                 CivilDate() + line.at(2).get<int64_t>(), line.at(3)});
  quote.draft = DraftFrom(value.at("draft"));
  quote.tax = {value.at("tax_minor"), value.at("total_minor"), value.at("tax_descriptions")};
  quote.resulting_expiry = DateOf(value.at("resulting_expiry"));
  quote.expires_at = absl::FromUnixNanos(value.at("expires_at"));
  quote.created_at = absl::FromUnixNanos(value.at("created_at"));
  return quote;
}

}  // namespace perennial::subscription
