#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/base/clock.h"
#include "services/account/app/ports.h"

namespace perennial::account {

// Verifies passwords, with everything that must come with it: the throttle, the access log of refused
// attempts (R4), and one answer, after about one time, for a wrong address and a wrong password.
class Credentials {
 public:
  Credentials(AccountStore& accounts, SignInThrottle& throttle, AccessLog& access_log, Secrets& secrets,
              Tally& tally, const Clock& clock, IdSource& ids);

  // What the password is asked for, by whom.
  struct Attempt {
    core::AccessAct act;
    core::Origin origin;
    std::optional<Uuid> session_id;
  };

  // The account that has this address and password, or UNAUTHENTICATED / CREDENTIALS_INVALID or
  // RESOURCE_EXHAUSTED / SIGN_IN_THROTTLED. Not in a transaction: it takes long, and a refused attempt must
  // leave its traces although the call is refused.
  absl::StatusOr<core::Account> Verify(const std::string& email_key, absl::string_view password,
                                       const Attempt& attempt);

 private:
  absl::Status Record(const std::string& email_key, const Attempt& attempt, core::AccessOutcome outcome);

  AccountStore& accounts_;
  SignInThrottle& throttle_;
  AccessLog& access_log_;
  Secrets& secrets_;
  Tally& tally_;
  const Clock& clock_;
  IdSource& ids_;
};

absl::Status CredentialsInvalid();

}  // namespace perennial::account
