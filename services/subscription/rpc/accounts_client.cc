#include "services/subscription/rpc/accounts_client.h"

#include <set>

#include "libs/base/resource_name.h"
#include "perennial/account/v1/account_directory_service.pb.h"

namespace perennial::subscription {

absl::StatusOr<std::map<Uuid, AccountProfile>> AccountsClient::Find(const std::vector<Uuid>& account_ids) {
  account::v1::BatchGetAccountsRequest request;
  const std::set<Uuid> distinct(account_ids.begin(), account_ids.end());
  for (const Uuid& id : distinct) request.add_names(AccountName(id));
  ASSIGN_OR_RETURN(const auto response,
                   peer_.Call<account::v1::BatchGetAccountsResponse>(
                       "perennial.account.v1.AccountDirectoryService/BatchGetAccounts", request));
  std::map<Uuid, AccountProfile> profiles;
  for (const auto& each : response.account_profiles()) {
    const auto id = ParseAccountName(each.name());
    if (!id) continue;
    profiles[*id] = {{each.language(), each.time_zone()}, each.state() == account::v1::ACCOUNT_STATE_DELETED};
  }
  return profiles;
}

}  // namespace perennial::subscription
