#include "services/payment_token/gateways/stripe_answers.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace perennial::payment_token::stripe {
namespace {

using nlohmann::json;

json ParseJson(absl::string_view body) {
  return json::parse(body.begin(), body.end(), nullptr, /*allow_exceptions=*/false);
}

// The text at `key`; empty if there is none, or it is null or of another type.
std::string Text(const json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

int Integer(const json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && it != object.end() && it->is_number_integer() ? it->get<int>() : 0;
}

int64_t Integer64(const json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && it != object.end() && it->is_number_integer() ? it->get<int64_t>() : 0;
}

std::optional<Uuid> IdIn(const json& metadata, const char* key) {
  const auto it = metadata.find(key);
  const auto id = Uuid::Parse(it != metadata.end() && it->is_string() ? it->get<std::string>() : "");
  return id.ok() ? std::optional(*id) : std::nullopt;
}

json Object(const json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && it != object.end() && it->is_object() ? *it : json::object();
}

// The most telling of an error's codes.
std::string CodeOf(const json& error) {
  for (const char* key : {"decline_code", "code", "type"}) {
    if (std::string code = Text(error, key); !code.empty()) return code;
  }
  return "unknown";
}

Failure FailureOf(const HttpAnswer& answer, const json& error) {
  const int status = answer.status;
  if (status >= 500) return answer.replayed ? Failure::kReplayed : Failure::kUnknown;
  // Refused unheard; but of a request that was sent twice, the other one may have been heard.
  if (status == 401 || status == 403 || status == 429)
    return answer.times_sent > 1 ? Failure::kUnknown : Failure::kNotSent;
  const std::string type = Text(error, "type");
  if (status == 409) return Failure::kInProgress;
  if (type == "idempotency_error") return Failure::kKeyReused;
  if (type == "card_error") return Failure::kCardError;
  if (Text(error, "code") == "resource_missing") return Failure::kMissing;
  // A 4xx without an error of Stripe's is some proxy's: nothing is known.
  return type.empty() ? Failure::kUnknown : Failure::kRejected;
}

core::CardBrand BrandOf(const std::string& brand) {
  if (brand == "visa") return core::CardBrand::kVisa;
  if (brand == "mastercard") return core::CardBrand::kMastercard;
  if (brand == "amex") return core::CardBrand::kAmericanExpress;
  if (brand == "discover") return core::CardBrand::kDiscover;
  if (brand == "diners") return core::CardBrand::kDinersClub;
  if (brand == "jcb") return core::CardBrand::kJcb;
  if (brand == "unionpay") return core::CardBrand::kUnionPay;
  return core::CardBrand::kOther;
}

core::CardFunding FundingOf(const std::string& funding) {
  if (funding == "credit") return core::CardFunding::kCredit;
  if (funding == "debit") return core::CardFunding::kDebit;
  if (funding == "prepaid") return core::CardFunding::kPrepaid;
  return core::CardFunding::kUnknown;
}

// https://docs.stripe.com/payments/paymentintents/lifecycle
core::ChargeOutcome OutcomeOf(const json& intent, absl::string_view gateway_url) {
  const std::string id = Text(intent, "id");
  const std::string status = Text(intent, "status");
  if (id.empty()) return core::OutcomeUnknown{};
  if (status == "succeeded") return core::Captured{id};
  if (status == "processing") return core::Processing{id};
  if (status == "canceled") return core::Declined{std::string(core::kActionExpired), id};
  if (status == "requires_payment_method")
    return core::Declined{CodeOf(Object(intent, "last_payment_error")), id};
  if (status != "requires_action") return core::OutcomeUnknown{};
  std::string url = Text(Object(Object(intent, "next_action"), "redirect_to_url"), "url");
  // RFC 3986, 4.2: a reference without a host is relative to where the answer came from.
  if (absl::StartsWith(url, "/")) url = absl::StrCat(gateway_url, url);
  return core::ActionRequired{url, id};
}

core::RefundOutcome OutcomeOf(const json& refund) {
  const std::string id = Text(refund, "id");
  const std::string status = Text(refund, "status");
  if (id.empty()) return core::OutcomeUnknown{};
  if (status == "succeeded") return core::GivenBack{id};
  if (status == "pending" || status == "requires_action") return core::Processing{id};
  if (status == "failed") {
    const std::string reason = Text(refund, "failure_reason");
    return core::Rejected{reason.empty() ? "failed" : reason};
  }
  if (status == "canceled") return core::Rejected{"canceled"};
  return core::OutcomeUnknown{};
}

// The entry of a list by its metadata; nothing if the list is none.
struct Entry {
  bool is_list = false;
  json found;
};
Entry FindByMetadata(absl::string_view body, absl::string_view key, absl::string_view value) {
  const json list = ParseJson(body);
  if (!list.is_object() || !list.contains("data") || !list["data"].is_array()) return {};
  for (const json& entry : list["data"]) {
    if (Text(Object(entry, "metadata"), std::string(key).c_str()) == value) return {true, entry};
  }
  return {true, nullptr};
}

}  // namespace

Parsed Parse(const HttpResult& result) {
  if (const auto* failure = std::get_if<HttpFailure>(&result)) {
    const Failure kind = failure->may_have_arrived ? Failure::kUnknown : Failure::kNotSent;
    return Error{kind, "no_answer", "", ""};
  }
  const HttpAnswer& answer = std::get<HttpAnswer>(result);
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  const json error = Object(ParseJson(answer.body), "error");
  return Error{FailureOf(answer, error), CodeOf(error), Text(error, "param"),
               Text(Object(error, "payment_intent"), "id")};
}

std::string ReadId(absl::string_view body) {
  return Text(ParseJson(body), "id");
}

std::variant<GatewayCard, Error> ReadPaymentMethod(absl::string_view body) {
  const json method = ParseJson(body);
  const json card = Object(method, "card");
  GatewayCard read;
  read.token = Text(method, "id");
  read.card.brand = BrandOf(Text(card, "brand"));
  read.card.last_four = Text(card, "last4");
  read.card.expiry_month = Integer(card, "exp_month");
  read.card.expiry_year = Integer(card, "exp_year");
  read.card.fingerprint = Text(card, "fingerprint");
  read.card.country_code = Text(card, "country");
  read.card.funding = FundingOf(Text(card, "funding"));
  if (read.card.country_code.size() != 2) read.card.country_code.clear();
  if (read.token.empty() || read.card.last_four.size() != 4)
    return Error{Failure::kUnknown, "unreadable", "", ""};
  // Without a fingerprint no two entries can be known to be one card.
  if (read.card.fingerprint.empty()) read.card.fingerprint = read.token;
  return read;
}

bool IsRemoved(absl::string_view body) {
  const json object = ParseJson(body);
  if (Text(object, "id").empty()) return false;
  if (Text(object, "object") == "payment_method")
    return !object.contains("customer") || object["customer"].is_null();
  return object.contains("deleted") && object["deleted"] == true;
}

core::ChargeOutcome ReadIntent(absl::string_view body, absl::string_view gateway_url) {
  return OutcomeOf(ParseJson(body), gateway_url);
}

core::RefundOutcome ReadRefund(absl::string_view body) {
  return OutcomeOf(ParseJson(body));
}

core::ChargeOutcome FindIntent(absl::string_view body, absl::string_view key, absl::string_view value,
                               absl::string_view gateway_url) {
  const Entry entry = FindByMetadata(body, key, value);
  if (!entry.is_list) return core::OutcomeUnknown{};
  if (entry.found.is_null()) return core::NotThere{};
  return OutcomeOf(entry.found, gateway_url);
}

std::optional<GatewayPage> ReadMovements(absl::string_view body, const char* id_key) {
  const json list = ParseJson(body);
  if (!list.is_object() || !list.contains("data") || !list["data"].is_array()) return std::nullopt;
  GatewayPage page;
  for (const json& entry : list["data"]) {
    const std::string id = Text(entry, "id");
    const int64_t created = Integer64(entry, "created");
    if (id.empty() || created == 0) return std::nullopt;
    page.next = id;
    const std::string status = Text(entry, "status");
    if (status == "pending" || status == "requires_action")
      page.oldest_undecided = absl::FromUnixSeconds(created);
    if (status != "succeeded") continue;
    const json metadata = Object(entry, "metadata");
    const bool is_charge = Text(entry, "object") == "charge";
    page.movements.push_back({.reference = id,
                              .id = IdIn(metadata, id_key),
                              .order_id = IdIn(metadata, "order"),
                              .amount = {absl::AsciiStrToUpper(Text(entry, "currency")),
                                         Integer64(entry, is_charge ? "amount_captured" : "amount")},
                              .created_at = absl::FromUnixSeconds(created)});
  }
  const auto more = list.find("has_more");
  if (more == list.end() || !more->is_boolean()) return std::nullopt;
  if (!more->get<bool>()) page.next.clear();
  return page;
}

core::RefundOutcome FindRefund(absl::string_view body, absl::string_view key, absl::string_view value) {
  const Entry entry = FindByMetadata(body, key, value);
  if (!entry.is_list) return core::OutcomeUnknown{};
  if (entry.found.is_null()) return core::NotThere{};
  return OutcomeOf(entry.found);
}

}  // namespace perennial::payment_token::stripe
