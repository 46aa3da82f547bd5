#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/uuid.h"

namespace perennial::account::core {

// Languages of notices, localized messages and invoices (R6).
enum class Language { kEnglish, kFrench };

// ISO 639-1: "en", "fr".
std::string CodeOf(Language language);
std::optional<Language> ParseLanguage(absl::string_view code);

// A customer's account. A deleted one is a tombstone: everything personal in it is empty (R7).
struct Account {
  Uuid id;
  std::string email;      // as it was entered
  std::string email_key;  // what makes it unique: see EmailAddress
  std::string password_hash;
  std::string display_name;
  Language language = Language::kEnglish;
  std::string time_zone;  // IANA name
  int64_t revision = 1;   // grows with each change; its text is the etag
  absl::Time created_at;
  absl::Time updated_at;
  bool deleted = false;
};

std::string EtagOf(const Account& account);

// What is left of an account after its deletion: that it was there.
Account Tombstone(const Account& account, absl::Time now);

}  // namespace perennial::account::core
