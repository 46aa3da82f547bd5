#pragma once

#include <atomic>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/billing/app/ports.h"

namespace perennial::billing {

// The EU's VAT Information Exchange System, over its REST API
// (https://ec.europa.eu/taxation_customs/vies/#/technical-information). Thread-safe.
class ViesRegistry final : public TaxIdRegistry {
 public:
  // `url`: "https://ec.europa.eu/taxation_customs/vies/rest-api". `requester`: the seller's tax id, so that
  // the answer carries a consultation number. Waits no longer than `longest`. At most two ids are asked about
  // at once; others have no answer, so that a VIES that hangs does not hold up all workers of the service.
  ViesRegistry(std::string url, std::string requester, absl::Duration longest = absl::Seconds(4));

  core::TaxIdAnswer Ask(const std::string& tax_id) override;

 private:
  core::TaxIdAnswer Send(const std::string& tax_id) const;

  const std::string url_;
  const std::string requester_;
  const absl::Duration longest_;
  std::atomic<int> under_way_{0};
};

// What an answer means. Only a clear yes or no is one: member states are often away, and say so with 200 too.
core::TaxIdAnswer ReadViesAnswer(int http_status, absl::string_view body);

}  // namespace perennial::billing
