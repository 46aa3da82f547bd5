#include "services/account/core/session.h"

#include <utility>

namespace perennial::account::core {

bool IsLive(const Session& session, absl::Time now) {
  return !session.ended_at && now < session.expires_at;
}

RefreshDecision DecideRefresh(const Session& session, absl::string_view digest, absl::Time now) {
  if (!IsLive(session, now)) return RefreshDecision::kEnded;
  if (digest == session.token_digest) return RefreshDecision::kRotate;
  const bool in_grace = digest == session.previous_digest && now - session.refreshed_at <= kRefreshGrace;
  return in_grace ? RefreshDecision::kRepeat : RefreshDecision::kReuse;
}

Session Rotate(Session session, std::string digest, std::string sealed, absl::Time now) {
  session.previous_digest = std::exchange(session.token_digest, std::move(digest));
  session.token_sealed = std::move(sealed);
  session.refreshed_at = now;
  session.last_used_at = now;
  session.expires_at = now + kSessionLifetime;
  return session;
}

}  // namespace perennial::account::core
