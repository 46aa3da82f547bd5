#pragma once

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/uuid.h"
#include "services/payment_token/core/card.h"

namespace perennial::payment_token::core {

// A stored token of something that can be charged; the token itself stays in storage.
struct PaymentMethod {
  Uuid id;
  Uuid account_id;
  Card card;
  absl::Time created_at;
  std::optional<absl::Time> last_used_at;  // last charged successfully
};

// R16: the method that was last charged successfully, if it is still held; else the newest one; else null.
// `last_used`: the method of the account's last successful charge, held or not.
const PaymentMethod* ChooseDefault(const std::vector<PaymentMethod>& held,
                                   const std::optional<Uuid>& last_used);

}  // namespace perennial::payment_token::core
