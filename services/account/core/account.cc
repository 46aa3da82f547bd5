#include "services/account/core/account.h"

namespace perennial::account::core {

std::string CodeOf(Language language) {
  switch (language) {
    case Language::kEnglish:
      return "en";
    case Language::kFrench:
      return "fr";
  }
  return "en";
}

std::optional<Language> ParseLanguage(absl::string_view code) {
  if (code == "en") return Language::kEnglish;
  if (code == "fr") return Language::kFrench;
  return std::nullopt;
}

std::string EtagOf(const Account& account) {
  return "r" + std::to_string(account.revision);
}

Account Tombstone(const Account& account, absl::Time now) {
  Account tombstone;
  tombstone.id = account.id;
  tombstone.time_zone = "UTC";
  tombstone.revision = account.revision + 1;
  tombstone.created_at = account.created_at;
  tombstone.updated_at = now;
  tombstone.deleted = true;
  return tombstone;
}

}  // namespace perennial::account::core
