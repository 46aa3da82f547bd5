#pragma once

#include <string>

#include "libs/base/clock.h"
#include "services/account/app/actor.h"
#include "services/account/app/credentials.h"
#include "services/account/app/ports.h"
#include "services/account/core/email_address.h"

namespace perennial::account {

// A session with the tokens that were made for it; they are not kept in the clear.
struct SessionTokens {
  core::Session session;
  std::string access_token;
  absl::Time access_token_expire_time;
  std::string refresh_token;
};

// Sign-in, refresh and sign-out (R1). For the steps see Accounts.
class Sessions {
 public:
  Sessions(AccountStore& accounts, SessionStore& sessions, AccessLog& access_log, Credentials& credentials,
           Secrets& secrets, Tally& tally, const Clock& clock, IdSource& ids);

  // The account, as it was when the password was verified. CREDENTIALS_INVALID, SIGN_IN_THROTTLED.
  absl::StatusOr<core::Account> PrepareSignIn(const core::EmailAddress& email, const std::string& password,
                                              const core::Origin& origin);
  absl::Status CheckRepeatedSignIn(const core::EmailAddress& email, const std::string& password,
                                   const core::Origin& origin);
  absl::StatusOr<SessionTokens> SignIn(const core::Account& verified, const core::Origin& origin,
                                       const Uuid& request_id);

  // Ends the session if the token was used before. REFRESH_TOKEN_INVALID, SESSION_ENDED.
  absl::Status PrepareRefresh(const std::string& refresh_token, const core::Origin& origin);
  absl::StatusOr<SessionTokens> Refresh(const std::string& refresh_token, const Uuid& request_id);

  absl::StatusOr<Page<core::Session>> List(const Actor& actor, const Uuid& account_id,
                                           const PageRequest& page);
  // SESSION_NOT_FOUND.
  absl::Status End(const Actor& actor, const Uuid& account_id, const Uuid& session_id);
  // How many were ended.
  absl::StatusOr<int> EndOthers(const Actor& actor, const Uuid& account_id);

 private:
  SessionTokens WithAccessToken(const core::Session& session, core::Language language,
                                std::string refresh_token);
  absl::Status EndForReuse(const core::Session& session, const core::Origin& origin);

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
