#include "services/billing/rpc/billing_profile_handler.h"

#include "services/billing/rpc/proto_mapping.h"

namespace perennial::billing {
namespace {

struct NamedChange {
  Uuid account_id;
  ProfileChange change;
};

absl::StatusOr<NamedChange> ReadChange(const v1::UpdateBillingProfileRequest& request) {
  NamedChange named;
  ASSIGN_OR_RETURN(named.account_id,
                   ProfileAccountFromProto(request.billing_profile().name(), "billing_profile.name"));
  ASSIGN_OR_RETURN(named.change, FromProto(request));
  return named;
}

}  // namespace

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
  service.Mutate<v1::UpdateBillingProfileRequest, v1::BillingProfile, std::optional<AskedTaxId>>(
      "UpdateBillingProfile", rpc::Customers(),
      rpc::Mutation<v1::UpdateBillingProfileRequest, v1::BillingProfile, std::optional<AskedTaxId>>{
          .prepare = [&profiles](const rpc::Call& call, const v1::UpdateBillingProfileRequest& request)
              -> absl::StatusOr<std::optional<AskedTaxId>> {
            ASSIGN_OR_RETURN(const NamedChange change, ReadChange(request));
            return profiles.Ask(call.caller, change.account_id, change.change);
          },
          .commit = [&profiles](
                        const rpc::Call& call, const v1::UpdateBillingProfileRequest& request,
                        const std::optional<AskedTaxId>& asked) -> absl::StatusOr<v1::BillingProfile> {
            ASSIGN_OR_RETURN(const NamedChange change, ReadChange(request));
            ASSIGN_OR_RETURN(const core::BillingProfile profile,
                             profiles.Update(call.caller, change.account_id, change.change, asked));
            return ToProto(change.account_id, profile);
          },
          .finish = {}});
  return service;
}

}  // namespace perennial::billing
