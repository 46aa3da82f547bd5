#pragma once

#include <functional>
#include <string>

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
  };
  StripeGateway(Options options, telemetry::Metrics& metrics);

  CustomerOutcome CreateCustomer(const Uuid& account_id) override;
  RemovalOutcome DeleteCustomer(const std::string& customer) override;
  TokeniseOutcome Tokenise(const core::CardEntry& card, const Uuid& key) override;
  TokeniseOutcome Attach(const GatewayCard& card, const std::string& customer, const Uuid& key) override;
  RemovalOutcome Detach(const std::string& token) override;
  core::ChargeOutcome Charge(const ChargeOrder& order) override;
  core::ChargeOutcome AskCharge(const std::string& reference) override;
  core::ChargeOutcome FindCharge(const Uuid& charge_id) override;
  core::ChargeOutcome CancelCharge(const std::string& reference) override;
  core::RefundOutcome Refund(const RefundOrder& order) override;
  core::RefundOutcome AskRefund(const std::string& reference) override;
  core::RefundOutcome FindRefund(const RefundOrder& order) override;
  ListingOutcome ListMovements(MovementKind kind, absl::Time since, const std::string& after,
                               int limit) override;

 private:
  // Sends, measures, logs what an operator must see, and parses.
  stripe::Parsed Ask(const char* operation, const std::function<HttpResult()>& send);
  // What came of removing the object at `path`.
  RemovalOutcome Removal(const std::string& path, const stripe::Parsed& parsed);
  core::ChargeOutcome ChargeAfter(const ChargeOrder& order, const stripe::Error& error);
  core::RefundOutcome RefundAfter(const RefundOrder& order, const stripe::Error& error);

  const Options options_;
  HttpClient http_;
  telemetry::Metrics& metrics_;
};

}  // namespace perennial::payment_token
