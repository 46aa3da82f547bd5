#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/base/civil_date.h"
#include "services/payment_token/core/secret_text.h"

namespace perennial::payment_token::core {

// A card as the customer entered it. On its way to the gateway and nowhere else (R21).
struct CardEntry {
  SecretText number;  // as typed: spaces allowed
  int expiry_month = 0;
  int expiry_year = 0;
  SecretText security_code;
  std::string holder_name;
};

// How many characters `utf8` has.
size_t Characters(absl::string_view utf8);

// ISO/IEC 7812-1, annex B.
bool PassesLuhn(absl::string_view digits);

// The number without its spaces.
SecretText Digits(absl::string_view number);

// INVALID_ARGUMENT naming each field at fault ("card.number"), never its content. A card is good until the
// end of its expiry month.
absl::Status CheckCard(const CardEntry& card, CivilDate today);

enum class CardBrand {
  kVisa,
  kMastercard,
  kAmericanExpress,
  kDiscover,
  kDinersClub,
  kJcb,
  kUnionPay,
  kOther,
};

enum class CardFunding { kUnknown, kCredit, kDebit, kPrepaid };

// What may be kept of a card (R21).
struct Card {
  CardBrand brand = CardBrand::kOther;
  std::string last_four;
  int expiry_month = 0;
  int expiry_year = 0;
  std::string fingerprint;   // all entries of one card have the same, in whatever account
  std::string country_code;  // ISO 3166-1 alpha-2, or empty
  CardFunding funding = CardFunding::kUnknown;
};

// "Visa •••• 4242".
std::string Describe(const Card& card);

// True once the expiry month is over.
bool IsExpired(const Card& card, CivilDate today);

}  // namespace perennial::payment_token::core
