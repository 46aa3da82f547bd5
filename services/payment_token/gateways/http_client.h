#pragma once

#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/payment_token/gateways/form.h"

namespace perennial::payment_token {

struct HttpAnswer {
  int status = 0;
  std::string body;
  std::string request_id;  // the gateway's, for support
  bool replayed = false;   // an earlier answer, given again for the same idempotency key
  int times_sent = 0;      // more than once: a kept connection broke and libcurl sent it again over another
};

// No answer. `may_have_arrived` is false only if no byte of the request left.
struct HttpFailure {
  bool may_have_arrived = true;
  std::string why;
};

using HttpResult = std::variant<HttpAnswer, HttpFailure>;

// Talks to one host over connections that are kept, one a thread. On these an answer counts only for the
// request whose key it bears; a request without a key gets a connection of its own. Waits until the
// CallScope's deadline, less what it takes to record the answer, and never longer than `longest`.
// Thread-safe.
class HttpClient {
 public:
  // `url`: "http://127.0.0.1:7190", without a path. `api_key` goes as a bearer token.
  HttpClient(std::string url, std::string api_key, absl::Duration longest);

  HttpResult Get(const std::string& path) { return Send("GET", path, nullptr, ""); }
  HttpResult Delete(const std::string& path) { return Send("DELETE", path, nullptr, ""); }
  // `idempotency_key`: empty for none.
  HttpResult Post(const std::string& path, const Form& form, const std::string& idempotency_key) {
    return Send("POST", path, &form, idempotency_key);
  }
  // As Post, over a connection of its own whose buffers are wiped at once: for card data (R21).
  HttpResult PostSecret(const std::string& path, const Form& form, const std::string& idempotency_key);

 private:
  HttpResult Send(const char* method, const std::string& path, const Form* form,
                  const std::string& idempotency_key);
  HttpResult SendWith(void* handle, const char* method, const std::string& path, const Form* form,
                      const std::string& idempotency_key);

  const std::string url_;
  const std::string authorization_;
  const absl::Duration longest_;
};

}  // namespace perennial::payment_token
