#pragma once

#include <string>

#include "services/account/core/account.h"
#include "services/account/core/notice.h"

namespace perennial::account::core {

// The notice that tells `account` of `facts`, in its language. Without id.
Notice RenderNotice(const NoticeFacts& facts, const Account& account, absl::Time now);

}  // namespace perennial::account::core
