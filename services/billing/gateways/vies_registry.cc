#include "services/billing/gateways/vies_registry.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "libs/base/call_scope.h"

namespace perennial::billing {
namespace {

using nlohmann::json;

// What must be left of a call's time to record the answer.
constexpr absl::Duration kTimeToRecord = absl::Milliseconds(500);
constexpr size_t kLargestAnswer = 1 << 16;
constexpr int kMostAtOnce = 2;

struct CloseHandle {
  void operator()(void* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

size_t TakeBody(char* data, size_t, size_t size, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size > kLargestAnswer) return 0;
  text.append(data, size);
  return size;
}

std::string RequestFor(const std::string& tax_id, const std::string& requester) {
  return json({{"countryCode", tax_id.substr(0, 2)},
               {"vatNumber", tax_id.substr(2)},
               {"requesterMemberStateCode", requester.substr(0, 2)},
               {"requesterNumber", requester.substr(2)}})
      .dump();
}

}  // namespace

ViesRegistry::ViesRegistry(std::string url, std::string requester, absl::Duration longest)
    : url_(absl::StrCat(url, "/check-vat-number")), requester_(std::move(requester)), longest_(longest) {
  static std::once_flag started;
  std::call_once(started, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

core::TaxIdAnswer ViesRegistry::Ask(const std::string& tax_id) {
  const bool is_free = ++under_way_ <= kMostAtOnce;
  core::TaxIdAnswer answer = is_free ? Send(tax_id) : core::TaxIdAnswer{};
  --under_way_;
  return answer;
}

core::TaxIdAnswer ViesRegistry::Send(const std::string& tax_id) const {
  const CallScope* scope = CallScope::Current();
  const absl::Duration left =
      scope == nullptr ? longest_ : std::min(longest_, scope->TimeLeft() - kTimeToRecord);
  const std::unique_ptr<void, CloseHandle> handle(curl_easy_init());
  if (left < absl::Milliseconds(1) || handle == nullptr) return {};
  const std::string request = RequestFor(tax_id, requester_);
  const std::unique_ptr<curl_slist, FreeList> headers(curl_slist_append(
      curl_slist_append(nullptr, "Content-Type: application/json"), "Accept: application/json"));
  std::string body;
  curl_easy_setopt(handle.get(), CURLOPT_URL, url_.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, request.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(left)));
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, TakeBody);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &body);
  if (curl_easy_perform(handle.get()) != CURLE_OK) return {};
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  return ReadViesAnswer(static_cast<int>(status), body);
}

core::TaxIdAnswer ReadViesAnswer(int http_status, absl::string_view body) {
  const json answer = json::parse(body.begin(), body.end(), nullptr, false);
  if (http_status != 200 || !answer.is_object()) return {};
  const auto valid = answer.find("valid");
  if (valid == answer.end() || !valid->is_boolean() || answer.contains("errorWrappers")) return {};
  const auto identifier = answer.find("requestIdentifier");
  const bool has_identifier = identifier != answer.end() && identifier->is_string();
  return {valid->get<bool>() ? core::TaxIdState::kVerified : core::TaxIdState::kNotRegistered,
          has_identifier ? identifier->get<std::string>() : ""};
}

}  // namespace perennial::billing
