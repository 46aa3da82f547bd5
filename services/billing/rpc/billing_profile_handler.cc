#include "services/billing/rpc/billing_profile_handler.h"

#include "services/billing/rpc/proto_mapping.h"

namespace perennial::billing {

rpc::Service MakeBillingProfileService(BillingProfiles& profiles) {
  rpc::Service service("perennial.billing.v1.BillingProfileService");
  service.Read<v1::GetBillingProfileRequest, v1::BillingProfile>(
      "GetBillingProfile", rpc::Customers(),
      [&profiles](const rpc::Call& call,
                  const v1::GetBillingProfileRequest& request) -> absl::StatusOr<v1::BillingProfile> {
        ASSIGN_OR_RETURN(const Uuid account_id, ProfileAccountFromProto(request.name(), "name"));
        ASSIGN_OR_RETURN(const core::BillingProfile profile, profiles.Get(call.caller, account_id));
        return ToProto(account_id, profile);
      });
  service.Mutate<v1::UpdateBillingProfileRequest, v1::BillingProfile>(
      "UpdateBillingProfile", rpc::Customers(),
      [&profiles](const rpc::Call& call,
                  const v1::UpdateBillingProfileRequest& request) -> absl::StatusOr<v1::BillingProfile> {
        ASSIGN_OR_RETURN(const Uuid account_id,
                         ProfileAccountFromProto(request.billing_profile().name(), "billing_profile.name"));
        ASSIGN_OR_RETURN(const ProfileChange change, FromProto(request));
        ASSIGN_OR_RETURN(const core::BillingProfile profile,
                         profiles.Update(call.caller, account_id, change));
        return ToProto(account_id, profile);
      });
  return service;
}

}  // namespace perennial::billing
