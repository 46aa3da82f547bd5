#pragma once

#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "libs/telemetry/metrics.h"
#include "services/payment_token/app/ports.h"
#include "services/payment_token/gateways/http_client.h"
#include "services/payment_token/gateways/stripe_answers.h"

namespace perennial::payment_token {

// Speaks Stripe's HTTP API, https://docs.stripe.com/api.
class StripeGateway final : public PaymentGateway {
 public:
  struct Options {
    std::string url;                             // "http://127.0.0.1:7190"
    std::string api_key;                         // goes as a bearer token
    std::string return_url;                      // where a customer lands after a challenge
    absl::Duration longest = absl::Seconds(15);  // less than the lease of app/charges.cc
    int connections = 50;                        // requests under way at once
  };
  StripeGateway(Options options, telemetry::Metrics& metrics);

  CustomerOutcome CreateCustomer(const Uuid& account_id) override;
  RemovalOutcome DeleteCustomer(const std::string& customer) override;
  TokeniseOutcome Tokenise(const core::CardEntry& card, const Uuid& key) override;
  TokeniseOutcome Attach(const GatewayCard& card, const std::string& customer, const Uuid& key) override;
  RemovalOutcome Detach(const std::string& token) override;
  void AskCharges(const std::vector<ChargeOrder>& orders, const TakeChargeAnswers& take) override;
  core::RefundOutcome Refund(const RefundOrder& order) override;
  core::RefundOutcome AskRefund(const std::string& reference) override;
  core::RefundOutcome FindRefund(const RefundOrder& order) override;
  ListingOutcome ListMovements(MovementKind kind, absl::Time since, const std::string& after,
                               int limit) override;

 private:
  // Sends, measures, logs what an operator must see, and parses.
  stripe::Parsed Ask(const char* operation, const std::function<HttpResult()>& send);
  stripe::Parsed Understand(const char* operation, const HttpResult& result, absl::Duration took);
  // What came of removing the object at `path`.
  RemovalOutcome Removal(const std::string& path, const stripe::Parsed& parsed);
  // What to send for a step, and what its answer means: an outcome, or another step that will tell.
  HttpRequest RequestOf(const ChargeOrder& order, core::NextStep step) const;
  using ChargeReading = std::variant<core::ChargeOutcome, core::NextStep>;
  ChargeReading Read(const ChargeOrder& order, core::NextStep step, const stripe::Parsed& parsed) const;
  core::RefundOutcome RefundAfter(const RefundOrder& order, const stripe::Error& error);

  const Options options_;
  HttpClient http_;
  std::map<std::string, telemetry::Histogram*> seconds_;  // by operation
};

}  // namespace perennial::payment_token
