#pragma once

#include <array>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/uuid.h"

namespace perennial::account::core {

// Sign-in attempts and security-relevant acts (R4).
enum class AccessAct {
  kSignUp,
  kSignIn,
  kSignOut,
  kSessionEnd,
  kRefreshTokenReuse,
  kPasswordChange,
  kSettingsChange,
  kPersonalDataExport,
  kAccountDeletion,
};
inline constexpr std::array kAllAccessActs = {AccessAct::kSignUp,
                                              AccessAct::kSignIn,
                                              AccessAct::kSignOut,
                                              AccessAct::kSessionEnd,
                                              AccessAct::kRefreshTokenReuse,
                                              AccessAct::kPasswordChange,
                                              AccessAct::kSettingsChange,
                                              AccessAct::kPersonalDataExport,
                                              AccessAct::kAccountDeletion};

enum class AccessOutcome { kDone, kRefused, kThrottled };
inline constexpr std::array kAllAccessOutcomes = {AccessOutcome::kDone, AccessOutcome::kRefused,
                                                  AccessOutcome::kThrottled};

// Names in the database, in metrics and in exports: "sign_in", "refused".
std::string NameOf(AccessAct act);
std::string NameOf(AccessOutcome outcome);
std::optional<AccessAct> ParseAccessAct(absl::string_view name);
std::optional<AccessOutcome> ParseAccessOutcome(absl::string_view name);

// Where a call comes from, as far as known.
struct Origin {
  std::string address;      // IP address
  std::string description;  // what the client says of itself
};

struct AccessLogEntry {
  Uuid id;
  Uuid account_id;
  absl::Time created_at;
  AccessAct act = AccessAct::kSignIn;
  AccessOutcome outcome = AccessOutcome::kDone;
  Origin origin;
  std::optional<Uuid> session_id;
};

}  // namespace perennial::account::core
