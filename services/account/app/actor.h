#pragma once

#include "libs/base/uuid.h"
#include "services/account/app/ports.h"
#include "services/account/core/access_log.h"

namespace perennial::account {

// The signed-in customer who makes a call.
struct Actor {
  Uuid account_id;
  Uuid session_id;
  core::Origin origin;
};

// The refusals of more than one use case.
absl::Status AccountNotFound();
absl::Status SessionEnded();

// The actor's account, if `account_id` is theirs and their session lives: elsewhere an access token is good
// until it expires, but here the end of a session counts at once. A stranger's account is as if it did not
// exist (R33).
absl::StatusOr<core::Account> RequireOwn(AccountStore& accounts, const Actor& actor, const Uuid& account_id,
                                         absl::Time now);

// The same, with the account locked: the first step of everything that changes an account or its sessions, so
// that all lock in one order. In a transaction.
absl::StatusOr<core::Account> LockOwn(AccountStore& accounts, const Actor& actor, const Uuid& account_id,
                                      absl::Time now);

// An entry on what `actor` does.
core::AccessLogEntry EntryOf(const Actor& actor, core::AccessAct act, const Uuid& id, absl::Time now);

}  // namespace perennial::account
