#pragma once

#include <array>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/event.h"
#include "libs/base/money.h"
#include "libs/base/uuid.h"
#include "services/account/core/account.h"

namespace perennial::account::core {

// What a customer is told of (R19).
enum class NoticeKind {
  kRenewalUpcoming,
  kRenewalSucceeded,
  kRenewalFailed,
  kRenewalNoPaymentMethod,
  kRenewalActionRequired,
  kExpiringInAMonth,
  kExpiringInAWeek,
  kExpired,
  kEnding,
  kOrderRefunded,
};
inline constexpr std::array kAllNoticeKinds = {NoticeKind::kRenewalUpcoming,
                                               NoticeKind::kRenewalSucceeded,
                                               NoticeKind::kRenewalFailed,
                                               NoticeKind::kRenewalNoPaymentMethod,
                                               NoticeKind::kRenewalActionRequired,
                                               NoticeKind::kExpiringInAMonth,
                                               NoticeKind::kExpiringInAWeek,
                                               NoticeKind::kExpired,
                                               NoticeKind::kEnding,
                                               NoticeKind::kOrderRefunded};

// Names in the database, in metrics and in exports: "renewal_upcoming".
std::string NameOf(NoticeKind kind);
std::optional<NoticeKind> ParseNoticeKind(absl::string_view name);

struct Notice {
  Uuid id;
  Uuid account_id;
  NoticeKind kind = NoticeKind::kExpired;
  Uuid product_id;  // nil if it is about none
  // Told once for each product, kind, term and occasion. The occasion is empty but for what may happen
  // several times in a term: an attempt that failed or needs the customer (R17), a refunded order.
  std::string term;
  std::string occasion;
  Language language = Language::kEnglish;
  std::string subject;
  std::string body;
  absl::Time created_at;
};

// What an event of subscription says about a product, as far as it says it.
struct NoticeFacts {
  NoticeKind kind = NoticeKind::kExpired;
  Uuid product_id;
  std::string term;
  std::string occasion;
  std::string product_kind;  // "plan", "domain", "mailbox"
  std::string product_name;
  std::optional<CivilDate> expiry;
  bool is_past_expiry = false;  // when it happened
  std::optional<bool> auto_renew;
  std::optional<CivilDate> until;  // from then on paying does not bring it back, or a domain for more only
  std::optional<CivilDate> next_attempt;
  std::optional<Money> amount;
  std::string decline_code;
  bool can_confirm = false;  // the bank has a page on which the customer can confirm the payment now
};

// Whether customers are told of events of this type at all.
bool IsToldOf(absl::string_view event_type);

// Nothing if there is nothing to tell. `zone`: the account's, for the days that moments fall on.
std::optional<NoticeFacts> ReadNoticeFacts(const Event& event, absl::TimeZone zone);

}  // namespace perennial::account::core
