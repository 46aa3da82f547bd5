#include "services/account/app/actor.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace perennial::account {

absl::Status AccountNotFound() {
  return NotFound("ACCOUNT_NOT_FOUND", "there is no such account");
}

absl::Status SessionEnded() {
  return Refusal(absl::StatusCode::kUnauthenticated, "SESSION_ENDED", "the session has ended; sign in again");
}

absl::StatusOr<core::Account> RequireOwn(AccountStore& accounts, const Actor& actor, const Uuid& account_id,
                                         absl::Time now) {
  if (actor.account_id != account_id) return AccountNotFound();
  ASSIGN_OR_RETURN(const auto account, accounts.FindBySession(account_id, actor.session_id, now));
  if (!account) return SessionEnded();
  return *account;
}

absl::StatusOr<core::Account> LockOwn(AccountStore& accounts, const Actor& actor, const Uuid& account_id,
                                      absl::Time now) {
  if (actor.account_id != account_id) return AccountNotFound();
  ASSIGN_OR_RETURN(const auto locked, accounts.Lock(account_id));
  if (!locked) return SessionEnded();
  return RequireOwn(accounts, actor, account_id, now);
}

core::AccessLogEntry EntryOf(const Actor& actor, core::AccessAct act, const Uuid& id, absl::Time now) {
  core::AccessLogEntry entry;
  entry.id = id;
  entry.account_id = actor.account_id;
  entry.created_at = now;
  entry.act = act;
  entry.origin = actor.origin;
  entry.session_id = actor.session_id;
  return entry;
}

}  // namespace perennial::account
