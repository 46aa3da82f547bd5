#include "services/domain_mailbox/rpc/personal_data_handler.h"

#include <nlohmann/json.hpp>

#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "perennial/domain_mailbox/v1/personal_data_service.pb.h"
#include "services/domain_mailbox/rpc/proto_mapping.h"

namespace perennial::domain_mailbox {
namespace {

using nlohmann::json;
using rpc::Call;

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

json ToJson(const core::Domain& domain) {
  json object = {{"name", MakeChildName(domain.account_id, "domains", domain.id)},
                 {"domain_name", domain.name},
                 {"state", v1::DomainState_Name(ToProto(domain, "").state())},
                 {"paid_through_date", FormatDate(domain.paid_through)},
                 {"time_zone", domain.time_zone},
                 {"create_time", Rfc3339(domain.created_at)},
                 {"update_time", Rfc3339(domain.updated_at)}};
  if (domain.registry_expiry) object["registry_expiry_time"] = Rfc3339(*domain.registry_expiry);
  return object;
}

json ToJson(const core::Mailbox& mailbox) {
  return {{"name", MakeChildName(mailbox.account_id, "mailboxes", mailbox.id)},
          {"address", mailbox.Address()},
          {"state", v1::MailboxState_Name(ToProto(mailbox).state())},
          {"quota_mib", mailbox.quota_mib},
          {"password_set", mailbox.password_hash.has_value()},
          {"paid_through_date", FormatDate(mailbox.paid_through)},
          {"time_zone", mailbox.time_zone},
          {"create_time", Rfc3339(mailbox.created_at)},
          {"update_time", Rfc3339(mailbox.updated_at)}};
}

json ToJson(const core::Delivery& delivery) {
  const v1::Delivery proto = ToProto(delivery);
  return {{"order", proto.order()},
          {"product", proto.product()},
          {"state", v1::DeliveryState_Name(proto.state())},
          {"rejection", v1::DeliveryRejection_Name(proto.rejection())},
          {"paid_through_date", FormatDate(delivery.task.paid_through)},
          {"attempt_count", delivery.attempt_count},
          {"create_time", Rfc3339(delivery.created_at)},
          {"update_time", Rfc3339(delivery.updated_at)}};
}

template <typename T>
json ToArray(const std::vector<T>& all) {
  json array = json::array();
  for (const T& each : all) array.push_back(ToJson(each));
  return array;
}

absl::StatusOr<v1::ExportPersonalDataResponse> Export(ProductStore& store, const Call& call,
                                                      const v1::ExportPersonalDataRequest& request) {
  const auto account = ParseAccountName(request.name());
  if (!account) return InvalidField("name", "must be \"accounts/{uuid}\"");
  if (!call.caller.Owns(*account)) return NotFound("ACCOUNT_NOT_FOUND", "there is no such account");
  ASSIGN_OR_RETURN(const ProductStore::Holdings holdings, store.ReadHoldings(*account));
  const json document = {{"account", request.name()},
                         {"domains", ToArray(holdings.domains)},
                         {"mailboxes", ToArray(holdings.mailboxes)},
                         {"deliveries", ToArray(holdings.deliveries)}};
  v1::ExportPersonalDataResponse response;
  response.set_json_document(document.dump());
  return response;
}

}  // namespace

rpc::Service MakePersonalDataService(ProductStore& store) {
  rpc::Service service("perennial.domain_mailbox.v1.PersonalDataService");
  service.Read<v1::ExportPersonalDataRequest, v1::ExportPersonalDataResponse>(
      "ExportPersonalData", rpc::Customers(),
      [&store](const Call& call, const v1::ExportPersonalDataRequest& request) {
        return Export(store, call, request);
      });
  return service;
}

}  // namespace perennial::domain_mailbox
