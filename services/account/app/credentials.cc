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

absl::Status SignUpThrottled(absl::Duration wait) {
  const int64_t seconds = absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)));
  return Refusal(absl::StatusCode::kResourceExhausted, "SIGN_UP_THROTTLED",
                 absl::StrCat("too many addresses that are taken; try again in ", seconds, " s"),
                 {{kRetryDelaySeconds, absl::StrCat(seconds)}});
}

}  // namespace

absl::Status CredentialsInvalid() {
  return Refusal(absl::StatusCode::kUnauthenticated, "CREDENTIALS_INVALID",
                 "the e-mail address and the password do not belong together");
}

Credentials::Credentials(AccountStore& accounts, SignInThrottle& throttle, AccessLog& access_log,
                         Secrets& secrets, Tally& tally, const Clock& clock, IdSource& ids, int most_at_once)
    : accounts_(accounts),
      throttle_(throttle),
      access_log_(access_log),
      secrets_(secrets),
      tally_(tally),
      clock_(clock),
      ids_(ids),
      work_(most_at_once) {}

std::string Credentials::KeyOf(const std::string& email_key, const Attempt& attempt) {
  const std::string by = attempt.session_id ? attempt.session_id->ToString() : attempt.origin.address;
  return absl::StrCat(secrets_.ThrottleKey(email_key), secrets_.ThrottleKey(absl::StrCat("by/", by)));
}

std::string Credentials::KeyOfPlace(const core::Origin& origin, absl::Time now) {
  const std::string day = absl::FormatTime("%Y-%m-%d", now, absl::UTCTimeZone());
  return secrets_.ThrottleKey(absl::StrCat("sign_in_from/", day, "/", core::NetworkOf(origin.address)));
}

absl::StatusOr<std::optional<absl::Time>> Credentials::Begin(const std::string& email_key,
                                                             const Attempt& attempt, absl::Time now) {
  if (!attempt.session_id) {
    ASSIGN_OR_RETURN(const auto place_paused_until,
                     throttle_.PausedUntil(KeyOfPlace(attempt.origin, now), now));
    if (place_paused_until) return place_paused_until;
  }
  ASSIGN_OR_RETURN(const auto paused_until,
                   throttle_.Begin(KeyOf(email_key, attempt), now, core::kFreeFailures));
  if (paused_until || attempt.session_id) return paused_until;
  // Not before the narrow one: else what that refuses would add up here.
  return throttle_.Begin(secrets_.ThrottleKey(email_key), now, core::kFreeFailuresFromAnywhere);
}

absl::Status Credentials::Clear(const std::string& email_key, const Attempt& attempt) {
  RETURN_IF_ERROR(throttle_.Clear(KeyOf(email_key, attempt)));
  return attempt.session_id ? absl::OkStatus() : throttle_.Clear(secrets_.ThrottleKey(email_key));
}

absl::Status Credentials::CheckSignUp(const std::string& email_key, const core::Origin& origin) {
  const absl::Time now = clock_.Now();
  const std::string key =
      secrets_.ThrottleKey(absl::StrCat("sign_up_from/", core::NetworkOf(origin.address)));
  ASSIGN_OR_RETURN(auto paused_until, throttle_.PausedUntil(key, now));
  ASSIGN_OR_RETURN(const auto taken, accounts_.FindByEmail(email_key));
  if (!paused_until && taken) {
    ASSIGN_OR_RETURN(paused_until, throttle_.Begin(key, now, core::kFreeTakenAddresses));
  }
  return paused_until ? SignUpThrottled(*paused_until - now) : absl::OkStatus();
}

absl::StatusOr<std::string> Credentials::Hash(absl::string_view password) {
  ASSIGN_OR_RETURN(const auto turn, work_.Enter());
  return secrets_.HashPassword(password);
}

absl::StatusOr<core::Account> Credentials::Verify(const std::string& email_key, absl::string_view password,
                                                  const Attempt& attempt) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const auto turn, work_.Enter());
  ASSIGN_OR_RETURN(const auto paused_until, Begin(email_key, attempt, now));
  if (paused_until) {
    // Not in the access log: it holds the failures that led here, and a stranger could fill it.
    tally_.CountAct(attempt.act, core::AccessOutcome::kThrottled);
    return Throttled(*paused_until - now);
  }
  ASSIGN_OR_RETURN(const auto account, accounts_.FindByEmail(email_key));
  if (!secrets_.VerifyPassword(account ? account->password_hash : "", password)) {
    // Only now: one who signs in takes nothing back from what others do at the same place.
    if (!attempt.session_id) {
      RETURN_IF_ERROR(
          throttle_.Begin(KeyOfPlace(attempt.origin, now), now, core::kFreeFailuresFromOnePlace).status());
    }
    RETURN_IF_ERROR(Record(email_key, attempt, core::AccessOutcome::kRefused));
    return CredentialsInvalid();
  }
  RETURN_IF_ERROR(Clear(email_key, attempt));
  return *account;
}

absl::Status Credentials::VerifyRepeat(const std::string& email_key, absl::string_view password,
                                       const Attempt& attempt) {
  const absl::Status verified = Verify(email_key, password, attempt).status();
  if (ReasonOf(verified) != "CREDENTIALS_INVALID") return verified;
  return Precondition("REQUEST_ID_REUSED",
                      "this request_id was used with another password, or the password was changed since");
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
