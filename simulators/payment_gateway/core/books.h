// Everything the simulator knows, in memory: the journal, played.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "simulators/payment_gateway/core/records.h"

namespace perennial::gateway_simulator::core {

class Books {
 public:
  // Inserts the record or replaces the one with its id.
  void Apply(const Change& change);

  // By id; nullptr if there is none. Pointers are good until the next Apply.
  const Customer* FindCustomer(const std::string& id) const;  // not the deleted ones
  const Customer* FindAnyCustomer(const std::string& id) const;
  const PaymentMethod* FindPaymentMethod(const std::string& id) const;
  const Intent* FindIntent(const std::string& id) const;
  const Refund* FindRefund(const std::string& id) const;

  // In the order of their creation.
  std::vector<const Customer*> Customers() const;
  std::vector<const PaymentMethod*> PaymentMethods() const;
  std::vector<const Intent*> Intents() const;
  std::vector<const Charge*> Charges() const;
  std::vector<const Refund*> Refunds() const;

 private:
  template <typename Record>
  struct Table {
    std::map<std::string, Record> records;
    std::vector<std::string> order;

    void Put(const Record& record);
    const Record* Find(const std::string& id) const;
    std::vector<const Record*> All() const;
  };

  void Put(const Customer& record) { customers_.Put(record); }
  void Put(const PaymentMethod& record) { payment_methods_.Put(record); }
  void Put(const Intent& record) { intents_.Put(record); }
  void Put(const Charge& record) { charges_.Put(record); }
  void Put(const Refund& record) { refunds_.Put(record); }

  Table<Customer> customers_;
  Table<PaymentMethod> payment_methods_;
  Table<Intent> intents_;
  Table<Charge> charges_;
  Table<Refund> refunds_;
};

}  // namespace perennial::gateway_simulator::core
