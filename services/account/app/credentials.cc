#include "services/account/app/credentials.h"

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace perennial::account {
namespace {

absl::Status Throttled(absl::Duration wait) {
  const int64_t seconds = absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)));
  return Refusal(absl::StatusCode::kResourceExhausted, "SIGN_IN_THROTTLED",
                 absl::StrCat("too many wrong passwords; try again in ", seconds, " s"),
                 {{kRetryDelaySeconds, absl::StrCat(seconds)}});
}

}  // namespace

absl::Status CredentialsInvalid() {
  return Refusal(absl::StatusCode::kUnauthenticated, "CREDENTIALS_INVALID",
                 "the e-mail address and the password do not belong together");
}

Credentials::Credentials(AccountStore& accounts, SignInThrottle& throttle, AccessLog& access_log,
                         Secrets& secrets, Tally& tally, const Clock& clock, IdSource& ids)
    : accounts_(accounts),
      throttle_(throttle),
      access_log_(access_log),
      secrets_(secrets),
      tally_(tally),
      clock_(clock),
      ids_(ids) {}

absl::StatusOr<core::Account> Credentials::Verify(const std::string& email_key, absl::string_view password,
                                                  const Attempt& attempt) {
  const absl::Time now = clock_.Now();
  const std::string throttle_key = secrets_.ThrottleKey(email_key);
  ASSIGN_OR_RETURN(const auto paused_until, throttle_.Begin(throttle_key, now));
  if (paused_until) {
    RETURN_IF_ERROR(Record(email_key, attempt, core::AccessOutcome::kThrottled));
    return Throttled(*paused_until - now);
  }
  ASSIGN_OR_RETURN(const auto account, accounts_.FindByEmail(email_key));
  if (!secrets_.VerifyPassword(account ? account->password_hash : "", password)) {
    RETURN_IF_ERROR(Record(email_key, attempt, core::AccessOutcome::kRefused));
    return CredentialsInvalid();
  }
  RETURN_IF_ERROR(throttle_.Clear(throttle_key));
  return *account;
}

absl::Status Credentials::Record(const std::string& email_key, const Attempt& attempt,
                                 core::AccessOutcome outcome) {
  tally_.CountAct(attempt.act, outcome);
  core::AccessLogEntry entry;
  entry.id = ids_.Next();
  entry.created_at = clock_.Now();
  entry.act = attempt.act;
  entry.outcome = outcome;
  entry.origin = attempt.origin;
  entry.session_id = attempt.session_id;
  return access_log_.AddForEmail(email_key, entry);
}

}  // namespace perennial::account
