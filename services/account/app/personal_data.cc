#include "services/account/app/personal_data.h"

#include "libs/base/status_macros.h"

namespace perennial::account {
namespace {

constexpr int kMostOfEach = 2000;

}  // namespace

PersonalDataExport::PersonalDataExport(AccountStore& accounts, SessionStore& sessions, NoticeStore& notices,
                                       AccessLog& access_log, Tally& tally, const Clock& clock, IdSource& ids)
    : accounts_(accounts),
      sessions_(sessions),
      notices_(notices),
      access_log_(access_log),
      tally_(tally),
      clock_(clock),
      ids_(ids) {}

absl::StatusOr<PersonalData> PersonalDataExport::Export(const Actor& actor, const Uuid& account_id) {
  const absl::Time now = clock_.Now();
  const PageRequest all{kMostOfEach, std::nullopt};
  PersonalData data;
  ASSIGN_OR_RETURN(data.account, RequireOwn(accounts_, actor, account_id, now));
  const auto act = core::AccessAct::kPersonalDataExport;
  RETURN_IF_ERROR(access_log_.Add(EntryOf(actor, act, ids_.Next(), now)));
  tally_.CountAct(act, core::AccessOutcome::kDone);
  ASSIGN_OR_RETURN(data.sessions, sessions_.List(account_id, all, now));
  ASSIGN_OR_RETURN(data.notices, notices_.List(account_id, std::nullopt, all));
  ASSIGN_OR_RETURN(data.access_log, access_log_.List(account_id, all));
  return data;
}

}  // namespace perennial::account
