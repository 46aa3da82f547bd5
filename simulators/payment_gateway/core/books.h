// Everything the simulator knows, in memory: the journal, played.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "simulators/payment_gateway/core/records.h"

namespace perennial::gateway_simulator::core {

// Records of a kind, in the order of their creation.
template <typename Record>
class Table {
 public:
  // A record keeps its place and its address for good.
  void Put(Record record) {
    const auto [place, is_new] = places_.try_emplace(record.id, records_.size());
    if (is_new)
      records_.push_back(std::move(record));
    else
      records_[place->second] = std::move(record);
  }
  const Record* Find(const std::string& id) const {
    const auto place = places_.find(id);
    return place == places_.end() ? nullptr : &records_[place->second];
  }
  // How many were made before this one and with it; nothing if there is none of this id.
  std::optional<size_t> CountThrough(const std::string& id) const {
    const auto place = places_.find(id);
    return place == places_.end() ? std::nullopt : std::optional(place->second + 1);
  }
  size_t size() const { return records_.size(); }
  const Record& operator[](size_t place) const { return records_[place]; }
  auto begin() const { return records_.begin(); }
  auto end() const { return records_.end(); }

 private:
  std::deque<Record> records_;
  std::unordered_map<std::string, size_t> places_;
};

class Books {
 public:
  // Inserts the record or replaces the one with its id.
  void Apply(Change change);

  // By id; nullptr if there is none. Pointers are good until the next Apply.
  const Customer* FindCustomer(const std::string& id) const;  // not the deleted ones
  const Customer* FindAnyCustomer(const std::string& id) const;
  const PaymentMethod* FindPaymentMethod(const std::string& id) const;
  const Intent* FindIntent(const std::string& id) const;
  const Refund* FindRefund(const std::string& id) const;

  // In the order of their creation.
  const Table<Customer>& Customers() const { return customers_; }
  const Table<PaymentMethod>& PaymentMethods() const { return payment_methods_; }
  const Table<Intent>& Intents() const { return intents_; }
  const Table<Charge>& Charges() const { return charges_; }
  const Table<Refund>& Refunds() const { return refunds_; }

 private:
  void Put(Customer record) { customers_.Put(std::move(record)); }
  void Put(PaymentMethod record) { payment_methods_.Put(std::move(record)); }
  void Put(Intent record) { intents_.Put(std::move(record)); }
  void Put(Charge record) { charges_.Put(std::move(record)); }
  void Put(Refund record) { refunds_.Put(std::move(record)); }

  Table<Customer> customers_;
  Table<PaymentMethod> payment_methods_;
  Table<Intent> intents_;
  Table<Charge> charges_;
  Table<Refund> refunds_;
};

}  // namespace perennial::gateway_simulator::core
