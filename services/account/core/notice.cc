#include "services/account/core/notice.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "libs/base/resource_name.h"

namespace perennial::account::core {
namespace {

// product.expiring comes about a month and about a week before the end; this lies between.
constexpr int64_t kAboutAWeekDays = 14;

std::string Attribute(const Event& event, const std::string& name) {
  const auto it = event.attributes.find(name);
  return it == event.attributes.end() ? std::string() : it->second;
}

std::optional<CivilDate> DateAttribute(const Event& event, const std::string& name, absl::TimeZone zone) {
  const std::string text = Attribute(event, name);
  if (const auto date = ParseDate(text); date.ok()) return *date;
  absl::Time time;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return DateAt(time, zone);
  return std::nullopt;
}

std::optional<Money> AmountOf(const Event& event) {
  const std::string currency = Attribute(event, "currency");
  int64_t minor = 0;
  if (!IsCurrencyCode(currency) || !absl::SimpleAtoi(Attribute(event, "amount_minor"), &minor))
    return std::nullopt;
  return Money{currency, minor};
}

// The product is an attribute, as a name or a bare id, or else the subject.
Uuid ProductOf(const Event& event) {
  const std::string attribute = Attribute(event, "product");
  if (const auto id = Uuid::Parse(attribute); id.ok()) return *id;
  for (const std::string& name : {attribute, event.subject}) {
    if (const auto child = ParseChildName(name, "products")) return child->id;
  }
  return Uuid();
}

std::string TermOf(const Event& event) {
  const std::string start = Attribute(event, "term_start");
  return start.empty() ? Attribute(event, "expiry") : start;
}

std::string OccasionOf(const Event& event, NoticeKind kind) {
  if (kind == NoticeKind::kOrderRefunded) return Attribute(event, "order");
  const bool is_of_attempt = kind == NoticeKind::kRenewalFailed ||
                             kind == NoticeKind::kRenewalNoPaymentMethod ||
                             kind == NoticeKind::kRenewalActionRequired;
  if (!is_of_attempt) return "";
  const std::string attempt = Attribute(event, "attempt");
  return attempt.empty() ? event.id.ToString() : attempt;
}

std::optional<bool> AutoRenewOf(const Event& event) {
  const std::string text = Attribute(event, "auto_renew");
  if (text == "true" || text == "false") return text == "true";
  return std::nullopt;
}

std::optional<NoticeKind> KindOf(absl::string_view event_type) {
  if (event_type == "renewal.upcoming") return NoticeKind::kRenewalUpcoming;
  if (event_type == "renewal.succeeded") return NoticeKind::kRenewalSucceeded;
  if (event_type == "renewal.failed") return NoticeKind::kRenewalFailed;
  if (event_type == "renewal.no_payment_method") return NoticeKind::kRenewalNoPaymentMethod;
  if (event_type == "renewal.action_required") return NoticeKind::kRenewalActionRequired;
  if (event_type == "product.expiring") return NoticeKind::kExpiringInAMonth;
  if (event_type == "product.expired") return NoticeKind::kExpired;
  if (event_type == "product.ending") return NoticeKind::kEnding;
  if (event_type == "order.refunded") return NoticeKind::kOrderRefunded;
  return std::nullopt;
}

}  // namespace

std::string NameOf(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kRenewalUpcoming:
      return "renewal_upcoming";
    case NoticeKind::kRenewalSucceeded:
      return "renewal_succeeded";
    case NoticeKind::kRenewalFailed:
      return "renewal_failed";
    case NoticeKind::kRenewalNoPaymentMethod:
      return "renewal_no_payment_method";
    case NoticeKind::kRenewalActionRequired:
      return "renewal_action_required";
    case NoticeKind::kExpiringInAMonth:
      return "expiring_in_a_month";
    case NoticeKind::kExpiringInAWeek:
      return "expiring_in_a_week";
    case NoticeKind::kExpired:
      return "expired";
    case NoticeKind::kEnding:
      return "ending";
    case NoticeKind::kOrderRefunded:
      return "order_refunded";
  }
  return "";
}

std::optional<NoticeKind> ParseNoticeKind(absl::string_view name) {
  for (NoticeKind kind : kAllNoticeKinds) {
    if (NameOf(kind) == name) return kind;
  }
  return std::nullopt;
}

bool IsToldOf(absl::string_view event_type) {
  return KindOf(event_type).has_value();
}

std::optional<NoticeFacts> ReadNoticeFacts(const Event& event, absl::TimeZone zone) {
  std::optional<NoticeKind> kind = KindOf(event.type);
  if (!kind) return std::nullopt;
  NoticeFacts facts;
  const CivilDate today = DateAt(event.occurred_at, zone);
  facts.expiry = DateAttribute(event, "expiry", zone);
  facts.is_past_expiry = facts.expiry && today >= *facts.expiry;
  facts.auto_renew = AutoRenewOf(event);
  const bool is_expiring = *kind == NoticeKind::kExpiringInAMonth;
  if (is_expiring && facts.expiry && DaysBetween(today, *facts.expiry) <= kAboutAWeekDays)
    kind = NoticeKind::kExpiringInAWeek;
  facts.kind = *kind;
  facts.product_id = ProductOf(event);
  facts.term = TermOf(event);
  facts.occasion = OccasionOf(event, *kind);
  facts.product_kind = Attribute(event, "product_kind");
  facts.product_name = Attribute(event, "display_name");
  facts.until = DateAttribute(event, "until", zone);
  facts.next_attempt = DateAttribute(event, "next_attempt", zone);
  facts.amount = AmountOf(event);
  facts.decline_code = Attribute(event, "decline_code");
  facts.can_confirm = !Attribute(event, "action_url").empty();
  return facts;
}

}  // namespace perennial::account::core
