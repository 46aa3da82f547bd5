#include "services/account/core/notice_rendering.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "services/account/core/notice_texts.h"

namespace perennial::account::core {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

Values ValuesOf(const NoticeFacts& facts, Language language) {
  Values values;
  values["product"] = facts.product_name.empty()
                          ? std::string(ProductKindInWords(facts.product_kind, language))
                          : facts.product_name;
  values["reason"] = std::string(ReasonInWords(facts.decline_code, language));
  if (facts.expiry) {
    values["expiry"] = DateInWords(*facts.expiry, language);
    values[facts.is_past_expiry ? "ended" : "ends"] = values["expiry"];
  }
  // Conditions: they fill in nothing, but let a sentence stand or fall.
  if (facts.auto_renew) values[*facts.auto_renew ? "if_auto_renew" : "if_no_auto_renew"] = "";
  values[facts.product_kind == "domain" ? "if_domain" : "if_no_domain"] = "";
  if (facts.until) values["until"] = DateInWords(*facts.until, language);
  if (facts.next_attempt) values["next_attempt"] = DateInWords(*facts.next_attempt, language);
  if (facts.amount) values["amount"] = AmountInWords(*facts.amount, language);
  return values;
}

// `text` with its braces filled in, once: a product called "{amount}" stays that. Nothing if a value is not
// known.
std::optional<std::string> Fill(absl::string_view text, const Values& values) {
  std::string filled;
  while (!text.empty()) {
    const size_t open = text.find('{');
    absl::StrAppend(&filled, text.substr(0, open));
    if (open == absl::string_view::npos) break;
    const size_t close = text.find('}', open);
    const auto value = values.find(std::string(text.substr(open + 1, close - open - 1)));
    if (value == values.end()) return std::nullopt;
    absl::StrAppend(&filled, value->second);
    text.remove_prefix(close + 1);
  }
  return filled;
}

// Where there is nothing to confirm, as with a card that has expired, the customer has to hear why it failed
// (R17).
NoticeKind WordingOf(const NoticeFacts& facts) {
  const bool has_failed = facts.kind == NoticeKind::kRenewalActionRequired && !facts.can_confirm;
  return has_failed ? NoticeKind::kRenewalFailed : facts.kind;
}

}  // namespace

Notice RenderNotice(const NoticeFacts& facts, const Account& account, absl::Time now) {
  const NoticeText& text = TextOf(WordingOf(facts), account.language);
  const NoticeFrame& frame = FrameOf(account.language);
  const Values values = ValuesOf(facts, account.language);
  Notice notice;
  notice.account_id = account.id;
  notice.kind = facts.kind;
  notice.product_id = facts.product_id;
  notice.term = facts.term;
  notice.occasion = facts.occasion;
  notice.language = account.language;
  notice.created_at = now;
  notice.subject = Fill(text.subject, values).value_or("");
  notice.body = account.display_name.empty() ? std::string(frame.bare_greeting)
                                             : *Fill(frame.greeting, {{"name", account.display_name}});
  absl::StrAppend(&notice.body, "\n\n");
  for (absl::string_view sentence : text.sentences) {
    if (const auto filled = Fill(sentence, values)) absl::StrAppend(&notice.body, *filled, "\n");
  }
  absl::StrAppend(&notice.body, "\n", frame.signature, "\n");
  return notice;
}

}  // namespace perennial::account::core
