#include "services/account/app/notices.h"

#include "libs/base/civil_date.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/account/core/notice_rendering.h"

namespace perennial::account {
namespace {

absl::Status NoticeNotFound() {
  return NotFound("NOTICE_NOT_FOUND", "there is no such notice");
}

}  // namespace

Notices::Notices(AccountStore& accounts, NoticeStore& notices, Tally& tally, const Clock& clock,
                 IdSource& ids)
    : accounts_(accounts), notices_(notices), tally_(tally), clock_(clock), ids_(ids) {}

absl::Status Notices::Take(const std::vector<Event>& events) {
  std::vector<Uuid> account_ids;
  for (const Event& event : events) account_ids.push_back(event.account_id);
  // Locked, so that a deletion at the same time leaves no notice behind.
  ASSIGN_OR_RETURN(const auto accounts, accounts_.LockAll(account_ids));
  std::vector<core::Notice> notices;
  for (const Event& event : events) {
    const auto account = accounts.find(event.account_id);
    if (account == accounts.end()) continue;
    // A zone that left the database since it was chosen must not hold up all notices.
    const absl::TimeZone zone = LoadTimeZone(account->second.time_zone).value_or(absl::UTCTimeZone());
    const auto facts = core::ReadNoticeFacts(event, zone);
    if (!facts) continue;
    notices.push_back(core::RenderNotice(*facts, account->second, clock_.Now()));
    notices.back().id = ids_.Next();
  }
  ASSIGN_OR_RETURN(const std::vector<core::NoticeKind> told, notices_.Insert(notices));
  for (const core::NoticeKind kind : told) tally_.CountNotice(kind);
  return absl::OkStatus();
}

absl::StatusOr<Page<core::Notice>> Notices::List(const Actor& actor, const Uuid& account_id,
                                                 const std::optional<Uuid>& product_id,
                                                 const PageRequest& page) {
  RETURN_IF_ERROR(RequireOwn(accounts_, actor, account_id, clock_.Now()).status());
  return notices_.List(account_id, product_id, page);
}

absl::StatusOr<core::Notice> Notices::Get(const Actor& actor, const Uuid& account_id, const Uuid& notice_id) {
  if (actor.account_id != account_id) return NoticeNotFound();
  RETURN_IF_ERROR(RequireOwn(accounts_, actor, account_id, clock_.Now()).status());
  ASSIGN_OR_RETURN(const auto notice, notices_.Find(account_id, notice_id));
  if (!notice) return NoticeNotFound();
  return *notice;
}

}  // namespace perennial::account
