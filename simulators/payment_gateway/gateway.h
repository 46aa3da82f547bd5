// One simulated payment gateway: decides with core/, remembers with journal/, and carries out faults.
//
// For one thread. What was decided is on disk after the next Sync, and must not be told to anybody before.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "simulators/payment_gateway/core/api.h"
#include "simulators/payment_gateway/core/faults.h"
#include "simulators/payment_gateway/core/idempotency.h"
#include "simulators/payment_gateway/journal/journal.h"

namespace perennial::gateway_simulator {

struct GatewayRequest {
  core::Request request;
  std::string idempotency_key;  // empty: none given
  std::string body;             // as sent; read only by /_control
};

struct GatewayReply {
  core::Answer answer;
  std::string text;                       // the answer's body
  std::string route;                      // the pattern of the path, fit for a log
  std::string fault;                      // the name of the fault that it met; empty: none
  bool replayed = false;                  // the saved answer of an earlier request with this idempotency key
  int64_t wait_ms = 0;                    // to be waited before it is sent
  bool drop = false;                      // close the connection instead of answering
  std::string held_key;                   // still in use: to be given to Release when the reply is on its way
  std::optional<int64_t> again_after_ms;  // to be written once more on its connection, so much later
};

class Gateway {
 public:
  // Replays the journal. `now_s` is the clock, in Unix time.
  static absl::StatusOr<std::unique_ptr<Gateway>> Open(const std::string& folder,
                                                       std::function<int64_t()> now_s);

  GatewayReply Handle(const GatewayRequest& request);
  void Release(const std::string& idempotency_key);
  void Sync() { journal_->Sync(); }

 private:
  Gateway(std::unique_ptr<Journal> journal, std::string hash_key, std::function<int64_t()> now_s);

  GatewayReply HandleApi(const GatewayRequest& request);
  GatewayReply HandleBadly(const GatewayRequest& request, const core::Fault& fault);
  GatewayReply HandleOnce(const GatewayRequest& request, const std::optional<core::Fault>& fault);
  GatewayReply HandleTwiceAtOnce(const GatewayRequest& request);
  GatewayReply HandleControl(const GatewayRequest& request);
  GatewayReply Run(const core::Request& request, const std::optional<core::Fault>& fault,
                   const std::optional<core::KeyedRequest>& keyed);
  core::Answer ControlFaults(const GatewayRequest& request);

  core::Context MakeContext() const;
  std::optional<core::KeyedRequest> Keyed(const GatewayRequest& request) const;

  // Journal first, books second. False if the journal could not be written: then nothing has changed.
  bool Commit(std::vector<core::Change> changes, std::optional<core::SavedAnswer> saved);
  absl::Status Replay();
  void Apply(std::vector<core::Change> changes, std::optional<core::SavedAnswer> saved);

  const std::string hash_key_;
  const std::function<int64_t()> now_s_;

  std::unique_ptr<Journal> journal_;
  core::Books books_;
  core::IdempotencyTable keys_;
  core::FaultPlan faults_;
};

}  // namespace perennial::gateway_simulator
