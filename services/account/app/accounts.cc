#include "services/account/app/accounts.h"

#include "absl/container/flat_hash_map.h"
#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"
#include "services/account/core/password_policy.h"

namespace perennial::account {
namespace {

using core::AccessAct;
using core::AccessOutcome;

absl::Status CheckPassword(absl::string_view field, absl::string_view password, absl::string_view email_key) {
  const core::PasswordVerdict verdict = core::JudgePassword(password, email_key);
  if (verdict == core::PasswordVerdict::kGood) return absl::OkStatus();
  return AtField(Refusal(absl::StatusCode::kInvalidArgument, "PASSWORD_TOO_WEAK", core::AdviceFor(verdict)),
                 field);
}

}  // namespace

Accounts::Accounts(AccountStore& accounts, SessionStore& sessions, AccessLog& access_log,
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

Event Accounts::EventOf(const std::string& type, const core::Account& account) {
  Event event{ids_.Next(), type, account.id, AccountName(account.id), account.updated_at, {}};
  // No address and no name travels: the other services need neither, and streams are not erased.
  if (!account.deleted)
    event.attributes = {{"language", core::CodeOf(account.language)}, {"time_zone", account.time_zone}};
  return event;
}

absl::StatusOr<std::string> Accounts::PrepareCreate(const Registration& registration) {
  RETURN_IF_ERROR(CheckPassword("password", registration.password, registration.email.key));
  RETURN_IF_ERROR(credentials_.CheckSignUp(registration.email.key, registration.origin));
  return credentials_.Hash(registration.password);
}

absl::Status Accounts::CheckRepeatedCreate(const Registration& registration) {
  return credentials_.VerifyRepeat(registration.email.key, registration.password,
                                   {AccessAct::kSignUp, registration.origin, std::nullopt});
}

absl::StatusOr<core::Account> Accounts::Create(const Registration& registration,
                                               const std::string& password_hash) {
  core::Account account;
  account.id = ids_.Next();
  account.email = registration.email.text;
  account.email_key = registration.email.key;
  account.password_hash = password_hash;
  account.display_name = registration.display_name;
  account.language = registration.language;
  account.time_zone = registration.time_zone;
  account.created_at = account.updated_at = clock_.Now();
  ASSIGN_OR_RETURN(const bool inserted,
                   accounts_.Insert(account, registration.request_id, {EventOf("account.created", account)}));
  if (!inserted) {
    return Refusal(absl::StatusCode::kAlreadyExists, "EMAIL_TAKEN",
                   "there is an account with this e-mail address");
  }
  core::AccessLogEntry entry =
      EntryOf({account.id, {}, registration.origin}, AccessAct::kSignUp, ids_.Next(), account.created_at);
  entry.session_id = std::nullopt;
  RETURN_IF_ERROR(access_log_.Add(entry));
  tally_.CountAct(AccessAct::kSignUp, AccessOutcome::kDone);
  return account;
}

absl::StatusOr<core::Account> Accounts::Get(const Actor& actor, const Uuid& account_id) {
  return RequireOwn(accounts_, actor, account_id, clock_.Now());
}

absl::StatusOr<core::Account> Accounts::Update(const Actor& actor, const Uuid& account_id,
                                               const Settings& settings) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(core::Account account, LockOwn(accounts_, actor, account_id, now));
  if (!settings.etag.empty() && settings.etag != core::EtagOf(account)) {
    return Refusal(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                   "the account changed since it was read; read it again");
  }
  if (settings.display_name) account.display_name = *settings.display_name;
  if (settings.language) account.language = *settings.language;
  if (settings.time_zone) account.time_zone = *settings.time_zone;
  account.revision += 1;
  account.updated_at = now;
  RETURN_IF_ERROR(accounts_.Save(account, {EventOf("account.updated", account)}));
  RETURN_IF_ERROR(access_log_.Add(EntryOf(actor, AccessAct::kSettingsChange, ids_.Next(), now)));
  tally_.CountAct(AccessAct::kSettingsChange, AccessOutcome::kDone);
  return account;
}

absl::StatusOr<Accounts::VerifiedPassword> Accounts::PrepareChangePassword(const Actor& actor,
                                                                           const Uuid& account_id,
                                                                           const std::string& current,
                                                                           const std::string& next) {
  ASSIGN_OR_RETURN(const core::Account account, RequireOwn(accounts_, actor, account_id, clock_.Now()));
  RETURN_IF_ERROR(CheckPassword("new_password", next, account.email_key));
  ASSIGN_OR_RETURN(const core::Account verified,
                   credentials_.Verify(account.email_key, current,
                                       {AccessAct::kPasswordChange, actor.origin, actor.session_id}));
  ASSIGN_OR_RETURN(std::string next_hash, credentials_.Hash(next));
  return VerifiedPassword{verified.password_hash, std::move(next_hash)};
}

absl::Status Accounts::CheckRepeatedChange(const Actor& actor, const Uuid& account_id,
                                           const std::string& next) {
  ASSIGN_OR_RETURN(const core::Account account, RequireOwn(accounts_, actor, account_id, clock_.Now()));
  return credentials_.VerifyRepeat(account.email_key, next,
                                   {AccessAct::kPasswordChange, actor.origin, actor.session_id});
}

// The actor's account, locked, if its password is still the one that was verified: of two changes at the same
// time, the second one was made under a password that no longer counts.
absl::StatusOr<core::Account> Accounts::LockUnchanged(const Actor& actor, const std::string& password_hash) {
  ASSIGN_OR_RETURN(const core::Account account, LockOwn(accounts_, actor, actor.account_id, clock_.Now()));
  if (account.password_hash != password_hash) return CredentialsInvalid();
  return account;
}

absl::StatusOr<core::Account> Accounts::ChangePassword(const Actor& actor, const VerifiedPassword& verified) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(core::Account account, LockUnchanged(actor, verified.current_hash));
  account.password_hash = verified.new_hash;
  account.revision += 1;
  account.updated_at = now;
  RETURN_IF_ERROR(accounts_.Save(account, {}));
  RETURN_IF_ERROR(sessions_.EndOthers(account.id, actor.session_id, now).status());
  RETURN_IF_ERROR(access_log_.Add(EntryOf(actor, AccessAct::kPasswordChange, ids_.Next(), now)));
  tally_.CountAct(AccessAct::kPasswordChange, AccessOutcome::kDone);
  return account;
}

absl::StatusOr<Accounts::VerifiedPassword> Accounts::PrepareDelete(const Actor& actor, const Uuid& account_id,
                                                                   const std::string& password) {
  ASSIGN_OR_RETURN(const core::Account account, RequireOwn(accounts_, actor, account_id, clock_.Now()));
  ASSIGN_OR_RETURN(const core::Account verified,
                   credentials_.Verify(account.email_key, password,
                                       {AccessAct::kAccountDeletion, actor.origin, actor.session_id}));
  return VerifiedPassword{verified.password_hash, ""};
}

absl::Status Accounts::Delete(const Actor& actor, const VerifiedPassword& verified) {
  ASSIGN_OR_RETURN(const core::Account account, LockUnchanged(actor, verified.current_hash));
  const core::Account tombstone = core::Tombstone(account, clock_.Now());
  RETURN_IF_ERROR(accounts_.Erase(tombstone, secrets_.ThrottleKey(account.email_key),
                                  {EventOf("account.deleted", tombstone)}));
  tally_.CountAct(AccessAct::kAccountDeletion, AccessOutcome::kDone);
  return absl::OkStatus();
}

absl::StatusOr<Page<core::AccessLogEntry>> Accounts::ListAccessLog(const Actor& actor, const Uuid& account_id,
                                                                   const PageRequest& page) {
  RETURN_IF_ERROR(RequireOwn(accounts_, actor, account_id, clock_.Now()).status());
  return access_log_.List(account_id, page);
}

absl::StatusOr<std::vector<core::Account>> Accounts::FindAll(const std::vector<Uuid>& ids) {
  ASSIGN_OR_RETURN(const std::vector<core::Account> found, accounts_.FindAll(ids));
  absl::flat_hash_map<Uuid, const core::Account*> by_id;
  for (const core::Account& account : found) by_id[account.id] = &account;
  std::vector<core::Account> ordered;
  for (const Uuid& id : ids) {
    if (const auto it = by_id.find(id); it != by_id.end()) ordered.push_back(*it->second);
  }
  return ordered;
}

}  // namespace perennial::account
