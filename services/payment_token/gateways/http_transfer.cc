#include "services/payment_token/gateways/http_transfer.h"

#include <curl/curl.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/kill_point.h"

namespace perennial::payment_token {
namespace {

constexpr long kConnectTimeoutMs = 3000;
constexpr size_t kLargestAnswer = 1 << 20;

// libcurl copies what it sends. So all that it gives back is overwritten first (R21).
void WipeAndFree(void* memory) {
  if (memory == nullptr) return;
  explicit_bzero(memory, malloc_usable_size(memory));
  std::free(memory);
}

void* WipingRealloc(void* memory, size_t size) {
  if (memory == nullptr) return std::malloc(size);
  void* moved = std::malloc(size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, memory, std::min(size, malloc_usable_size(memory)));
  WipeAndFree(memory);
  return moved;
}

}  // namespace

void StartCurl() {
  static std::once_flag started;
  std::call_once(started, [] {
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, std::malloc, WipeAndFree, WipingRealloc, ::strdup, std::calloc);
  });
}

void HttpTransfer::Close::operator()(void* handle) const {
  curl_easy_cleanup(handle);
}

void HttpTransfer::Close::operator()(curl_slist* headers) const {
  curl_slist_free_all(headers);
}

size_t HttpTransfer::TakeBody(char* data, size_t, size_t size, void* user) {
  std::string& body = static_cast<Exchange*>(user)->answer.body;
  if (body.size() + size > kLargestAnswer) return 0;
  body.append(data, size);
  return size;
}

size_t HttpTransfer::TakeHeader(char* data, size_t, size_t size, void* user) {
  const Exchange& exchange = *static_cast<Exchange*>(user);
  HttpAnswer& answer = static_cast<Exchange*>(user)->answer;
  const absl::string_view line(data, size);
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return size;
  const absl::string_view value = absl::StripAsciiWhitespace(line.substr(colon + 1));
  if (absl::EqualsIgnoreCase(line.substr(0, colon), "idempotent-replayed")) answer.replayed = value == "true";
  // Stripe answers with the key it was asked under. Another one is of an earlier request on this connection,
  // answered twice, and ours may be behind it: to refuse it here closes the connection.
  const bool is_key = absl::EqualsIgnoreCase(line.substr(0, colon), "idempotency-key");
  if (is_key && value != exchange.idempotency_key) return 0;
  if (absl::EqualsIgnoreCase(line.substr(0, colon), "request-id")) answer.request_id = std::string(value);
  return size;
}

// Called before the request is written, each time that it is.
int HttpTransfer::CountSending(void* user, char*, char*, int, int) {
  ++static_cast<Exchange*>(user)->answer.times_sent;
  return CURL_PREREQFUNC_OK;
}

HttpTransfer::HttpTransfer(std::string authorization) : authorization_(std::move(authorization)) {
  StartCurl();
  handle_.reset(curl_easy_init());
  void* handle = handle_.get();
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");  // card data takes no detour that the environment suggests
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, TakeBody);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange_);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, TakeHeader);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange_);
  curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, CountSending);
  curl_easy_setopt(handle, CURLOPT_PREREQDATA, &exchange_);
}

HttpTransfer::~HttpTransfer() = default;

void HttpTransfer::Begin(const char* method, const std::string& url, absl::string_view form,
                         const std::string& idempotency_key, absl::Duration longest) {
  exchange_ = {idempotency_key, {}};
  curl_slist* headers = curl_slist_append(nullptr, authorization_.c_str());
  headers = curl_slist_append(headers, "Stripe-Version: 2024-06-20");  // answers keep the shape that we parse
  headers = curl_slist_append(headers, "Expect:");                     // bodies are small: send them at once
  if (!idempotency_key.empty())
    headers = curl_slist_append(headers, absl::StrCat("Idempotency-Key: ", idempotency_key).c_str());
  headers_.reset(headers);
  void* handle = handle_.get();
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  if (std::strcmp(method, "POST") == 0) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(form.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, form.data());
  } else {
    curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
  }
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(longest)));
  // Without a key nothing says which request an answer is of: such a request gets a connection of its own.
  curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, idempotency_key.empty() ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, idempotency_key.empty() ? 1L : 0L);
  Reach(KillPoint::kBeforeCall);
}

HttpResult HttpTransfer::End(int code) {
  Reach(KillPoint::kAfterCall);
  if (code != CURLE_OK) {
    // Not by the code: where a kept connection breaks, libcurl sends again over a new one, and if that cannot
    // be made says so, though the first request may have arrived.
    long sent_bytes = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_REQUEST_SIZE, &sent_bytes);
    return HttpFailure{sent_bytes > 0, curl_easy_strerror(static_cast<CURLcode>(code))};
  }
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  exchange_.answer.status = static_cast<int>(status);
  return std::move(exchange_.answer);
}

}  // namespace perennial::payment_token
