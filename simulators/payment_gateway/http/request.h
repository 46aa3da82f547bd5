// One HTTP/1.1 request, as far as the simulator needs it: with a Content-Length, not chunked.
#pragma once

#include <absl/strings/string_view.h>

#include <map>
#include <string>

#include "simulators/payment_gateway/core/form.h"

namespace perennial::gateway_simulator {

struct HttpRequest {
  std::string method;
  std::string path;
  std::map<std::string, std::string> headers;  // by name in lower case
  core::Form form;                             // of the query, and of a form encoded body
  std::string body;
  bool keep_alive = true;

  std::string Header(const std::string& name) const;
};

// What stands at the beginning of `bytes`.
struct Parsed {
  size_t size = 0;  // of the request; 0: not all of it is there
  int mistake = 0;  // the status that refuses it, if it is none; the connection is of no more use
  HttpRequest request;
};
Parsed ParseRequest(absl::string_view bytes);

// `a=1&b%5Bc%5D=2`; of a name that is given twice, the last counts.
void ParseForm(absl::string_view encoded, core::Form& form);

}  // namespace perennial::gateway_simulator
