// What the simulator remembers. Each record is written whole to the journal whenever it changes, so
// nothing here may hold a card's number or security code (R21).
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

namespace perennial::gateway_simulator::core {

using Metadata = std::map<std::string, std::string>;

struct Customer {
  std::string id;
  int64_t created = 0;  // Unix seconds, here and below
  std::string email;
  std::string name;
  std::string description;
  Metadata metadata;
  bool deleted = false;
};

struct PaymentMethod {
  std::string id;
  int64_t created = 0;
  std::string brand;
  std::string last4;
  int64_t exp_month = 0;
  int64_t exp_year = 0;
  std::string funding;
  std::string country;
  std::string fingerprint;  // keyed hash of the number; equal for equal cards
  std::string behaviour;    // a name known to behaviour.h
  bool cvc_given = false;
  Metadata billing_details;  // flat: name, email, phone, address[country], …
  Metadata metadata;
  std::string customer;  // empty: not attached
  bool spent = false;    // detached, or charged without being attached: of no further use
  bool set_up = false;   // authenticated on session with setup_future_usage: good for off session
};

struct Intent {
  std::string id;
  int64_t created = 0;
  int64_t amount = 0;  // minor units
  std::string currency;
  std::string customer;
  std::string payment_method;
  std::string description;
  Metadata metadata;
  std::string setup_future_usage;
  std::string status;  // Stripe's: requires_payment_method, …, succeeded, canceled
  std::string client_secret;
  std::string return_url;
  std::string latest_charge;
  int64_t amount_received = 0;
  int64_t amount_refunded = 0;
  int64_t canceled_at = 0;
  std::string cancellation_reason;
  nlohmann::json last_payment_error;  // as it is rendered, or null
};

// One attempt to take money. The captured ones are the money taken: counted here, on their own, so
// that an intent captured twice would show.
struct Charge {
  std::string id;
  int64_t created = 0;
  std::string payment_intent;
  std::string customer;
  std::string payment_method;
  std::string last4;
  int64_t amount = 0;
  std::string currency;
  bool captured = false;
  std::string decline;  // why not
  Metadata metadata;    // the intent's, as it was then
};

struct Refund {
  std::string id;
  int64_t created = 0;
  std::string payment_intent;
  std::string charge;
  int64_t amount = 0;
  std::string currency;
  std::string reason;
  Metadata metadata;
};

// A record in its new state.
using Change = std::variant<Customer, PaymentMethod, Intent, Charge, Refund>;

nlohmann::json ToJson(const Change& change);

// Throws std::exception on anything but what ToJson wrote.
Change ChangeFromJson(const nlohmann::json& json);

}  // namespace perennial::gateway_simulator::core
