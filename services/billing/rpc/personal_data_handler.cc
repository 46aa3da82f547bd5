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

absl::StatusOr<v1::ExportPersonalDataResponse> Export(BillingProfiles& profiles, Invoices& invoices,
                                                      const rpc::Call& call,
                                                      const v1::ExportPersonalDataRequest& request) {
  const auto account_id = ParseAccountName(request.name());
  if (!account_id) return InvalidField("name", "must be accounts/{a}");
  ASSIGN_OR_RETURN(const core::BillingProfile profile, profiles.Get(call.caller, *account_id));
  ASSIGN_OR_RETURN(const std::vector<core::Document> documents, invoices.All(call.caller, *account_id));
  Json json = {{"billing_profile", ToJson(ToProto(*account_id, profile))}, {"invoices", Json::array()}};
  for (const core::Document& document : documents) json["invoices"].push_back(ToJson(ToProto(document)));
  v1::ExportPersonalDataResponse response;
  response.set_json_document(json.dump());
  return response;
}

}  // namespace

rpc::Service MakePersonalDataService(BillingProfiles& profiles, Invoices& invoices) {
  rpc::Service service("perennial.billing.v1.PersonalDataService");
  service.Read<v1::ExportPersonalDataRequest, v1::ExportPersonalDataResponse>(
      "ExportPersonalData", rpc::Customers(),
      [&](const rpc::Call& call, const v1::ExportPersonalDataRequest& request) {
        return Export(profiles, invoices, call, request);
      });
  return service;
}

}  // namespace perennial::billing
