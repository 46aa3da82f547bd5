#include "simulators/payment_gateway/http/request.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <optional>

namespace perennial::gateway_simulator {
namespace {

constexpr size_t kLargestHead = 16 * 1024;
constexpr size_t kLargestBody = 64 * 1024;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string Decode(absl::string_view encoded) {
  std::string text;
  text.reserve(encoded.size());
  for (size_t i = 0; i < encoded.size(); ++i) {
    const int high = encoded[i] == '%' && i + 2 < encoded.size() ? HexDigit(encoded[i + 1]) : -1;
    const int low = high < 0 ? -1 : HexDigit(encoded[i + 2]);
    if (low >= 0) {
      text.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      text.push_back(encoded[i] == '+' ? ' ' : encoded[i]);
    }
  }
  return text;
}

Parsed Refused(int status) {
  Parsed parsed;
  parsed.mistake = status;
  return parsed;
}

// "POST /v1/refunds?limit=3 HTTP/1.1"
bool ReadRequestLine(absl::string_view line, HttpRequest& request) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == absl::string_view::npos || first == 0 || last <= first + 1) return false;
  const absl::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
  const absl::string_view target = line.substr(first + 1, last - first - 1);
  if (target.front() != '/') return false;
  const size_t query = target.find('?');
  request.method = std::string(line.substr(0, first));
  request.path = Decode(target.substr(0, query));
  if (query != absl::string_view::npos) ParseForm(target.substr(query + 1), request.form);
  request.keep_alive = version == "HTTP/1.1";
  return true;
}

bool ReadHeaders(absl::string_view lines, HttpRequest& request) {
  for (const absl::string_view line : absl::StrSplit(lines, "\r\n", absl::SkipEmpty())) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos || colon == 0) return false;
    request.headers[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return true;
}

// Nothing: none that we understand.
std::optional<size_t> BodySize(const HttpRequest& request) {
  if (request.headers.contains("transfer-encoding")) return std::nullopt;
  const std::string text = request.Header("content-length");
  uint64_t size = 0;
  if (!text.empty() && !absl::SimpleAtoi(text, &size)) return std::nullopt;
  return size;
}

}  // namespace

std::string HttpRequest::Header(const std::string& name) const {
  const auto it = headers.find(name);
  return it == headers.end() ? "" : it->second;
}

void ParseForm(absl::string_view encoded, core::Form& form) {
  for (const absl::string_view pair : absl::StrSplit(encoded, '&', absl::SkipEmpty())) {
    const size_t equals = pair.find('=');
    const absl::string_view value =
        equals == absl::string_view::npos ? absl::string_view() : pair.substr(equals + 1);
    form[Decode(pair.substr(0, equals))] = Decode(value);
  }
}

Parsed ParseRequest(absl::string_view bytes) {
  const size_t end_of_head = bytes.find("\r\n\r\n");
  if (end_of_head == absl::string_view::npos) return bytes.size() > kLargestHead ? Refused(431) : Parsed();
  const absl::string_view head = bytes.substr(0, end_of_head);
  const size_t end_of_line = std::min(head.find("\r\n"), head.size());
  Parsed parsed;
  HttpRequest& request = parsed.request;
  if (!ReadRequestLine(head.substr(0, end_of_line), request)) return Refused(400);
  if (!ReadHeaders(head.substr(end_of_line), request)) return Refused(400);
  const std::optional<size_t> size = BodySize(request);
  if (!size) return Refused(400);
  if (*size > kLargestBody) return Refused(413);
  const size_t begin_of_body = end_of_head + absl::string_view("\r\n\r\n").size();
  if (bytes.size() - begin_of_body < *size) return Parsed();
  request.body = std::string(bytes.substr(begin_of_body, *size));
  if (absl::StartsWith(request.Header("content-type"), "application/x-www-form-urlencoded"))
    ParseForm(request.body, request.form);
  const std::string connection = absl::AsciiStrToLower(request.Header("connection"));
  if (connection == "close") request.keep_alive = false;
  if (connection == "keep-alive") request.keep_alive = true;
  parsed.size = begin_of_body + *size;
  return parsed;
}

}  // namespace perennial::gateway_simulator
