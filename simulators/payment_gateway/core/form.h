// The parameters of one request, in Stripe's form encoding: nested keys stay flat, `card[number]`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "simulators/payment_gateway/core/answer.h"
#include "simulators/payment_gateway/core/records.h"

namespace perennial::gateway_simulator::core {

using Form = std::map<std::string, std::string>;

// Reads parameters one by one and keeps the first mistake. What was not asked for by the time of
// Check() is an unknown parameter, as with Stripe; so a caller's typing error shows here, not in
// production. Values never appear in a message: one of them may be a card number in the wrong place.
class FormReader {
 public:
  explicit FormReader(const Form& form) : form_(form) {}

  std::string Text(std::string_view name);
  std::string RequiredText(std::string_view name);
  std::optional<int64_t> Integer(std::string_view name);
  int64_t RequiredInteger(std::string_view name);
  bool Flag(std::string_view name);

  // One of `allowed`, or empty when the parameter is not given.
  std::string Choice(std::string_view name, std::initializer_list<std::string_view> allowed);

  // All of `name[…]`, keyed by what follows the name: `metadata[a]` is a, `b[c][d]` is `c[d]`.
  Metadata Nested(std::string_view name);

  // As Nested, within Stripe's limits: 50 keys of 40 characters, values of 500.
  Metadata ReadMetadata();

  void Fail(Answer refusal);

  // The first mistake, unknown parameters included; nothing if the request is well formed.
  std::optional<Answer> Check();

 private:
  const std::string* Find(std::string_view name);

  const Form& form_;
  std::set<std::string> read_;
  std::optional<Answer> mistake_;
};

}  // namespace perennial::gateway_simulator::core
