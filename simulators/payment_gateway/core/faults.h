// Failures that a test orders. They live in memory only: a restarted simulator is well again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulators/payment_gateway/core/api.h"

namespace perennial::gateway_simulator::core {

enum class FaultAction {
  kDecline,              // the issuer declines with `code`
  kTimeoutAfterCapture,  // executed and remembered; no answer, connection dropped after `ms`
  kError500Before,       // 500, nothing executed, nothing remembered
  kError500After,        // executed; the answer is a 500, and remembered as such (as Stripe does)
  kLate,                 // executed and remembered, answered after `ms`; until then the key is in use
  kDropConnection,       // connection dropped, nothing executed
  kLockTimeout,          // 429, nothing executed: another request holds what this one is about
  kSentTwice,            // the request arrives again after it was executed; answered is the second
  kSentTwiceAtOnce,      // the same, but the second arrives while the first is under way
  kAnsweredTwice,        // executed once; its answer is written again `ms` later, before the next one
};

std::string_view NameOf(FaultAction action);

struct Fault {
  FaultAction action = FaultAction::kDecline;
  std::string code;
  int64_t ms = 0;
  int64_t count = 1;  // requests left to fail

  std::string method = "POST";
  std::string path = "/v1/payment_intents";  // and everything below
  std::string payment_method_last4;          // empty: any
  std::string customer;                      // empty: any
};

// The fields by which a fault finds its request.
struct RequestFacts {
  std::string method;
  std::string path;
  std::string payment_method_last4;
  std::string customer;
};
RequestFacts FactsOf(const Books& books, const Request& request);

// From the body of POST /_control/faults.
Expected<Fault> ParseFault(const nlohmann::json& body);
nlohmann::json Render(const Fault& fault);

class FaultPlan {
 public:
  void Add(Fault fault) { faults_.push_back(std::move(fault)); }
  void Clear() { faults_.clear(); }
  const std::vector<Fault>& faults() const { return faults_; }

  // The first fault that fits, one of its count used up.
  std::optional<Fault> Take(const RequestFacts& facts);

 private:
  std::vector<Fault> faults_;
};

}  // namespace perennial::gateway_simulator::core
