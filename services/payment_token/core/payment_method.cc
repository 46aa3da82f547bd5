#include "services/payment_token/core/payment_method.h"

#include <algorithm>
#include <tuple>

namespace perennial::payment_token::core {

const PaymentMethod* ChooseDefault(const std::vector<PaymentMethod>& held,
                                   const std::optional<Uuid>& last_used) {
  for (const PaymentMethod& method : held) {
    if (last_used && method.id == *last_used) return &method;
  }
  const auto newest =
      std::max_element(held.begin(), held.end(), [](const PaymentMethod& a, const PaymentMethod& b) {
        return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
      });
  return newest == held.end() ? nullptr : &*newest;
}

}  // namespace perennial::payment_token::core
