#pragma once

#include <string>
#include <vector>

#include "services/subscription/app/ports.h"

// Offers and drafts as JSON columns: read as a whole, never searched.
namespace perennial::subscription {

std::string OfferToJson(const core::Offer& offer);
core::Offer OfferFromJson(const std::string& text);

std::string DraftToJson(const core::Product& draft);
core::Product DraftFromJson(const std::string& text);

std::string TextsToJson(const std::vector<std::string>& texts);
std::vector<std::string> TextsFromJson(const std::string& text);

// All of an open quote but its account and handle, in CBOR (RFC 8949), which is shorter. Aborts if it is of
// another form: who reads has made sure that we wrote it, and in this form.
std::string QuoteToCbor(const Quote& quote);
Quote QuoteFromCbor(const std::string& bytes);

}  // namespace perennial::subscription
