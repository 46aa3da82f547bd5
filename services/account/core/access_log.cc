#include "services/account/core/access_log.h"

namespace perennial::account::core {

std::string NameOf(AccessAct act) {
  switch (act) {
    case AccessAct::kSignUp:
      return "sign_up";
    case AccessAct::kSignIn:
      return "sign_in";
    case AccessAct::kSignOut:
      return "sign_out";
    case AccessAct::kSessionEnd:
      return "session_end";
    case AccessAct::kRefreshTokenReuse:
      return "refresh_token_reuse";
    case AccessAct::kPasswordChange:
      return "password_change";
    case AccessAct::kSettingsChange:
      return "settings_change";
    case AccessAct::kPersonalDataExport:
      return "personal_data_export";
    case AccessAct::kAccountDeletion:
      return "account_deletion";
  }
  return "";
}

std::string NameOf(AccessOutcome outcome) {
  switch (outcome) {
    case AccessOutcome::kDone:
      return "done";
    case AccessOutcome::kRefused:
      return "refused";
    case AccessOutcome::kThrottled:
      return "throttled";
  }
  return "";
}

std::optional<AccessAct> ParseAccessAct(absl::string_view name) {
  for (AccessAct act : kAllAccessActs) {
    if (NameOf(act) == name) return act;
  }
  return std::nullopt;
}

std::optional<AccessOutcome> ParseAccessOutcome(absl::string_view name) {
  for (AccessOutcome outcome : kAllAccessOutcomes) {
    if (NameOf(outcome) == name) return outcome;
  }
  return std::nullopt;
}

}  // namespace perennial::account::core
