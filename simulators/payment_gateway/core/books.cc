#include "simulators/payment_gateway/core/books.h"

namespace perennial::gateway_simulator::core {

template <typename Record>
void Books::Table<Record>::Put(const Record& record) {
  if (records.insert_or_assign(record.id, record).second) order.push_back(record.id);
}

template <typename Record>
const Record* Books::Table<Record>::Find(const std::string& id) const {
  const auto it = records.find(id);
  return it == records.end() ? nullptr : &it->second;
}

template <typename Record>
std::vector<const Record*> Books::Table<Record>::All() const {
  std::vector<const Record*> all;
  all.reserve(order.size());
  for (const std::string& id : order) all.push_back(&records.at(id));
  return all;
}

void Books::Apply(const Change& change) {
  std::visit([this](const auto& record) { Put(record); }, change);
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

std::vector<const Customer*> Books::Customers() const {
  return customers_.All();
}
std::vector<const PaymentMethod*> Books::PaymentMethods() const {
  return payment_methods_.All();
}
std::vector<const Intent*> Books::Intents() const {
  return intents_.All();
}
std::vector<const Charge*> Books::Charges() const {
  return charges_.All();
}
std::vector<const Refund*> Books::Refunds() const {
  return refunds_.All();
}

}  // namespace perennial::gateway_simulator::core
