#pragma once

#include "absl/strings/string_view.h"

namespace perennial::rpc {

// What a person is told of a refusal (R6), in "en" or "fr". Empty for a reason that a customer can neither
// cause nor mend: a fault of the calling program, or between our services.
absl::string_view ErrorTextOf(absl::string_view reason, absl::string_view language);

// The language a person is told in, "en" or "fr": the account's, as its access token says; of somebody who is
// not signed in, the one that the client likes best (accept-language; RFC 9110, 12.5.4); else English.
absl::string_view ChooseLanguage(absl::string_view account_language, absl::string_view accept_language);

}  // namespace perennial::rpc
