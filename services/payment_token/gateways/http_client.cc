#include "services/payment_token/gateways/http_client.h"

#include <curl/curl.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "libs/base/kill_point.h"

namespace perennial::payment_token {
namespace {

// What must be left of a call's time to record the answer.
constexpr absl::Duration kTimeToRecord = absl::Milliseconds(500);
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

void StartCurl() {
  static std::once_flag started;
  std::call_once(started, [] {
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, std::malloc, WipeAndFree, WipingRealloc, ::strdup, std::calloc);
  });
}

struct CloseHandle {
  void operator()(void* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<void, CloseHandle>;

// Header lines.
class Headers {
 public:
  Headers() = default;
  ~Headers() { curl_slist_free_all(list_); }
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;
  void Add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }
  curl_slist* list() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

// What comes of one request.
struct Exchange {
  const std::string& idempotency_key;
  HttpAnswer answer;
};

size_t TakeBody(char* data, size_t, size_t size, void* user) {
  std::string& body = static_cast<Exchange*>(user)->answer.body;
  if (body.size() + size > kLargestAnswer) return 0;
  body.append(data, size);
  return size;
}

size_t TakeHeader(char* data, size_t, size_t size, void* user) {
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
int CountSending(void* user, char*, char*, int, int) {
  ++static_cast<Exchange*>(user)->answer.times_sent;
  return CURL_PREREQFUNC_OK;
}

}  // namespace

HttpClient::HttpClient(std::string url, std::string api_key, absl::Duration longest)
    : url_(std::move(url)),
      authorization_(absl::StrCat("Authorization: Bearer ", api_key)),
      longest_(longest) {
  StartCurl();
}

HttpResult HttpClient::Send(const char* method, const std::string& path, const Form* form,
                            const std::string& idempotency_key) {
  thread_local Handle handle(curl_easy_init());
  curl_easy_reset(handle.get());  // keeps the connection
  return SendWith(handle.get(), method, path, form, idempotency_key);
}

HttpResult HttpClient::PostSecret(const std::string& path, const Form& form,
                                  const std::string& idempotency_key) {
  const Handle handle(curl_easy_init());
  return SendWith(handle.get(), "POST", path, &form, idempotency_key);
}

HttpResult HttpClient::SendWith(void* handle, const char* method, const std::string& path, const Form* form,
                                const std::string& idempotency_key) {
  const CallScope* scope = CallScope::Current();
  const absl::Duration left =
      scope == nullptr ? longest_ : std::min(longest_, scope->deadline() - absl::Now() - kTimeToRecord);
  if (left < absl::Milliseconds(1)) return HttpFailure{false, "no time left"};
  const std::string url = absl::StrCat(url_, path);
  Headers headers;
  headers.Add(authorization_);
  headers.Add("Stripe-Version: 2024-06-20");  // answers keep the shape that we parse
  headers.Add("Expect:");                     // bodies are small: send them at once
  if (!idempotency_key.empty()) headers.Add(absl::StrCat("Idempotency-Key: ", idempotency_key));
  Exchange exchange{idempotency_key, {}};
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method);
  if (form != nullptr) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, form->text().data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(form->text().size()));
  }
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.list());
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");  // card data takes no detour that the environment suggests
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(left)));
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, TakeBody);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, TakeHeader);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, CountSending);
  curl_easy_setopt(handle, CURLOPT_PREREQDATA, &exchange);
  // Without a key nothing says which request an answer is of: such a request gets a connection of its own.
  curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, idempotency_key.empty() ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, idempotency_key.empty() ? 1L : 0L);
  Reach(KillPoint::kBeforeCall);
  const CURLcode code = curl_easy_perform(handle);
  Reach(KillPoint::kAfterCall);
  if (code != CURLE_OK) {
    // Not by the code: where a kept connection breaks, libcurl sends again over a new one, and if that cannot
    // be made says so, though the first request may have arrived.
    long sent_bytes = 0;
    curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &sent_bytes);
    return HttpFailure{sent_bytes > 0, curl_easy_strerror(code)};
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  exchange.answer.status = static_cast<int>(status);
  return std::move(exchange.answer);
}

}  // namespace perennial::payment_token
