#include "services/payment_token/rpc/personal_data_handler.h"

#include <nlohmann/json.hpp>

#include "absl/strings/strip.h"
#include "libs/base/error.h"
#include "perennial/payment_token/v1/personal_data_service.pb.h"
#include "services/payment_token/rpc/proto_mapping.h"

namespace perennial::payment_token {
namespace {

using nlohmann::json;

std::string Time(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

json ToJson(const Money& money) {
  return {{"currency_code", money.currency}, {"minor_units", money.minor}};
}

// "visa" for CARD_BRAND_VISA: the names of the contract, without their prefix.
template <typename Name>
std::string Short(const Name& name, absl::string_view prefix) {
  return absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
}

json ToJson(const core::PaymentMethod& method, absl::Time now) {
  const v1::PaymentMethod proto = ToProto(method, now);
  return {{"name", proto.name()},
          {"brand", Short(v1::CardBrand_Name(proto.card().brand()), "CARD_BRAND_")},
          {"last_four", method.card.last_four},
          {"expiry_month", method.card.expiry_month},
          {"expiry_year", method.card.expiry_year},
          {"country_code", method.card.country_code},
          {"funding", Short(v1::CardFunding_Name(proto.card().funding()), "CARD_FUNDING_")},
          {"create_time", Time(method.created_at)},
          {"last_used_time", method.last_used_at ? json(Time(*method.last_used_at)) : json()}};
}

json ToJson(const ChargeBook& book) {
  const v1::Charge charge = ToProto(book.charge);
  json refunds = json::array();
  for (const core::Refund& refund : book.refunds) {
    const v1::Refund proto = ToProto(refund);
    refunds.push_back({{"name", proto.name()},
                       {"amount", ToJson(refund.amount)},
                       {"state", Short(v1::RefundState_Name(proto.state()), "REFUND_STATE_")},
                       {"create_time", Time(refund.created_at)}});
  }
  return {{"name", charge.name()},
          {"order", charge.order()},
          {"payment_method", charge.payment_method()},
          {"payment_description", charge.payment_description()},
          {"description", book.charge.request.description},
          {"amount", ToJson(book.charge.request.amount)},
          {"state", Short(v1::ChargeState_Name(charge.state()), "CHARGE_STATE_")},
          {"decline_code", core::CodeForCustomer(book.charge.decline_code)},
          {"create_time", Time(book.charge.created_at)},
          {"refunds", std::move(refunds)}};
}

absl::StatusOr<v1::ExportPersonalDataResponse> Export(PaymentMethods& methods, Charges& charges,
                                                      const Caller& caller,
                                                      const v1::ExportPersonalDataRequest& request) {
  ASSIGN_OR_RETURN(const Uuid account_id, ReadAccountName(request.name(), "name"));
  // Says ACCOUNT_NOT_FOUND for an account that is not the caller's.
  ASSIGN_OR_RETURN(const auto held, methods.List(caller, account_id, std::nullopt, 0));
  ASSIGN_OR_RETURN(const auto books, charges.Books(account_id, std::nullopt, 0));
  json document = {{"payment_methods", json::array()}, {"charges", json::array()}};
  for (const core::PaymentMethod& method : held)
    document["payment_methods"].push_back(ToJson(method, methods.Now()));
  for (const ChargeBook& book : books) document["charges"].push_back(ToJson(book));
  v1::ExportPersonalDataResponse response;
  response.set_json_document(document.dump(2));
  return response;
}

}  // namespace

rpc::Service MakePersonalDataService(PaymentMethods& methods, Charges& charges) {
  rpc::Service service("perennial.payment_token.v1.PersonalDataService");
  service.Read<v1::ExportPersonalDataRequest, v1::ExportPersonalDataResponse>(
      "ExportPersonalData", rpc::Customers(),
      [&methods, &charges](const rpc::Call& call, const v1::ExportPersonalDataRequest& request) {
        return Export(methods, charges, call.caller, request);
      });
  return service;
}

}  // namespace perennial::payment_token
