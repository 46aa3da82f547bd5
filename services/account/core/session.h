#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/uuid.h"
#include "services/account/core/access_log.h"

namespace perennial::account::core {

inline constexpr absl::Duration kAccessTokenLifetime = absl::Minutes(10);
// Without a refresh. ASVS 5, 7.2: a month at this level of assurance.
inline constexpr absl::Duration kSessionLifetime = absl::Hours(24 * 30);
// A client whose answer was lost, or whose two tabs refresh at once, may show the last token again so long.
inline constexpr absl::Duration kRefreshGrace = absl::Seconds(30);

// A sign-in that lasts (R1). Of its refresh tokens only digests are kept, and the living one sealed, so that
// it can be given again within the grace.
struct Session {
  Uuid id;
  Uuid account_id;
  Origin origin;  // of the sign-in
  absl::Time created_at;
  absl::Time last_used_at;
  absl::Time expires_at;
  std::optional<absl::Time> ended_at;
  std::string token_digest;
  std::string token_sealed;
  std::string previous_digest;  // empty until the first refresh
  absl::Time refreshed_at;
};

bool IsLive(const Session& session, absl::Time now);

// What a refresh token of this session, living or used up, is good for.
enum class RefreshDecision {
  kRotate,  // the living one: exchange it
  kRepeat,  // its predecessor, within the grace: give the living one again, so that there is one family, no
            // fork
  kReuse,   // used before: one of two users is a thief, end the session
  kEnded,   // the session is over
};
RefreshDecision DecideRefresh(const Session& session, absl::string_view digest, absl::Time now);

// The session with `digest` as its living token.
Session Rotate(Session session, std::string digest, std::string sealed, absl::Time now);

}  // namespace perennial::account::core
