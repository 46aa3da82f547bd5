#include "services/billing/rpc/personal_data_handler.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "perennial/billing/v1/personal_data_service.pb.h"
#include "services/billing/rpc/proto_mapping.h"

namespace perennial::billing {
namespace {

using Json = nlohmann::json;

constexpr int kPageSize = 200;
constexpr size_t kMaxBytes = 3 << 20;

// Proto's JSON has 64-bit numbers as strings; amounts and sequence numbers of ours fit a JSON number.
void UnquoteNumbers(Json& json) {
  if (json.is_array()) {
    for (Json& element : json) UnquoteNumbers(element);
  }
  if (!json.is_object()) return;
  for (auto& [key, value] : json.items()) {
    int64_t number = 0;
    const bool is_number = key == "minor_units" || key == "sequence_number";
    if (is_number && value.is_string() && absl::SimpleAtoi(value.get<std::string>(), &number)) value = number;
    UnquoteNumbers(value);
  }
}

Json ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) std::abort();
  Json json = Json::parse(text);
  UnquoteNumbers(json);
  return json;
}

// Page by page, so that no long history is held as a whole.
absl::StatusOr<Json> NewestDocuments(Invoices& invoices, const Caller& caller, const Uuid& account_id) {
  Json items = Json::array();
  size_t bytes = 0;
  std::optional<PagePosition> after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<core::Document> page,
                     invoices.List(caller, account_id, std::nullopt, after, kPageSize));
    for (const core::Document& document : page) {
      Json item = ToJson(ToProto(document));
      bytes += item.dump().size();
      if (bytes > kMaxBytes) return Json{{"is_complete", false}, {"items", std::move(items)}};
      items.push_back(std::move(item));
      after = PagePosition{document.issue_time, document.id};
    }
    if (static_cast<int>(page.size()) < kPageSize)
      return Json{{"is_complete", true}, {"items", std::move(items)}};
  }
}

}  // namespace

absl::StatusOr<std::string> ExportAsJson(BillingProfiles& profiles, Invoices& invoices, const Caller& caller,
                                         const Uuid& account_id) {
  ASSIGN_OR_RETURN(const core::BillingProfile profile, profiles.Get(caller, account_id));
  ASSIGN_OR_RETURN(Json documents, NewestDocuments(invoices, caller, account_id));
  const Json json = {{"billing_profile", ToJson(ToProto(account_id, profile))},
                     {"invoices", std::move(documents)}};
  return json.dump();
}

rpc::Service MakePersonalDataService(BillingProfiles& profiles, Invoices& invoices) {
  rpc::Service service("perennial.billing.v1.PersonalDataService");
  using Response = v1::ExportPersonalDataResponse;
  service.Read<v1::ExportPersonalDataRequest, Response>(
      "ExportPersonalData", rpc::Customers(),
      [&](const rpc::Call& call, const v1::ExportPersonalDataRequest& request) -> absl::StatusOr<Response> {
        const auto account_id = ParseAccountName(request.name());
        if (!account_id) return InvalidField("name", "must be accounts/{a}");
        Response response;
        ASSIGN_OR_RETURN(*response.mutable_json_document(),
                         ExportAsJson(profiles, invoices, call.caller, *account_id));
        return response;
      });
  return service;
}

}  // namespace perennial::billing
