#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/event.h"
#include "libs/base/uuid.h"
#include "services/account/core/access_log.h"
#include "services/account/core/account.h"
#include "services/account/core/notice.h"
#include "services/account/core/session.h"
#include "services/account/core/sign_in_throttle.h"

namespace perennial::account {

// Where a page of a list begins: after this row, in the list's order (newest first).
struct Position {
  absl::Time time;
  Uuid id;
};
struct PageRequest {
  int size = 50;
  std::optional<Position> after;
};
template <typename T>
struct Page {
  std::vector<T> items;
  std::optional<Position> next;  // nothing on the last page
};

// Methods that say "in a transaction" rely on the one that the call has open: what they lock stays locked,
// and what they change counts, until that ends.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // False if the address is taken. `request_id`: of the sign-up, whose stored answer goes with the account.
  // In a transaction.
  virtual absl::StatusOr<bool> Insert(const core::Account& account, const Uuid& request_id,
                                      const std::vector<Event>& events) = 0;
  virtual absl::StatusOr<std::optional<core::Account>> FindByEmail(const std::string& email_key) = 0;
  // The account if its session lives.
  virtual absl::StatusOr<std::optional<core::Account>> FindBySession(const Uuid& account_id,
                                                                     const Uuid& session_id,
                                                                     absl::Time now) = 0;
  // Deleted ones too; in any order.
  virtual absl::StatusOr<std::vector<core::Account>> FindAll(const std::vector<Uuid>& ids) = 0;
  // Keeps a living account from being changed or deleted meanwhile. In a transaction.
  virtual absl::StatusOr<std::optional<core::Account>> Lock(const Uuid& id) = 0;
  // The same of many: those that live.
  virtual absl::StatusOr<std::map<Uuid, core::Account>> LockAll(const std::vector<Uuid>& ids) = 0;
  // In a transaction, after Lock.
  virtual absl::Status Save(const core::Account& account, const std::vector<Event>& events) = 0;
  // Replaces the account by `tombstone` and drops all that hangs on it: sessions, notices, access log, the
  // counts of failures whose keys begin with `throttle_key`, and answers that were kept for its requests. In
  // a transaction, after Lock.
  virtual absl::Status Erase(const core::Account& tombstone, const std::string& throttle_key,
                             const std::vector<Event>& events) = 0;
};

class SessionStore {
 public:
  virtual ~SessionStore() = default;

  // `request_id`: of the call whose stored answer holds the tokens. In a transaction.
  virtual absl::Status Insert(const core::Session& session, const Uuid& request_id) = 0;
  // By a token that it has or had.
  virtual absl::StatusOr<std::optional<core::Session>> FindByToken(const std::string& digest) = 0;
  // The same, and keeps it from being changed meanwhile. In a transaction.
  virtual absl::StatusOr<std::optional<core::Session>> LockByToken(const std::string& digest) = 0;
  // Saves what Rotate changed, or only remembers the request if nothing did. In a transaction, after
  // LockByToken.
  virtual absl::Status SaveRefresh(const core::Session& session, const Uuid& request_id) = 0;
  // Living ones, last used first.
  virtual absl::StatusOr<Page<core::Session>> List(const Uuid& account_id, const PageRequest& page,
                                                   absl::Time now) = 0;
  // False if it did not live.
  virtual absl::StatusOr<bool> End(const Uuid& account_id, const Uuid& session_id, absl::Time now) = 0;
  // How many were ended.
  virtual absl::StatusOr<int> EndOthers(const Uuid& account_id, const Uuid& kept_session_id,
                                        absl::Time now) = 0;
  // Drops a batch of what has been over for long. Returns how many.
  virtual absl::StatusOr<int> Purge(absl::Time now) = 0;
};

class AccessLog {
 public:
  virtual ~AccessLog() = default;

  // Does nothing if the account is deleted.
  virtual absl::Status Add(const core::AccessLogEntry& entry) = 0;
  // For the account with this address, if there is one; takes as long if not. `entry.account_id` is not read.
  virtual absl::Status AddForEmail(const std::string& email_key, const core::AccessLogEntry& entry) = 0;
  virtual absl::StatusOr<Page<core::AccessLogEntry>> List(const Uuid& account_id,
                                                          const PageRequest& page) = 0;
  // Drops a batch of entries older than a year. Returns how many.
  virtual absl::StatusOr<int> Purge(absl::Time now) = 0;
};

class SignInThrottle {
 public:
  virtual ~SignInThrottle() = default;

  // Counts an attempt as failed before it is looked at (core::AfterFailure). Nothing: go on. Else: until when
  // nobody may try; then the attempt was not counted.
  // `free_failures`: how many in a row cost nothing.
  virtual absl::StatusOr<std::optional<absl::Time>> Begin(const std::string& key, absl::Time now,
                                                          int free_failures) = 0;
  // Until when nobody may try; counts nothing.
  virtual absl::StatusOr<std::optional<absl::Time>> PausedUntil(const std::string& key, absl::Time now) = 0;
  // The attempt was good.
  virtual absl::Status Clear(const std::string& key) = 0;
  // Drops a batch of counts that nobody added to for a day. Returns how many.
  virtual absl::StatusOr<int> Purge(absl::Time now) = 0;
};

class NoticeStore {
 public:
  virtual ~NoticeStore() = default;

  // Leaves out what the customer was told before (R19). Returns the kinds of the others. In a transaction.
  virtual absl::StatusOr<std::vector<core::NoticeKind>> Insert(const std::vector<core::Notice>& notices) = 0;
  virtual absl::StatusOr<std::optional<core::Notice>> Find(const Uuid& account_id, const Uuid& id) = 0;
  // Newest first; of one product, or of all.
  virtual absl::StatusOr<Page<core::Notice>> List(const Uuid& account_id,
                                                  const std::optional<Uuid>& product_id,
                                                  const PageRequest& page) = 0;
};

// All cryptography of this service.
class Secrets {
 public:
  virtual ~Secrets() = default;

  // Slow by design: never inside a transaction.
  virtual std::string HashPassword(absl::string_view password) = 0;
  // False, after the same time, for an empty hash.
  virtual bool VerifyPassword(const std::string& hash, absl::string_view password) = 0;
  // 256 random bits.
  virtual std::string NewRefreshToken() = 0;
  virtual std::string DigestToken(absl::string_view token) = 0;
  virtual std::string SealToken(const Uuid& session_id, absl::string_view token) = 0;
  // Nothing if it was sealed under another key.
  virtual std::optional<std::string> OpenToken(const Uuid& session_id, const std::string& sealed) = 0;
  virtual std::string SignAccessToken(const core::Session& session, core::Language language, absl::Time now,
                                      absl::Time expire_time) = 0;
  // Stands for an address where failures are counted, so that addresses of nobody's account are not kept.
  virtual std::string ThrottleKey(absl::string_view email_key) = 0;
};

// Counts what happens, for those who watch.
class Tally {
 public:
  virtual ~Tally() = default;
  virtual void CountAct(core::AccessAct act, core::AccessOutcome outcome) = 0;
  virtual void CountNotice(core::NoticeKind kind) = 0;
};

}  // namespace perennial::account
