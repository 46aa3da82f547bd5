#include "services/account/rpc/proto_mapping.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/civil_date.h"
#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/proto_values.h"
#include "services/account/core/text.h"

namespace perennial::account {
namespace {

constexpr int64_t kMaxDisplayNameCharacters = 100;
constexpr int64_t kMaxDescriptionCharacters = 200;
// Far above the longest password there can be; what is longer is a mistake, and hashing it would cost.
constexpr size_t kMaxPasswordBytes = 1024;
constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 200;

v1::AccessAct ToProto(core::AccessAct act) {
  switch (act) {
    case core::AccessAct::kSignUp:
      return v1::ACCESS_ACT_SIGN_UP;
    case core::AccessAct::kSignIn:
      return v1::ACCESS_ACT_SIGN_IN;
    case core::AccessAct::kSignOut:
      return v1::ACCESS_ACT_SIGN_OUT;
    case core::AccessAct::kSessionEnd:
      return v1::ACCESS_ACT_SESSION_END;
    case core::AccessAct::kRefreshTokenReuse:
      return v1::ACCESS_ACT_REFRESH_TOKEN_REUSE;
    case core::AccessAct::kPasswordChange:
      return v1::ACCESS_ACT_PASSWORD_CHANGE;
    case core::AccessAct::kSettingsChange:
      return v1::ACCESS_ACT_SETTINGS_CHANGE;
    case core::AccessAct::kPersonalDataExport:
      return v1::ACCESS_ACT_PERSONAL_DATA_EXPORT;
    case core::AccessAct::kAccountDeletion:
      return v1::ACCESS_ACT_ACCOUNT_DELETION;
  }
  return v1::ACCESS_ACT_UNSPECIFIED;
}

v1::AccessOutcome ToProto(core::AccessOutcome outcome) {
  switch (outcome) {
    case core::AccessOutcome::kDone:
      return v1::ACCESS_OUTCOME_DONE;
    case core::AccessOutcome::kRefused:
      return v1::ACCESS_OUTCOME_REFUSED;
    case core::AccessOutcome::kThrottled:
      return v1::ACCESS_OUTCOME_THROTTLED;
  }
  return v1::ACCESS_OUTCOME_UNSPECIFIED;
}

v1::NoticeKind ToProto(core::NoticeKind kind) {
  switch (kind) {
    case core::NoticeKind::kRenewalUpcoming:
      return v1::NOTICE_KIND_RENEWAL_UPCOMING;
    case core::NoticeKind::kRenewalSucceeded:
      return v1::NOTICE_KIND_RENEWAL_SUCCEEDED;
    case core::NoticeKind::kRenewalFailed:
      return v1::NOTICE_KIND_RENEWAL_FAILED;
    case core::NoticeKind::kRenewalNoPaymentMethod:
      return v1::NOTICE_KIND_RENEWAL_NO_PAYMENT_METHOD;
    case core::NoticeKind::kRenewalActionRequired:
      return v1::NOTICE_KIND_RENEWAL_ACTION_REQUIRED;
    case core::NoticeKind::kExpiringInAMonth:
      return v1::NOTICE_KIND_EXPIRING_IN_A_MONTH;
    case core::NoticeKind::kExpiringInAWeek:
      return v1::NOTICE_KIND_EXPIRING_IN_A_WEEK;
    case core::NoticeKind::kExpired:
      return v1::NOTICE_KIND_EXPIRED;
    case core::NoticeKind::kEnding:
      return v1::NOTICE_KIND_ENDING;
    case core::NoticeKind::kOrderRefunded:
      return v1::NOTICE_KIND_ORDER_REFUNDED;
  }
  return v1::NOTICE_KIND_UNSPECIFIED;
}

v1::AccountState StateOf(const core::Account& account) {
  return account.deleted ? v1::ACCOUNT_STATE_DELETED : v1::ACCOUNT_STATE_ACTIVE;
}

void RequireDisplayName(const std::string& name, absl::string_view field, FieldViolations& violations) {
  violations.Require(core::CountCharacters(name) <= kMaxDisplayNameCharacters && core::IsPlainText(name),
                     field, "must have at most 100 characters, no control characters");
}

core::Language RequireLanguage(const std::string& code, absl::string_view field,
                               FieldViolations& violations) {
  const auto language = core::ParseLanguage(code);
  violations.Require(language.has_value(), field, "must be \"en\" or \"fr\"");
  return language.value_or(core::Language::kEnglish);
}

void RequireTimeZone(const std::string& name, absl::string_view field, FieldViolations& violations) {
  violations.Require(core::LooksLikeTimeZone(name) && LoadTimeZone(name).ok(), field,
                     "must be a time zone of the IANA database, e.g. \"Europe/Paris\"");
}

core::EmailAddress RequireEmail(const std::string& text, FieldViolations& violations) {
  const auto email = core::ParseEmailAddress(text);
  violations.Require(email.has_value(), "email",
                     "must be an e-mail address of at most 254 ASCII characters, e.g. \"a@example.com\"");
  return email.value_or(core::EmailAddress{});
}

}  // namespace

v1::Account ToProto(const core::Account& account) {
  v1::Account proto;
  proto.set_name(AccountName(account.id));
  proto.set_email(account.email);
  proto.set_display_name(account.display_name);
  proto.set_language(core::CodeOf(account.language));
  proto.set_time_zone(account.time_zone);
  proto.set_state(StateOf(account));
  *proto.mutable_create_time() = rpc::ToProto(account.created_at);
  *proto.mutable_update_time() = rpc::ToProto(account.updated_at);
  proto.set_etag(core::EtagOf(account));
  return proto;
}

v1::AccountProfile ToProfile(const core::Account& account) {
  v1::AccountProfile proto;
  proto.set_name(AccountName(account.id));
  proto.set_language(core::CodeOf(account.language));
  proto.set_time_zone(account.time_zone);
  proto.set_state(StateOf(account));
  return proto;
}

v1::Session ToProto(const core::Session& session, const Uuid& current_session_id) {
  v1::Session proto;
  proto.set_name(MakeChildName(session.account_id, "sessions", session.id));
  proto.set_client_description(session.origin.description);
  proto.set_client_address(session.origin.address);
  *proto.mutable_create_time() = rpc::ToProto(session.created_at);
  *proto.mutable_last_used_time() = rpc::ToProto(session.last_used_at);
  *proto.mutable_expire_time() = rpc::ToProto(session.expires_at);
  proto.set_current(session.id == current_session_id);
  return proto;
}

v1::CreateSessionResponse ToProto(const SessionTokens& tokens) {
  v1::CreateSessionResponse proto;
  *proto.mutable_session() = ToProto(tokens.session, tokens.session.id);
  proto.set_access_token(tokens.access_token);
  *proto.mutable_access_token_expire_time() = rpc::ToProto(tokens.access_token_expire_time);
  proto.set_refresh_token(tokens.refresh_token);
  return proto;
}

v1::AccessLogEntry ToProto(const core::AccessLogEntry& entry) {
  v1::AccessLogEntry proto;
  proto.set_name(MakeChildName(entry.account_id, "accessLogEntries", entry.id));
  *proto.mutable_create_time() = rpc::ToProto(entry.created_at);
  proto.set_act(ToProto(entry.act));
  proto.set_outcome(ToProto(entry.outcome));
  proto.set_client_address(entry.origin.address);
  proto.set_client_description(entry.origin.description);
  if (entry.session_id) proto.set_session(MakeChildName(entry.account_id, "sessions", *entry.session_id));
  return proto;
}

v1::Notice ToProto(const core::Notice& notice) {
  v1::Notice proto;
  proto.set_name(MakeChildName(notice.account_id, "notices", notice.id));
  proto.set_kind(ToProto(notice.kind));
  if (!notice.product_id.IsNil())
    proto.set_product(MakeChildName(notice.account_id, "products", notice.product_id));
  proto.set_language(core::CodeOf(notice.language));
  proto.set_subject(notice.subject);
  proto.set_body(notice.body);
  *proto.mutable_create_time() = rpc::ToProto(notice.created_at);
  return proto;
}

absl::StatusOr<Accounts::Registration> FromProto(const v1::CreateAccountRequest& request,
                                                 const core::Origin& origin) {
  FieldViolations violations;
  Accounts::Registration registration;
  registration.email = RequireEmail(request.email(), violations);
  RequirePassword(request.password(), "password", violations);
  registration.password = request.password();
  registration.language = RequireLanguage(request.language(), "language", violations);
  RequireTimeZone(request.time_zone(), "time_zone", violations);
  registration.time_zone = request.time_zone();
  RequireDisplayName(request.display_name(), "display_name", violations);
  registration.display_name = request.display_name();
  registration.origin = origin;
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(registration.request_id, Uuid::Parse(request.request_id()));
  return registration;
}

absl::StatusOr<Accounts::Settings> FromProto(const v1::UpdateAccountRequest& request) {
  FieldViolations violations;
  Accounts::Settings settings;
  const v1::Account& account = request.account();
  settings.etag = account.etag();
  violations.Require(request.update_mask().paths_size() > 0, "update_mask", "must name the fields to change");
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "display_name") {
      RequireDisplayName(account.display_name(), "account.display_name", violations);
      settings.display_name = account.display_name();
    } else if (path == "language") {
      settings.language = RequireLanguage(account.language(), "account.language", violations);
    } else if (path == "time_zone") {
      RequireTimeZone(account.time_zone(), "account.time_zone", violations);
      settings.time_zone = account.time_zone();
    } else {
      violations.Add("update_mask", "may name display_name, language and time_zone only");
    }
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return settings;
}

absl::StatusOr<SignInRequest> FromProto(const v1::CreateSessionRequest& request, const core::Origin& origin) {
  FieldViolations violations;
  SignInRequest sign_in{RequireEmail(request.email(), violations), request.password(), origin};
  RequirePassword(request.password(), "password", violations);
  const std::string& description = request.client_description();
  violations.Require(
      core::CountCharacters(description) <= kMaxDescriptionCharacters && core::IsPlainText(description),
      "client_description", "must have at most 200 characters, no control characters");
  if (!description.empty()) sign_in.origin.description = description;
  RETURN_IF_ERROR(violations.ToStatus());
  return sign_in;
}

void RequirePassword(const std::string& password, absl::string_view field, FieldViolations& violations) {
  violations.Require(!password.empty() && password.size() <= kMaxPasswordBytes, field,
                     "is required, and has at most 1024 bytes");
}

absl::StatusOr<Uuid> RequireAccountName(const std::string& name, absl::string_view field) {
  const auto id = ParseAccountName(name);
  if (!id) return InvalidField(field, "must be a name of the form accounts/{uuid}");
  return *id;
}

absl::StatusOr<ChildName> RequireChildName(const std::string& name, absl::string_view collection,
                                           absl::string_view field) {
  const auto child = ParseChildName(name, collection);
  if (!child)
    return InvalidField(field,
                        absl::StrCat("must be a name of the form accounts/{uuid}/", collection, "/{uuid}"));
  return *child;
}

core::Origin OriginOf(const rpc::Call& call) {
  return {call.client_address, call.user_agent};
}

Actor ActorOf(const rpc::Call& call) {
  return {call.caller.account_id, call.caller.session_id, OriginOf(call)};
}

absl::StatusOr<PageRequest> ReadPage(const crypto::PageTokens& tokens, absl::string_view list,
                                     int32_t page_size, const std::string& page_token) {
  if (page_size < 0) return InvalidField("page_size", "must not be negative");
  PageRequest page;
  page.size = page_size == 0 ? kDefaultPageSize : std::min(page_size, kMaxPageSize);
  ASSIGN_OR_RETURN(const std::string position, tokens.Read(list, page_token));
  if (position.empty()) return page;
  // We wrote it ourselves: "microseconds/uuid".
  const std::pair<std::string, std::string> parts = absl::StrSplit(position, absl::MaxSplits('/', 1));
  int64_t micros = 0;
  if (!absl::SimpleAtoi(parts.first, &micros))
    return absl::InternalError("a page token of ours cannot be read");
  ASSIGN_OR_RETURN(const Uuid id, Uuid::Parse(parts.second));
  page.after = Position{absl::FromUnixMicros(micros), id};
  return page;
}

std::string NextToken(const crypto::PageTokens& tokens, absl::string_view list,
                      const std::optional<Position>& next) {
  if (!next) return "";
  return tokens.Make(list, absl::StrCat(absl::ToUnixMicros(next->time), "/", next->id.ToString()));
}

}  // namespace perennial::account
