#pragma once

#include <string>

#include "libs/tax/tax.h"
#include "services/subscription/core/order.h"

// How enums rest in columns. The texts are part of the schema: indexes name them.
namespace perennial::subscription {

std::string ToText(core::ProductKind value);
std::string ToText(core::ProductState value);
std::string ToText(core::DeliveryState value);
std::string ToText(core::TermState value);
std::string ToText(core::OrderKind value);
std::string ToText(core::OrderStep value);
std::string ToText(core::OrderFailure value);
std::string ToText(core::Wait value);
std::string ToText(core::AttemptState value);
std::string ToText(tax::Treatment value);

// The value of a text that ToText wrote; aborts on any other.
template <typename Enum>
Enum FromText(const std::string& text);

}  // namespace perennial::subscription
