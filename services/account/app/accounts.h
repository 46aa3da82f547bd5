#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "services/account/app/actor.h"
#include "services/account/app/credentials.h"
#include "services/account/app/ports.h"
#include "services/account/core/email_address.h"

namespace perennial::account {

// Registration, settings, password and deletion (R1, R2, R4, R6, R7).
//
// What is slow or must leave traces although the call is refused is a step of its own, done before the
// transaction
// ("Prepare…"); the other step is the effect, done in the call's transaction.
class Accounts {
 public:
  Accounts(AccountStore& accounts, SessionStore& sessions, AccessLog& access_log, Credentials& credentials,
           Secrets& secrets, Tally& tally, const Clock& clock, IdSource& ids);

  struct Registration {
    core::EmailAddress email;
    std::string password;
    core::Language language;
    std::string time_zone;
    std::string display_name;
    core::Origin origin;
    Uuid request_id;
  };
  // The password's hash. PASSWORD_TOO_WEAK.
  absl::StatusOr<std::string> PrepareCreate(const Registration& registration);
  absl::Status CheckRepeatedCreate(const Registration& registration);
  // EMAIL_TAKEN.
  absl::StatusOr<core::Account> Create(const Registration& registration, const std::string& password_hash);

  absl::StatusOr<core::Account> Get(const Actor& actor, const Uuid& account_id);

  struct Settings {
    std::string etag;  // empty: not checked
    std::optional<std::string> display_name;
    std::optional<core::Language> language;
    std::optional<std::string> time_zone;
  };
  absl::StatusOr<core::Account> Update(const Actor& actor, const Uuid& account_id, const Settings& settings);

  // What was found before the transaction: the hash that the current password fits, and the new one.
  struct VerifiedPassword {
    std::string current_hash;
    std::string new_hash;
  };
  absl::StatusOr<VerifiedPassword> PrepareChangePassword(const Actor& actor, const Uuid& account_id,
                                                         const std::string& current, const std::string& next);
  absl::Status CheckRepeatedChange(const Actor& actor, const Uuid& account_id, const std::string& next);
  // Ends all other sessions.
  absl::StatusOr<core::Account> ChangePassword(const Actor& actor, const VerifiedPassword& verified);

  absl::StatusOr<VerifiedPassword> PrepareDelete(const Actor& actor, const Uuid& account_id,
                                                 const std::string& password);
  absl::Status Delete(const Actor& actor, const VerifiedPassword& verified);

  absl::StatusOr<Page<core::AccessLogEntry>> ListAccessLog(const Actor& actor, const Uuid& account_id,
                                                           const PageRequest& page);

  // For the other services: in the order asked for, deleted ones too; unknown ones are left out.
  absl::StatusOr<std::vector<core::Account>> FindAll(const std::vector<Uuid>& ids);

 private:
  absl::StatusOr<core::Account> LockUnchanged(const Actor& actor, const std::string& password_hash);
  Event EventOf(const std::string& type, const core::Account& account);

  AccountStore& accounts_;
  SessionStore& sessions_;
  AccessLog& access_log_;
  Credentials& credentials_;
  Secrets& secrets_;
  Tally& tally_;
  const Clock& clock_;
  IdSource& ids_;
};

}  // namespace perennial::account
