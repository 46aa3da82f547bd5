#pragma once

#include <vector>

#include "libs/base/clock.h"
#include "services/account/app/actor.h"
#include "services/account/app/ports.h"

namespace perennial::account {

// All that this service holds of an account (R7). Of each list the newest 2,000, which is what fits into one
// answer; more than that comes page by page from the list's own method.
struct PersonalData {
  core::Account account;
  Page<core::Session> sessions;
  Page<core::Notice> notices;
  Page<core::AccessLogEntry> access_log;
};

class PersonalDataExport {
 public:
  PersonalDataExport(AccountStore& accounts, SessionStore& sessions, NoticeStore& notices,
                     AccessLog& access_log, Tally& tally, const Clock& clock, IdSource& ids);

  absl::StatusOr<PersonalData> Export(const Actor& actor, const Uuid& account_id);

 private:
  AccountStore& accounts_;
  SessionStore& sessions_;
  NoticeStore& notices_;
  AccessLog& access_log_;
  Tally& tally_;
  const Clock& clock_;
  IdSource& ids_;
};

}  // namespace perennial::account
