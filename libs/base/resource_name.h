#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/base/uuid.h"

namespace perennial {

// AIP-122 names: "accounts/{uuid}" and "accounts/{uuid}/sites/{uuid}".
struct ChildName {
  Uuid account_id;
  Uuid id;
};

std::string AccountName(const Uuid& account_id);
std::string MakeChildName(const Uuid& account_id, absl::string_view collection, const Uuid& id);

// Nothing if `name` is not of exactly that form.
std::optional<Uuid> ParseAccountName(absl::string_view name);
std::optional<ChildName> ParseChildName(absl::string_view name, absl::string_view collection);

}  // namespace perennial
