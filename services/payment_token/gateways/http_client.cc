#include "services/payment_token/gateways/http_client.h"

#include <curl/curl.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"

namespace perennial::payment_token {
namespace {

// What must be left of a call's time to record the answer.
constexpr absl::Duration kTimeToRecord = absl::Milliseconds(500);

}  // namespace

HttpClient::HttpClient(Options options)
    : options_(std::move(options)),
      authorization_(absl::StrCat("Authorization: Bearer ", options_.api_key)),
      loop_(options_.url, authorization_, options_.connections) {}

absl::Time HttpClient::Until() const {
  const absl::Time longest = absl::Now() + options_.longest;
  const CallScope* scope = CallScope::Current();
  return scope == nullptr ? longest : std::min(longest, scope->deadline() - kTimeToRecord);
}

HttpResult HttpClient::Send(HttpRequest request) {
  HttpResult result;
  SendAll({std::move(request)}, Until(), [&](const std::vector<HttpDone>& done) { result = done[0].result; });
  return result;
}

HttpResult HttpClient::PostSecret(const std::string& path, const Form& form,
                                  const std::string& idempotency_key) {
  const absl::Duration left = Until() - absl::Now();
  if (left < absl::Milliseconds(1)) return HttpFailure{false, "no time left"};
  HttpTransfer transfer(authorization_);
  transfer.Begin("POST", absl::StrCat(options_.url, path), form.text(), idempotency_key, left);
  return transfer.End(curl_easy_perform(transfer.handle()));
}

}  // namespace perennial::payment_token
