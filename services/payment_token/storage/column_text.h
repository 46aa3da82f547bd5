#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "services/payment_token/core/charge.h"
#include "services/payment_token/core/refund.h"

// Enums as the tables hold them. ToColumn is total; FromColumn aborts on what no CHECK lets in.
namespace perennial::payment_token {

const char* ToColumn(core::CardBrand brand);
const char* ToColumn(core::CardFunding funding);
const char* ToColumn(core::ChargeState state);
const char* ToColumn(core::DeclineClass decline_class);
const char* ToColumn(core::RefundState state);

template <typename T>
T FromColumn(absl::string_view text);

}  // namespace perennial::payment_token
