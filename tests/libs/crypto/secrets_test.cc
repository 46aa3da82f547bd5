// Page tokens, sealed texts, keyed hashes and passwords.
#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "absl/strings/escaping.h"
#include "libs/crypto/keyed_hash.h"
#include "libs/crypto/page_token.h"
#include "libs/crypto/password.h"
#include "libs/crypto/seal.h"
#include "tests/support/status_matchers.h"

namespace perennial::crypto {
namespace {

const std::string kKey(kKeyBytes, 'k');
const std::string kOtherKey(kKeyBytes, 'o');

TEST_CASE("a page token gives back its position, to the list that made it") {
  const PageTokens tokens(kKey);
  CHECK(*tokens.Read("orders", "") == "");
  CHECK(rc::check("round trip", [&] {
    const auto position = *rc::gen::arbitrary<std::string>();
    const std::string token = tokens.Make("orders", position);
    RC_ASSERT(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
              std::string::npos);
    RC_ASSERT(*tokens.Read("orders", token) == position);
    RC_ASSERT(!tokens.Read("orders?state=open", token).ok());
    RC_ASSERT(!PageTokens(kOtherKey).Read("orders", token).ok());
  }));
  // Where the list's name ends and the position begins matters.
  CHECK_FALSE(tokens.Read("a", tokens.Make("a\x1f", "b")).ok());
}

TEST_CASE("a page token changed in any byte is refused") {
  const PageTokens tokens(kKey);
  for (const std::string position : {"", "1", "12", "2027-01-15 10:00:00+00/5f0c6a3e"}) {
    const std::string token = tokens.Make("orders", position);
    for (size_t at = 0; at < token.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string changed = token;
        changed[at] = static_cast<char>(byte);
        if (changed == token) continue;
        CHECK_REFUSED(tokens.Read("orders", changed), "PAGE_TOKEN_INVALID");
      }
      if (at > 0) CHECK_REFUSED(tokens.Read("orders", token.substr(0, at)), "PAGE_TOKEN_INVALID");
    }
    for (const std::string& around : {token + "A", token + "=", " " + token, token + "\n", token + token})
      CHECK_REFUSED(tokens.Read("orders", around), "PAGE_TOKEN_INVALID");
  }
  CHECK_REFUSED(tokens.Read("orders", std::string(1 << 20, 'A')), "PAGE_TOKEN_INVALID");
}

TEST_CASE("a sealed text opens with its key, in its context, unchanged, and never else") {
  CHECK(rc::check("round trip", [] {
    const auto text = *rc::gen::arbitrary<std::string>();
    const std::string sealed = Seal(kKey, "users/1/email", text);
    RC_ASSERT(Open(kKey, "users/1/email", sealed) == text);
    RC_ASSERT(!Open(kKey, "users/2/email", sealed));
    RC_ASSERT(!Open(kKey, "", sealed));
    RC_ASSERT(!Open(kOtherKey, "users/1/email", sealed));
    RC_ASSERT(Seal(kKey, "users/1/email", text) != sealed);  // a nonce of its own each time
    std::string changed = sealed;
    changed[*rc::gen::inRange<size_t>(0, sealed.size())] ^= static_cast<char>(*rc::gen::inRange(1, 256));
    RC_ASSERT(!Open(kKey, "users/1/email", changed));
    RC_ASSERT(!Open(kKey, "users/1/email", sealed.substr(0, *rc::gen::inRange<size_t>(0, sealed.size()))));
  }));
}

TEST_CASE("a keyed hash depends on key and text") {
  CHECK(KeyedHash(kKey, "4242424242424242") == KeyedHash(kKey, "4242424242424242"));
  CHECK(KeyedHash(kKey, "4242424242424242") != KeyedHash(kOtherKey, "4242424242424242"));
  CHECK(KeyedHash(kKey, "a") != KeyedHash(kKey, "b"));
  CHECK(KeyedHash(kKey, "").size() == 32);
  CHECK(absl::BytesToHexString(Digest("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4
}

TEST_CASE("random secrets do not repeat and go into a URL") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) CHECK(seen.insert(RandomSecret(32)).second);
  CHECK(seen.begin()->size() == 43);
}

TEST_CASE("a password is known by its hash, which shows nothing of it") {
  const std::string hash = HashPassword("correct horse battery staple");
  CHECK(hash.substr(0, 30) == "$argon2id$v=19$m=19456,t=2,p=1");
  CHECK(HashPassword("correct horse battery staple") != hash);
  CHECK(VerifyPassword(hash, "correct horse battery staple"));
  for (const std::string& wrong :
       {std::string("Correct horse battery staple"), std::string(),
        std::string("correct horse battery staple\0", 29), std::string(10'000, 'x')})
    CHECK_FALSE(VerifyPassword(hash, wrong));
  CHECK_FALSE(VerifyPassword("not a hash", "x"));
  // Nobody's hash is no way in, not even with the words it is compared with.
  CHECK_FALSE(VerifyPassword("", "nobody has this password"));
  CHECK_FALSE(VerifyPassword("", ""));
}

TEST_CASE("many sign-ins at once wait for their turn and all get the right answer") {
  const std::string hash = HashPassword("right");
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      if (VerifyPassword(hash, i % 2 == 0 ? "right" : "wrong") == (i % 2 == 0)) ++right;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 8);
}

}  // namespace
}  // namespace perennial::crypto
