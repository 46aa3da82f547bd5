#pragma once

#include <memory>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

struct curl_slist;

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

// A request and its answer, by libcurl, whose memory is wiped when it is given back (R21). On a kept
// connection an answer counts only for the request whose key it bears; a request without a key gets a
// connection of its own. Can be used again once it has ended.
class HttpTransfer {
 public:
  // `authorization`: the whole header line.
  explicit HttpTransfer(std::string authorization);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // Makes the handle ready to be performed. `form` is the body of a POST, and must live until the end.
  // `idempotency_key`: empty for none. `longest`: from now.
  void Begin(const char* method, const std::string& url, absl::string_view form,
             const std::string& idempotency_key, absl::Duration longest);
  // Of Begin's request. `code`: CURLcode.
  HttpResult End(int code);

  void* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(void* handle) const;
    void operator()(curl_slist* headers) const;
  };
  std::unique_ptr<void, Close> handle_;
  const std::string authorization_;
  std::unique_ptr<curl_slist, Close> headers_;
  // What comes of the request under way.
  struct Exchange {
    std::string idempotency_key;
    HttpAnswer answer;
  };
  static size_t TakeBody(char* data, size_t, size_t size, void* exchange);
  static size_t TakeHeader(char* data, size_t, size_t size, void* exchange);
  static int CountSending(void* exchange, char*, char*, int, int);
  Exchange exchange_;
};

// Before libcurl is used otherwise.
void StartCurl();

}  // namespace perennial::payment_token
