#pragma once

#include <string>
#include <vector>

#include "services/subscription/core/order.h"

// Offers and drafts as JSON columns: read as a whole, never searched.
namespace perennial::subscription {

std::string OfferToJson(const core::Offer& offer);
core::Offer OfferFromJson(const std::string& text);

std::string DraftToJson(const core::Product& draft);
core::Product DraftFromJson(const std::string& text);

std::string TextsToJson(const std::vector<std::string>& texts);
std::vector<std::string> TextsFromJson(const std::string& text);

}  // namespace perennial::subscription
