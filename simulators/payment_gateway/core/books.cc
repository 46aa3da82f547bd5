#include "simulators/payment_gateway/core/books.h"

namespace perennial::gateway_simulator::core {

void Books::Apply(Change change) {
  std::visit([this](auto& record) { Put(std::move(record)); }, change);
}

const Customer* Books::FindCustomer(const std::string& id) const {
  const Customer* customer = FindAnyCustomer(id);
  return customer != nullptr && !customer->deleted ? customer : nullptr;
}
const Customer* Books::FindAnyCustomer(const std::string& id) const {
  return customers_.Find(id);
}
const PaymentMethod* Books::FindPaymentMethod(const std::string& id) const {
  return payment_methods_.Find(id);
}
const Intent* Books::FindIntent(const std::string& id) const {
  return intents_.Find(id);
}
const Refund* Books::FindRefund(const std::string& id) const {
  return refunds_.Find(id);
}

}  // namespace perennial::gateway_simulator::core
