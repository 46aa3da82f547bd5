#include "libs/crypto/access_token.h"

#include <rapidcheck.h>
#include <sodium.h>
#include <atomic>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "libs/base/error.h"
#include "tests/support/fakes.h"
#include "tests/support/status_matchers.h"

namespace perennial::crypto {
namespace {

const std::string kSeed(32, 's');

// Signs any header and body, as only the holder of the key could.
std::string SignAny(const std::string& header, const std::string& body, const std::string& seed = kSeed) {
  unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
  unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
  REQUIRE(sodium_init() >= 0);
  crypto_sign_seed_keypair(public_key, secret_key, reinterpret_cast<const unsigned char*>(seed.data()));
  const std::string part =
      absl::StrCat(absl::WebSafeBase64Escape(header), ".", absl::WebSafeBase64Escape(body));
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                       reinterpret_cast<const unsigned char*>(part.data()), part.size(), secret_key);
  return absl::StrCat(part, ".", absl::WebSafeBase64Escape(signature));
}

class Tokens {
 public:
  Tokens() : key("k1", kSeed), verifier([this] { return Fetch(); }, clock) {
    listed = {{"k1", key.public_key()}};
    claims = {ids.Next(), ids.Next(), clock.Now(), clock.Now() + absl::Minutes(10), "fr"};
  }
  absl::StatusOr<std::vector<VerifyingKey>> Fetch() {
    ++fetches;
    if (!fetch_status.ok()) return fetch_status;
    return listed;
  }
  std::string Header() const { return R"({"alg":"EdDSA","typ":"at+jwt","kid":"k1"})"; }
  nlohmann::json Body() const {
    return {{"iss", "perennial"},
            {"sub", claims.account_id.ToString()},
            {"sid", claims.session_id.ToString()},
            {"iat", absl::ToUnixSeconds(claims.issue_time)},
            {"exp", absl::ToUnixSeconds(claims.expire_time)}};
  }

  testing::FakeClock clock;
  testing::CountingIds ids;
  SigningKey key;
  AccessClaims claims;
  std::atomic<int> fetches{0};
  absl::Status fetch_status;
  std::vector<VerifyingKey> listed;
  AccessTokenVerifier verifier;
};

TEST_CASE("a token says what it was signed with, until it expires") {
  Tokens tokens;
  const std::string token = tokens.key.Sign(tokens.claims);
  for (int i = 0; i < 2; ++i) {  // the second time from memory
    const auto claims = tokens.verifier.Verify(token);
    REQUIRE_OK(claims);
    CHECK(claims->account_id == tokens.claims.account_id);
    CHECK(claims->session_id == tokens.claims.session_id);
    CHECK(claims->expire_time == tokens.claims.expire_time);
    CHECK(claims->language == "fr");
  }
  CHECK(tokens.fetches == 1);
  tokens.clock.Advance(absl::Minutes(10) - absl::Seconds(1));
  CHECK(tokens.verifier.Verify(token).ok());
  tokens.clock.Advance(absl::Seconds(1));
  CHECK_REFUSED(tokens.verifier.Verify(token), "ACCESS_TOKEN_EXPIRED");
  CHECK_REFUSED(tokens.verifier.Verify(tokens.key.Sign(tokens.claims) + "A"), "ACCESS_TOKEN_INVALID");
}

TEST_CASE("a token need not say a language") {
  Tokens tokens;
  const auto claims = tokens.verifier.Verify(SignAny(tokens.Header(), tokens.Body().dump()));
  REQUIRE_OK(claims);
  CHECK(claims->language.empty());
}

TEST_CASE("the signature is Ed25519's (RFC 8032, 7.1, test 1)") {
  const std::string seed =
      absl::HexStringToBytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  CHECK(absl::BytesToHexString(SigningKey("k", seed).public_key()) ==
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

TEST_CASE("a token changed anywhere is no token") {
  Tokens tokens;
  const std::string token = tokens.key.Sign(tokens.claims);
  REQUIRE(tokens.verifier.Verify(token).ok());
  const std::string alphabet = "ABab01-_.= \n";
  for (size_t at = 0; at < token.size(); ++at) {
    for (const char c : alphabet) {
      std::string changed = token;
      changed[at] = c;
      if (changed == token) continue;
      INFO("byte " << at << " to " << c);
      CHECK_FALSE(tokens.verifier.Verify(changed).ok());
    }
    CHECK_FALSE(tokens.verifier.Verify(token.substr(0, at)).ok());
  }
  for (const std::string& around : {token + ".", "." + token, token + "=", " " + token, token + token})
    CHECK_FALSE(tokens.verifier.Verify(around).ok());
}

TEST_CASE("only EdDSA is read, whatever the header asks for") {
  Tokens tokens;
  const std::string body = tokens.Body().dump();
  for (const char* header :
       {R"({"alg":"none","kid":"k1"})", R"({"alg":"None","kid":"k1"})", R"({"alg":"HS256","kid":"k1"})",
        R"({"alg":"eddsa","kid":"k1"})", R"({"alg":"RS256","kid":"k1"})", R"({"kid":"k1"})",
        R"({"alg":["EdDSA"],"kid":"k1"})", "[]", "", "{"}) {
    INFO(header);
    CHECK_REFUSED(tokens.verifier.Verify(SignAny(header, body)), "ACCESS_TOKEN_INVALID");
  }
  const std::vector<std::string> parts = absl::StrSplit(SignAny(tokens.Header(), body), '.');
  const std::string none = absl::WebSafeBase64Escape(R"({"alg":"none"})");
  CHECK_REFUSED(tokens.verifier.Verify(absl::StrCat(none, ".", parts[1], ".")), "ACCESS_TOKEN_INVALID");
  CHECK_REFUSED(tokens.verifier.Verify(absl::StrCat(none, ".", parts[1], ".", parts[2])),
                "ACCESS_TOKEN_INVALID");
  CHECK(tokens.verifier.Verify(SignAny(tokens.Header(), body)).ok());
}

TEST_CASE("a token of another key is forged, also under our key's id") {
  Tokens tokens;
  CHECK_REFUSED(tokens.verifier.Verify(SignAny(tokens.Header(), tokens.Body().dump(), std::string(32, 'x'))),
                "ACCESS_TOKEN_INVALID");
}

TEST_CASE("claims that are missing or of another kind are refused, even when signed") {
  Tokens tokens;
  for (const char* key : {"iss", "sub", "sid", "iat", "exp"}) {
    nlohmann::json without = tokens.Body();
    without.erase(key);
    nlohmann::json other = tokens.Body();
    other[key] = nlohmann::json::array({1.5, "x"});
    INFO(key);
    CHECK_REFUSED(tokens.verifier.Verify(SignAny(tokens.Header(), without.dump())), "ACCESS_TOKEN_INVALID");
    CHECK_REFUSED(tokens.verifier.Verify(SignAny(tokens.Header(), other.dump())), "ACCESS_TOKEN_INVALID");
  }
  nlohmann::json foreign = tokens.Body();
  foreign["iss"] = "somebody";
  CHECK_REFUSED(tokens.verifier.Verify(SignAny(tokens.Header(), foreign.dump())), "ACCESS_TOKEN_INVALID");
}

TEST_CASE("nonsense is refused without fetching keys for it") {
  Tokens tokens;
  CHECK(rc::check("any bytes", [&] {
    const auto text = *rc::gen::arbitrary<std::string>();
    RC_ASSERT(ReasonOf(tokens.verifier.Verify(text).status()) == "ACCESS_TOKEN_INVALID");
  }));
  CHECK_REFUSED(tokens.verifier.Verify(std::string(1 << 20, 'a')), "ACCESS_TOKEN_INVALID");
  CHECK_REFUSED(tokens.verifier.Verify(std::string(1000, '.')), "ACCESS_TOKEN_INVALID");
  const std::string deep = std::string(1400, '[');
  CHECK_REFUSED(tokens.verifier.Verify(absl::WebSafeBase64Escape(deep) + ".e30.AA"), "ACCESS_TOKEN_INVALID");
  CHECK(tokens.fetches == 0);
}

TEST_CASE("an unknown key fetches once; a flood of them does not flood account") {
  Tokens tokens;
  REQUIRE(tokens.verifier.Verify(tokens.key.Sign(tokens.claims)).ok());
  for (int i = 0; i < 50; ++i) {
    const SigningKey unknown(absl::StrCat("unknown", i), std::string(32, 'u'));
    CHECK_REFUSED(tokens.verifier.Verify(unknown.Sign(tokens.claims)), "ACCESS_TOKEN_INVALID");
  }
  CHECK(tokens.fetches == 1);
}

TEST_CASE("while keys cannot be had, a token is neither good nor bad") {
  Tokens tokens;
  tokens.fetch_status = Unavailable("SERVICE_UNAVAILABLE", "account is away");
  for (int i = 0; i < 50; ++i)
    CHECK_REFUSED(tokens.verifier.Verify(tokens.key.Sign(tokens.claims)), "SERVICE_UNAVAILABLE");
  CHECK(tokens.fetches < 10);
  tokens.fetch_status = absl::OkStatus();
  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  while (!tokens.verifier.Verify(tokens.key.Sign(tokens.claims)).ok() && absl::Now() < give_up) {
  }
  CHECK(tokens.verifier.Verify(tokens.key.Sign(tokens.claims)).ok());
}

TEST_CASE("callers with a new key wait for the fetch that is under way") {
  testing::FakeClock clock;
  testing::CountingIds ids;
  const SigningKey key("new", kSeed);
  absl::Notification started;
  absl::Notification released;
  std::atomic<int> fetches{0};
  AccessTokenVerifier verifier(
      [&]() -> absl::StatusOr<std::vector<VerifyingKey>> {
        if (++fetches == 1) {
          started.Notify();
          released.WaitForNotification();
        }
        return std::vector<VerifyingKey>{{"new", key.public_key()}};
      },
      clock);
  const AccessClaims claims{ids.Next(), ids.Next(), clock.Now(), clock.Now() + absl::Minutes(10)};
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { good += verifier.Verify(key.Sign(claims)).ok() ? 1 : 0; });
  started.WaitForNotification();
  released.Notify();
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 8);
  CHECK(fetches == 1);
}

TEST_CASE("a withdrawn key is not believed for longer than five minutes, nor is what it signed") {
  Tokens tokens;
  tokens.claims.expire_time = tokens.claims.issue_time + absl::Minutes(15);
  const std::string token = tokens.key.Sign(tokens.claims);
  REQUIRE_OK(tokens.verifier.Verify(token));
  tokens.listed = {{"k2", SigningKey("k2", std::string(32, 't')).public_key()}};
  REQUIRE_OK(tokens.verifier.Verify(token));
  CHECK(tokens.fetches == 1);
  tokens.clock.Advance(absl::Minutes(5));
  CHECK_REFUSED(tokens.verifier.Verify(token), "ACCESS_TOKEN_INVALID");
}

TEST_CASE("while account cannot be asked, the keys that were good stay good") {
  Tokens tokens;
  REQUIRE_OK(tokens.verifier.Verify(tokens.key.Sign(tokens.claims)));
  tokens.fetch_status = Unavailable("SERVICE_UNAVAILABLE", "");
  tokens.clock.Advance(absl::Minutes(6));
  REQUIRE_OK(tokens.verifier.Verify(tokens.key.Sign(tokens.claims)));
  CHECK(tokens.fetches == 2);
}

TEST_CASE("a token that says it lives for longer than account gives is no token") {
  Tokens tokens;
  tokens.claims.expire_time = tokens.claims.issue_time + absl::Minutes(16);
  CHECK_REFUSED(tokens.verifier.Verify(tokens.key.Sign(tokens.claims)), "ACCESS_TOKEN_INVALID");
}

TEST_CASE("a key counts from its beginning to its retirement") {
  Tokens tokens;
  tokens.listed = {
      {"k1", tokens.key.public_key(), tokens.clock.Now(), tokens.clock.Now() + absl::Minutes(5)}};
  AccessClaims early = tokens.claims;
  early.issue_time -= absl::Seconds(1);
  CHECK_REFUSED(tokens.verifier.Verify(tokens.key.Sign(early)), "ACCESS_TOKEN_INVALID");
  CHECK(tokens.verifier.Verify(tokens.key.Sign(tokens.claims)).ok());
  tokens.clock.Advance(absl::Minutes(5));
  CHECK_REFUSED(tokens.verifier.Verify(tokens.key.Sign(tokens.claims)), "ACCESS_TOKEN_INVALID");
}

}  // namespace
}  // namespace perennial::crypto
