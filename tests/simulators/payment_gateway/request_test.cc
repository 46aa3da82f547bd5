#include "simulators/payment_gateway/http/request.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <string>

namespace perennial::gateway_simulator {
namespace {

const std::string kCharge =
    "POST /v1/payment_intents?limit=3 HTTP/1.1\r\nHost: here\r\nIdempotency-KEY:  k 1 \r\n"
    "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: 40\r\n\r\n"
    "amount=500&metadata%5Border%5D=a%2Fb+c%2";

TEST_CASE("A request is read: line, headers, query, form and body") {
  const Parsed parsed = ParseRequest(kCharge);
  REQUIRE(parsed.size == kCharge.size());
  CHECK(parsed.mistake == 0);
  CHECK(parsed.request.method == "POST");
  CHECK(parsed.request.path == "/v1/payment_intents");
  CHECK(parsed.request.Header("idempotency-key") == "k 1");
  CHECK(parsed.request.Header("authorization").empty());
  CHECK(parsed.request.keep_alive);
  CHECK(parsed.request.form == core::Form{{"amount", "500"}, {"limit", "3"}, {"metadata[order]", "a/b c%2"}});
}

TEST_CASE("A request is not read before all of it is there, and not beyond its end") {
  for (size_t size = 0; size < kCharge.size(); ++size) {
    const Parsed parsed = ParseRequest(kCharge.substr(0, size));
    CHECK(parsed.size == 0);
    CHECK(parsed.mistake == 0);
  }
  CHECK(ParseRequest(kCharge + kCharge).size == kCharge.size());
}

TEST_CASE("A body that is no form is left as it is") {
  const Parsed parsed = ParseRequest(
      "POST /_control/faults HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
      "7\r\n\r\n{\"a\":1}");
  CHECK(parsed.request.body == "{\"a\":1}");
  CHECK(parsed.request.form.empty());
}

TEST_CASE("A connection is kept as HTTP says") {
  const auto is_kept = [](const std::string& version, const std::string& header) {
    return ParseRequest(absl::StrCat("GET / HTTP/", version, "\r\n", header, "\r\n")).request.keep_alive;
  };
  CHECK(is_kept("1.1", ""));
  CHECK_FALSE(is_kept("1.1", "Connection: Close\r\n"));
  CHECK_FALSE(is_kept("1.0", ""));
  CHECK(is_kept("1.0", "Connection: keep-alive\r\n"));
}

TEST_CASE("What is no request, or too large, is refused") {
  for (const char* text :
       {"\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET here HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    INFO(text);
    CHECK(ParseRequest(text).mistake == 400);
  }
  CHECK(ParseRequest("POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n").mistake == 413);
  CHECK(ParseRequest(std::string(17 * 1024, 'x')).mistake == 431);
}

}  // namespace
}  // namespace perennial::gateway_simulator
