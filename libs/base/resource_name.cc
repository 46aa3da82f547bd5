#include "libs/base/resource_name.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace perennial {

std::string AccountName(const Uuid& account_id) {
  return absl::StrCat("accounts/", account_id.ToString());
}

std::string MakeChildName(const Uuid& account_id, absl::string_view collection, const Uuid& id) {
  return absl::StrCat(AccountName(account_id), "/", collection, "/", id.ToString());
}

std::optional<Uuid> ParseAccountName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, absl::MaxSplits('/', 2));
  if (parts.size() != 2 || parts[0] != "accounts") return std::nullopt;
  const auto id = Uuid::Parse(parts[1]);
  return id.ok() ? std::optional(*id) : std::nullopt;
}

std::optional<ChildName> ParseChildName(absl::string_view name, absl::string_view collection) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, absl::MaxSplits('/', 4));
  if (parts.size() != 4 || parts[0] != "accounts" || parts[2] != collection) return std::nullopt;
  const auto account_id = Uuid::Parse(parts[1]);
  const auto id = Uuid::Parse(parts[3]);
  if (!account_id.ok() || !id.ok()) return std::nullopt;
  return ChildName{*account_id, *id};
}

}  // namespace perennial
