#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/account/core/account.h"
#include "services/account/core/notice.h"

namespace perennial::account::core {

// The words of a notice in one language: data. In braces stands what the facts fill in: {product}, {expiry},
// {ends} (the expiry if it is ahead), {ended} (if it is past), {amount}, {reason}, {next_attempt}, and the
// conditions {if_auto_renew} and {if_no_auto_renew}. A sentence whose facts are not known is left out.
struct NoticeText {
  absl::string_view subject;
  std::vector<absl::string_view> sentences;
};
const NoticeText& TextOf(NoticeKind kind, Language language);

// "Hello {name}," and what ends the notice.
struct NoticeFrame {
  absl::string_view greeting;       // has {name}
  absl::string_view bare_greeting;  // for accounts without a name
  absl::string_view signature;
};
const NoticeFrame& FrameOf(Language language);

// "15 January 2027", "1er février 2027".
std::string DateInWords(CivilDate date, Language language);
// "EUR 12.34", "12,34 EUR".
std::string AmountInWords(const Money& amount, Language language);
// What a decline code means, without its details: a thief need not learn that a card is reported stolen.
absl::string_view ReasonInWords(absl::string_view decline_code, Language language);
// What a product is called that has no name.
absl::string_view ProductKindInWords(absl::string_view product_kind, Language language);

}  // namespace perennial::account::core
