#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/payment_token/gateways/form.h"
#include "services/payment_token/gateways/http_loop.h"
#include "services/payment_token/gateways/http_transfer.h"

namespace perennial::payment_token {

// Talks to one host. Waits until the CallScope's deadline, less what it takes to record the answer, and never
// longer than `longest`. Thread-safe.
class HttpClient {
 public:
  struct Options {
    std::string url;      // "http://127.0.0.1:7190", without a path
    std::string api_key;  // goes as a bearer token
    absl::Duration longest;
    int connections = 1;  // requests under way at once, of all threads
  };
  explicit HttpClient(Options options);

  HttpResult Get(const std::string& path) { return Send({"GET", path, "", ""}); }
  HttpResult Delete(const std::string& path) { return Send({"DELETE", path, "", ""}); }
  // `idempotency_key`: empty for none.
  HttpResult Post(const std::string& path, const Form& form, const std::string& idempotency_key) {
    return Send({"POST", path, std::string(form.text()), idempotency_key});
  }
  // As Post, over a connection of its own whose buffers are wiped at once: for card data (R21).
  HttpResult PostSecret(const std::string& path, const Form& form, const std::string& idempotency_key);

  // Many side by side, as of HttpLoop.
  void SendAll(const std::vector<HttpRequest>& requests, absl::Time until, const TakeHttpDone& take) {
    loop_.Send(requests, until, take);
  }
  // Until when what is sent now is waited for.
  absl::Time Until() const;

 private:
  HttpResult Send(HttpRequest request);

  const Options options_;
  const std::string authorization_;
  HttpLoop loop_;
};

}  // namespace perennial::payment_token
