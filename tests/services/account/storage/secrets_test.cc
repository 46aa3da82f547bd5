#include <catch2/catch.hpp>

#include "services/account/storage/sodium_secrets.h"
#include "tests/support/fakes.h"
#include "tests/support/status_matchers.h"

namespace perennial::account {
namespace {

const std::string kKey(32, 'k');
const std::string kSeed(32, 's');
const std::string kNewSeed(32, 'n');

TEST_CASE("a sealed token opens for its own session only") {
  SodiumSecrets secrets(kKey, kSeed);
  testing::CountingIds ids;
  const Uuid session = ids.Next();
  const std::string token = secrets.NewRefreshToken();
  CHECK(token.size() == 43);  // 256 bits in base64url
  CHECK(token != secrets.NewRefreshToken());
  const std::string sealed = secrets.SealToken(session, token);
  CHECK(sealed.find(token) == std::string::npos);
  CHECK(*secrets.OpenToken(session, sealed) == token);
  CHECK_FALSE(secrets.OpenToken(ids.Next(), sealed));
  CHECK_FALSE(SodiumSecrets(std::string(32, 'x'), kSeed).OpenToken(session, sealed));
}

TEST_CASE("through a rotation, tokens of both keys are accepted as long as both are listed") {
  testing::FakeClock clock;
  SodiumSecrets before(kKey, kSeed);
  SodiumSecrets after(kKey, kNewSeed);
  CHECK(before.verifying_key().key_id != after.verifying_key().key_id);
  const std::vector<crypto::VerifyingKey> listed = {after.verifying_key(),
                                                    NamedKey(before.verifying_key().public_key)};
  crypto::AccessTokenVerifier verifier(
      [&]() -> absl::StatusOr<std::vector<crypto::VerifyingKey>> { return listed; }, clock);
  crypto::AccessTokenVerifier later([&] { return std::vector{after.verifying_key()}; }, clock);
  testing::CountingIds ids;
  core::Session session;
  session.id = ids.Next();
  session.account_id = ids.Next();
  const absl::Time expire_time = clock.Now() + core::kAccessTokenLifetime;
  const std::string old_token =
      before.SignAccessToken(session, core::Language::kEnglish, clock.Now(), expire_time);
  const std::string new_token =
      after.SignAccessToken(session, core::Language::kFrench, clock.Now(), expire_time);
  CHECK(verifier.Verify(old_token)->session_id == session.id);
  CHECK(verifier.Verify(new_token)->account_id == session.account_id);
  CHECK(verifier.Verify(old_token)->language == "en");
  CHECK(verifier.Verify(new_token)->language == "fr");
  CHECK_REFUSED(later.Verify(old_token), "ACCESS_TOKEN_INVALID");
  clock.Advance(core::kAccessTokenLifetime);
  CHECK_REFUSED(verifier.Verify(new_token), "ACCESS_TOKEN_EXPIRED");
}

TEST_CASE("an address is not kept where its failures are counted") {
  SodiumSecrets secrets(kKey, kSeed);
  CHECK(secrets.ThrottleKey("a@example.com") == secrets.ThrottleKey("a@example.com"));
  CHECK(secrets.ThrottleKey("a@example.com") != secrets.ThrottleKey("b@example.com"));
  CHECK(secrets.ThrottleKey("a@example.com").find("example") == std::string::npos);
}

TEST_CASE("a password is verified by its hash, and by nothing for nobody's") {
  SodiumSecrets secrets(kKey, kSeed);
  const std::string hash = secrets.HashPassword("correct horse battery");
  CHECK(secrets.VerifyPassword(hash, "correct horse battery"));
  CHECK_FALSE(secrets.VerifyPassword(hash, "correct horse"));
  CHECK_FALSE(secrets.VerifyPassword("", "correct horse battery"));
  CHECK_FALSE(secrets.VerifyPassword("", "nobody has this password"));
}

}  // namespace
}  // namespace perennial::account
