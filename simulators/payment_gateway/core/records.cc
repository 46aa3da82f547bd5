#include "simulators/payment_gateway/core/records.h"

#include <stdexcept>
#include <utility>

namespace perennial::gateway_simulator::core {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Customer, id, created, email, name, description, metadata, deleted)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PaymentMethod, id, created, brand, last4, exp_month, exp_year, funding,
                                   country, fingerprint, behaviour, cvc_given, billing_details, metadata,
                                   customer, spent, set_up)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Intent, id, created, amount, currency, customer, payment_method,
                                   description, metadata, setup_future_usage, status, client_secret,
                                   return_url, latest_charge, amount_received, amount_refunded, canceled_at,
                                   cancellation_reason, last_payment_error)
// Journals from before have no metadata here.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Charge, id, created, payment_intent, customer, payment_method,
                                                last4, amount, currency, captured, decline, metadata)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Refund, id, created, payment_intent, charge, amount, currency, reason,
                                   metadata)

namespace {

template <typename Record>
constexpr const char* kKind = nullptr;
template <>
constexpr const char* kKind<Customer> = "customer";
template <>
constexpr const char* kKind<PaymentMethod> = "payment_method";
template <>
constexpr const char* kKind<Intent> = "payment_intent";
template <>
constexpr const char* kKind<Charge> = "charge";
template <>
constexpr const char* kKind<Refund> = "refund";

template <size_t kIndex = 0>
Change FromKind(const std::string& kind, const nlohmann::json& record) {
  if constexpr (kIndex < std::variant_size_v<Change>) {
    using Record = std::variant_alternative_t<kIndex, Change>;
    if (kind == kKind<Record>) return record.get<Record>();
    return FromKind<kIndex + 1>(kind, record);
  } else {
    throw std::invalid_argument("unknown kind of record: " + kind);
  }
}

}  // namespace

nlohmann::json ToJson(const Change& change) {
  return std::visit(
      [](const auto& record) -> nlohmann::json {
        return {{"kind", kKind<std::decay_t<decltype(record)>>}, {"record", record}};
      },
      change);
}

Change ChangeFromJson(const nlohmann::json& json) {
  return FromKind(json.at("kind").get<std::string>(), json.at("record"));
}

}  // namespace perennial::gateway_simulator::core
