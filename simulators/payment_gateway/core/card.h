// What a card number means to the simulator.
//
// Owns: the table of Stripe's public test cards, and the checks that a card's data pass before it
// becomes a payment method. Does not own: what happens when the card is charged (behaviour.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "simulators/payment_gateway/core/answer.h"

namespace perennial::gateway_simulator::core {

// One of Stripe's public test cards, and all numbers that differ from it in the account's digits only: Stripe
// has few, and many customers with one card are no customers with a card each. The number is a key of the
// table and never leaves it.
struct TestCard {
  std::string_view number;
  std::string_view brand;
  std::string_view funding;    // credit | debit | prepaid
  std::string_view country;    // ISO 3166-1 alpha-2
  std::string_view behaviour;  // a name known to behaviour.h
};

// The card data of one request, as typed; it lives only as long as the request.
struct CardData {
  std::string number;
  int64_t exp_month = 0;
  int64_t exp_year = 0;  // two digits mean 20xx
  std::string cvc;       // empty when not given
};

bool PassesLuhn(std::string_view digits);

// Checks a card in the order in which Stripe names the mistakes, and finds it in the table. On
// success `data` is normalised (digits only, four-digit year). `now_s` is Unix time.
Expected<TestCard> CheckCard(CardData& data, int64_t now_s);

// True when a card is past the last day of its month of expiry, in UTC.
bool HasExpired(int64_t exp_month, int64_t exp_year, int64_t now_s);

}  // namespace perennial::gateway_simulator::core
