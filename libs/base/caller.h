#pragma once

#include <string>

#include "libs/base/uuid.h"

namespace perennial {

// Who makes a call (R33). Customers are known by their access token, services and operators by certificate.
struct Caller {
  enum class Kind { kAnonymous, kCustomer, kService, kOperator };

  Kind kind = Kind::kAnonymous;
  Uuid account_id;   // customers only
  Uuid session_id;   // customers only
  std::string name;  // services and operators: last part of spiffe://perennial/{service,operator}/NAME
  std::string language = "";  // customers only: the account's, "en" or "fr"; empty if the token does not say

  // Customers own what is in their account. Services and operators are let in method by method, not by
  // ownership.
  bool Owns(const Uuid& account) const { return kind == Kind::kCustomer && account_id == account; }
};

}  // namespace perennial
