#include "services/account/rpc/personal_data_handler.h"

#include <nlohmann/json.hpp>

#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"
#include "perennial/account/v1/personal_data_service.pb.h"
#include "services/account/rpc/proto_mapping.h"

namespace perennial::account {
namespace {

using Json = nlohmann::ordered_json;

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

Json ToJson(const core::Account& account) {
  return {{"name", AccountName(account.id)},
          {"email", account.email},
          {"display_name", account.display_name},
          {"language", core::CodeOf(account.language)},
          {"time_zone", account.time_zone},
          {"create_time", Rfc3339(account.created_at)},
          {"update_time", Rfc3339(account.updated_at)}};
}

Json ToJson(const core::Session& session) {
  return {{"name", MakeChildName(session.account_id, "sessions", session.id)},
          {"client_description", session.origin.description},
          {"client_address", session.origin.address},
          {"create_time", Rfc3339(session.created_at)},
          {"last_used_time", Rfc3339(session.last_used_at)},
          {"expire_time", Rfc3339(session.expires_at)}};
}

Json ToJson(const core::Notice& notice) {
  return {{"name", MakeChildName(notice.account_id, "notices", notice.id)},
          {"kind", core::NameOf(notice.kind)},
          {"language", core::CodeOf(notice.language)},
          {"subject", notice.subject},
          {"body", notice.body},
          {"create_time", Rfc3339(notice.created_at)}};
}

Json ToJson(const core::AccessLogEntry& entry) {
  return {{"create_time", Rfc3339(entry.created_at)},
          {"act", core::NameOf(entry.act)},
          {"outcome", core::NameOf(entry.outcome)},
          {"client_address", entry.origin.address},
          {"client_description", entry.origin.description}};
}

// `is_complete` tells whether the list was cut.
template <typename T>
Json ToJson(const Page<T>& page) {
  Json items = Json::array();
  for (const T& item : page.items) items.push_back(ToJson(item));
  return {{"is_complete", !page.next.has_value()}, {"items", std::move(items)}};
}

}  // namespace

std::string ToJson(const PersonalData& data) {
  const Json json = {{"account", ToJson(data.account)},
                     {"sessions", ToJson(data.sessions)},
                     {"notices", ToJson(data.notices)},
                     {"access_log", ToJson(data.access_log)}};
  return json.dump(2);
}

rpc::Service MakePersonalDataService(PersonalDataExport& personal_data) {
  using Response = v1::ExportPersonalDataResponse;
  rpc::Service service("perennial.account.v1.PersonalDataService");
  service.Read<v1::ExportPersonalDataRequest, Response>(
      "ExportPersonalData", rpc::Customers(),
      [&personal_data](const auto& call, const auto& request) -> absl::StatusOr<Response> {
        ASSIGN_OR_RETURN(const Uuid id, RequireAccountName(request.name(), "name"));
        ASSIGN_OR_RETURN(const PersonalData data, personal_data.Export(ActorOf(call), id));
        Response response;
        response.set_json_document(ToJson(data));
        return response;
      });
  return service;
}

}  // namespace perennial::account
