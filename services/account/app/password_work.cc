#include "services/account/app/password_work.h"

#include "libs/base/error.h"

namespace perennial::account {

absl::StatusOr<std::unique_ptr<PasswordWork::Turn>> PasswordWork::Enter() {
  const int before = inside_.fetch_add(1);
  auto turn = std::make_unique<Turn>(inside_);
  if (before < most_) return turn;
  return Refusal(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                 "too many passwords are being looked at; try again after a moment",
                 {{kRetryDelaySeconds, "1"}});
}

}  // namespace perennial::account
