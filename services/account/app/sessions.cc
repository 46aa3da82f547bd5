#include "services/account/app/sessions.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace perennial::account {
namespace {

using core::AccessAct;
using core::AccessOutcome;
using core::RefreshDecision;

absl::Status RefreshTokenInvalid() {
  return Refusal(absl::StatusCode::kUnauthenticated, "REFRESH_TOKEN_INVALID",
                 "the refresh token is not valid, or was used before; sign in again");
}

absl::Status SessionNotFound() {
  return NotFound("SESSION_NOT_FOUND", "there is no such session");
}

}  // namespace

Sessions::Sessions(AccountStore& accounts, SessionStore& sessions, AccessLog& access_log,
                   Credentials& credentials, Secrets& secrets, Tally& tally, const Clock& clock,
                   IdSource& ids)
    : accounts_(accounts),
      sessions_(sessions),
      access_log_(access_log),
      credentials_(credentials),
      secrets_(secrets),
      tally_(tally),
      clock_(clock),
      ids_(ids) {}

SessionTokens Sessions::WithAccessToken(const core::Session& session, core::Language language,
                                        std::string refresh_token) {
  const absl::Time now = clock_.Now();
  const absl::Time expire_time = now + core::kAccessTokenLifetime;
  return {session, secrets_.SignAccessToken(session, language, now, expire_time), expire_time,
          std::move(refresh_token)};
}

absl::StatusOr<core::Account> Sessions::PrepareSignIn(const core::EmailAddress& email,
                                                      const std::string& password,
                                                      const core::Origin& origin) {
  return credentials_.Verify(email.key, password, {AccessAct::kSignIn, origin, std::nullopt});
}

absl::Status Sessions::CheckRepeatedSignIn(const core::EmailAddress& email, const std::string& password,
                                           const core::Origin& origin) {
  return credentials_.VerifyRepeat(email.key, password, {AccessAct::kSignIn, origin, std::nullopt});
}

absl::StatusOr<SessionTokens> Sessions::SignIn(const core::Account& verified, const core::Origin& origin,
                                               const Uuid& request_id) {
  // The password may have been changed, and all sessions ended, since it was verified.
  ASSIGN_OR_RETURN(const auto account, accounts_.Lock(verified.id));
  if (!account || account->password_hash != verified.password_hash) return CredentialsInvalid();
  const absl::Time now = clock_.Now();
  const std::string token = secrets_.NewRefreshToken();
  core::Session session;
  session.id = ids_.Next();
  session.account_id = account->id;
  session.origin = origin;
  session.created_at = session.last_used_at = session.refreshed_at = now;
  session.expires_at = now + core::kSessionLifetime;
  session.token_digest = secrets_.DigestToken(token);
  session.token_sealed = secrets_.SealToken(session.id, token);
  RETURN_IF_ERROR(sessions_.Insert(session, request_id));
  RETURN_IF_ERROR(
      access_log_.Add(EntryOf({account->id, session.id, origin}, AccessAct::kSignIn, ids_.Next(), now)));
  tally_.CountAct(AccessAct::kSignIn, AccessOutcome::kDone);
  return WithAccessToken(session, account->language, token);
}

absl::Status Sessions::PrepareRefresh(const std::string& refresh_token, const core::Origin& origin) {
  const std::string digest = secrets_.DigestToken(refresh_token);
  ASSIGN_OR_RETURN(const auto session, sessions_.FindByToken(digest));
  if (!session) return RefreshTokenInvalid();
  switch (core::DecideRefresh(*session, digest, clock_.Now())) {
    case RefreshDecision::kRotate:
    case RefreshDecision::kRepeat:
      return absl::OkStatus();
    case RefreshDecision::kEnded:
      return SessionEnded();
    case RefreshDecision::kReuse:
      // Here, and not with the effect of the call: a refused call has none.
      RETURN_IF_ERROR(EndForReuse(*session, origin));
      return RefreshTokenInvalid();
  }
  return RefreshTokenInvalid();
}

absl::Status Sessions::EndForReuse(const core::Session& session, const core::Origin& origin) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const bool ended, sessions_.End(session.account_id, session.id, now));
  if (!ended) return absl::OkStatus();
  core::AccessLogEntry entry =
      EntryOf({session.account_id, session.id, origin}, AccessAct::kRefreshTokenReuse, ids_.Next(), now);
  entry.outcome = AccessOutcome::kRefused;
  tally_.CountAct(entry.act, entry.outcome);
  return access_log_.Add(entry);
}

absl::StatusOr<SessionTokens> Sessions::Refresh(const std::string& refresh_token, const Uuid& request_id) {
  const absl::Time now = clock_.Now();
  const std::string digest = secrets_.DigestToken(refresh_token);
  ASSIGN_OR_RETURN(const auto session, sessions_.LockByToken(digest));
  if (!session) return RefreshTokenInvalid();
  ASSIGN_OR_RETURN(const auto account, accounts_.FindBySession(session->account_id, session->id, now));
  if (!account) return SessionEnded();
  switch (core::DecideRefresh(*session, digest, now)) {
    case RefreshDecision::kEnded:
      return SessionEnded();
    case RefreshDecision::kReuse:  // became one since it was looked at; its next use ends the session
      return RefreshTokenInvalid();
    case RefreshDecision::kRepeat: {
      std::optional<std::string> living = secrets_.OpenToken(session->id, session->token_sealed);
      if (!living) return RefreshTokenInvalid();
      RETURN_IF_ERROR(sessions_.SaveRefresh(*session, request_id));
      return WithAccessToken(*session, account->language, *std::move(living));
    }
    case RefreshDecision::kRotate:
      break;
  }
  const std::string token = secrets_.NewRefreshToken();
  const core::Session rotated =
      core::Rotate(*session, secrets_.DigestToken(token), secrets_.SealToken(session->id, token), now);
  RETURN_IF_ERROR(sessions_.SaveRefresh(rotated, request_id));
  return WithAccessToken(rotated, account->language, token);
}

absl::StatusOr<Page<core::Session>> Sessions::List(const Actor& actor, const Uuid& account_id,
                                                   const PageRequest& page) {
  const absl::Time now = clock_.Now();
  RETURN_IF_ERROR(RequireOwn(accounts_, actor, account_id, now).status());
  return sessions_.List(account_id, page, now);
}

absl::Status Sessions::End(const Actor& actor, const Uuid& account_id, const Uuid& session_id) {
  const absl::Time now = clock_.Now();
  if (actor.account_id != account_id) return SessionNotFound();
  RETURN_IF_ERROR(LockOwn(accounts_, actor, account_id, now).status());
  ASSIGN_OR_RETURN(const bool ended, sessions_.End(account_id, session_id, now));
  if (!ended) return SessionNotFound();
  const AccessAct act = session_id == actor.session_id ? AccessAct::kSignOut : AccessAct::kSessionEnd;
  tally_.CountAct(act, AccessOutcome::kDone);
  return access_log_.Add(EntryOf(actor, act, ids_.Next(), now));
}

absl::StatusOr<int> Sessions::EndOthers(const Actor& actor, const Uuid& account_id) {
  const absl::Time now = clock_.Now();
  RETURN_IF_ERROR(LockOwn(accounts_, actor, account_id, now).status());
  ASSIGN_OR_RETURN(const int ended, sessions_.EndOthers(account_id, actor.session_id, now));
  if (ended == 0) return 0;
  tally_.CountAct(AccessAct::kSessionEnd, AccessOutcome::kDone);
  RETURN_IF_ERROR(access_log_.Add(EntryOf(actor, AccessAct::kSessionEnd, ids_.Next(), now)));
  return ended;
}

}  // namespace perennial::account
