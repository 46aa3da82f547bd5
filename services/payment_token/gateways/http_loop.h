#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/payment_token/gateways/http_transfer.h"

namespace perennial::payment_token {

struct HttpRequest {
  const char* method = "GET";
  std::string path;
  std::string form;             // of a POST
  std::string idempotency_key;  // empty for none
};

// What came of a request, by its place among those that were sent together.
struct HttpDone {
  size_t place = 0;
  HttpResult result;
  absl::Duration took;
};
using TakeHttpDone = std::function<void(const std::vector<HttpDone>&)>;

// Sends requests side by side over connections that are kept: one thread for all of them, woken by what
// arrives, because libcurl's own loop looks at each of hundreds of connections each time. Thread-safe.
class HttpLoop {
 public:
  // At most `connections` requests are under way at once, whoever sent them. Others wait; those that came
  // alone go before those of a batch: a person waits for them. After an answer 429 batches pause.
  HttpLoop(std::string url, std::string authorization, int connections);
  ~HttpLoop();
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  // Returns when each has an answer or its time has passed. `take` is called by this thread with those that
  // are done: once if all are soon, else every tenth of a second.
  void Send(const std::vector<HttpRequest>& requests, absl::Time until, const TakeHttpDone& take);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace perennial::payment_token
