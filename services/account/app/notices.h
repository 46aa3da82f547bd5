#pragma once

#include <optional>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/event.h"
#include "services/account/app/actor.h"
#include "services/account/app/ports.h"

namespace perennial::account {

// What customers are told (R19).
class Notices {
 public:
  Notices(AccountStore& accounts, NoticeStore& notices, Tally& tally, const Clock& clock, IdSource& ids);

  // Takes in facts of subscription: tells the customers what is news. In the inbox's transaction. Facts on
  // accounts that are gone are dropped.
  absl::Status Take(const std::vector<Event>& events);

  absl::StatusOr<Page<core::Notice>> List(const Actor& actor, const Uuid& account_id,
                                          const std::optional<Uuid>& product_id, const PageRequest& page);
  // NOTICE_NOT_FOUND.
  absl::StatusOr<core::Notice> Get(const Actor& actor, const Uuid& account_id, const Uuid& notice_id);

 private:
  AccountStore& accounts_;
  NoticeStore& notices_;
  Tally& tally_;
  const Clock& clock_;
  IdSource& ids_;
};

}  // namespace perennial::account
