#include "libs/base/error.h"
#include "libs/rpc/proto_values.h"
#include "perennial/subscription/v1/catalogue_service.pb.h"
#include "services/subscription/rpc/handlers.h"
#include "services/subscription/rpc/proto_mapping.h"

namespace perennial::subscription {
namespace {

absl::Status CheckCurrency(const core::Catalogue& catalogue, const std::string& currency) {
  if (currency.empty() || catalogue.SellsIn(currency)) return absl::OkStatus();
  return AtField(Refusal(absl::StatusCode::kInvalidArgument, "CURRENCY_NOT_OFFERED",
                         "there are no prices in this currency"),
                 "currency_code");
}

v1::DomainPrice ToProto(const core::DomainPrice& price) {
  v1::DomainPrice proto;
  proto.set_tld(price.tld);
  *proto.mutable_register_price() = rpc::ToProto(price.register_year);
  *proto.mutable_renew_price() = rpc::ToProto(price.renew_year);
  *proto.mutable_redemption_price() = rpc::ToProto(price.redemption);
  proto.set_years_max(price.years_max);
  return proto;
}

}  // namespace

rpc::Service MakeCatalogueService(const core::Catalogue& catalogue) {
  rpc::Service service("perennial.subscription.v1.CatalogueService");
  service.Read<v1::ListPlansRequest, v1::ListPlansResponse>(
      "ListPlans", rpc::Public(),
      [&](const auto&, const auto& request) -> absl::StatusOr<v1::ListPlansResponse> {
        RETURN_IF_ERROR(CheckCurrency(catalogue, request.currency_code()));
        v1::ListPlansResponse response;
        for (const core::Plan& plan : catalogue.plans()) {
          if (!plan.retired) *response.add_plans() = ToPlanProto(plan, request.currency_code());
        }
        return response;
      });
  service.Read<v1::GetPlanRequest, v1::Plan>(
      "GetPlan", rpc::Public(), [&](const auto&, const auto& request) -> absl::StatusOr<v1::Plan> {
        ASSIGN_OR_RETURN(const std::string id, PlanFromProto(request.name()));
        ASSIGN_OR_RETURN(const core::Plan plan, catalogue.FindPlan(id));
        return ToPlanProto(plan, "");
      });
  service.Read<v1::ListDomainPricesRequest, v1::ListDomainPricesResponse>(
      "ListDomainPrices", rpc::Public(),
      [&](const auto&, const auto& request) -> absl::StatusOr<v1::ListDomainPricesResponse> {
        RETURN_IF_ERROR(CheckCurrency(catalogue, request.currency_code()));
        v1::ListDomainPricesResponse response;
        for (const core::DomainPrice& price : catalogue.domains()) {
          const bool wanted =
              request.currency_code().empty() || price.register_year.currency == request.currency_code();
          if (wanted && !price.retired) *response.add_domain_prices() = ToProto(price);
        }
        return response;
      });
  service.Read<v1::ListMailboxPricesRequest, v1::ListMailboxPricesResponse>(
      "ListMailboxPrices", rpc::Public(),
      [&](const auto&, const auto& request) -> absl::StatusOr<v1::ListMailboxPricesResponse> {
        RETURN_IF_ERROR(CheckCurrency(catalogue, request.currency_code()));
        v1::ListMailboxPricesResponse response;
        for (const core::CyclePrice& price : catalogue.mailboxes()) {
          if (!request.currency_code().empty() && price.price.currency != request.currency_code()) continue;
          v1::MailboxPrice* added = response.add_mailbox_prices();
          added->mutable_price()->set_cycle_months(price.cycle_months);
          *added->mutable_price()->mutable_price() = rpc::ToProto(price.price);
          added->set_quota_mib(catalogue.mailbox_quota_mib());
        }
        return response;
      });
  return service;
}

}  // namespace perennial::subscription
