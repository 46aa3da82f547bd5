#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/base/clock.h"
#include "services/account/app/password_work.h"
#include "services/account/app/ports.h"

namespace perennial::account {

// Verifies passwords, with everything that must come with it: the throttle, the access log of refused
// attempts (R4), and one answer, after about one time, for a wrong address and a wrong password.
class Credentials {
 public:
  // `most_at_once`: passwords looked at or hashed at the same time; what is beyond is OVERLOADED, and not
  // counted.
  Credentials(AccountStore& accounts, SignInThrottle& throttle, AccessLog& access_log, Secrets& secrets,
              Tally& tally, const Clock& clock, IdSource& ids, int most_at_once);

  // What the password is asked for, by whom.
  struct Attempt {
    core::AccessAct act;
    core::Origin origin;
    std::optional<Uuid> session_id;
  };

  // The account that has this address and password, or UNAUTHENTICATED / CREDENTIALS_INVALID or
  // RESOURCE_EXHAUSTED / SIGN_IN_THROTTLED. Not in a transaction: it takes long, and a refused attempt must
  // leave its traces although the call is refused.
  // OVERLOADED too.
  absl::StatusOr<core::Account> Verify(const std::string& email_key, absl::string_view password,
                                       const Attempt& attempt);

  // The same for a repeat of a request that is answered already: with another password it is another request,
  // REQUEST_ID_REUSED.
  absl::Status VerifyRepeat(const std::string& email_key, absl::string_view password, const Attempt& attempt);

  // Who asks to sign up is told when an address is taken; this keeps anybody from asking for many. Counts it
  // if it is, and refuses every sign-up from there for a while: SIGN_UP_THROTTLED. Not in a transaction,
  // which would undo it.
  absl::Status CheckSignUp(const std::string& email_key, const core::Origin& origin);

  // For storing. OVERLOADED.
  absl::StatusOr<std::string> Hash(absl::string_view password);

 private:
  // Where the attempt is counted: by the session that makes it, else by the address it is for with where it
  // comes from. So guesses from elsewhere shut nobody out.
  std::string KeyOf(const std::string& email_key, const Attempt& attempt);
  absl::StatusOr<std::optional<absl::Time>> Begin(const std::string& email_key, const Attempt& attempt,
                                                  absl::Time now);
  absl::Status Clear(const std::string& email_key, const Attempt& attempt);
  // All guesses of a day from one place are counted here, whosever passwords they are for.
  std::string KeyOfPlace(const core::Origin& origin, absl::Time now);
  absl::Status Record(const std::string& email_key, const Attempt& attempt, core::AccessOutcome outcome);

  AccountStore& accounts_;
  SignInThrottle& throttle_;
  AccessLog& access_log_;
  Secrets& secrets_;
  Tally& tally_;
  const Clock& clock_;
  IdSource& ids_;
  PasswordWork work_;
};

absl::Status CredentialsInvalid();

}  // namespace perennial::account
