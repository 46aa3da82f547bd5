#include "services/account/core/password_policy.h"

#include <catch2/catch.hpp>
#include <string>

namespace perennial::account::core {
namespace {

constexpr char kEmail[] = "zoe.smith@example.com";

TEST_CASE("a password has 8 to 128 characters, whatever they are (ASVS 5, 6.2)") {
  CHECK(JudgePassword("kq7#mz9", kEmail) == PasswordVerdict::kTooShort);
  CHECK(JudgePassword("kq7#mz92", kEmail) == PasswordVerdict::kGood);
  CHECK(JudgePassword("", kEmail) == PasswordVerdict::kTooShort);
  CHECK(JudgePassword(std::string(128, 'x'), kEmail) == PasswordVerdict::kGood);
  CHECK(JudgePassword(std::string(129, 'x'), kEmail) == PasswordVerdict::kTooLong);
  CHECK(JudgePassword("a lower case sentence", kEmail) == PasswordVerdict::kGood);
}

TEST_CASE("characters are counted, not bytes") {
  CHECK(JudgePassword("éééé", kEmail) == PasswordVerdict::kTooShort);          // 8 bytes
  CHECK(JudgePassword("日本語日本語日本", kEmail) == PasswordVerdict::kGood);  // 8 characters, 24 bytes
  std::string long_one;
  for (int i = 0; i < 128; ++i) long_one += "語";
  CHECK(JudgePassword(long_one, kEmail) == PasswordVerdict::kGood);
}

TEST_CASE("the passwords that are guessed first are refused, in any case") {
  for (const char* known :
       {"password", "PassWord1", "12345678", "azertyuiop", "motdepasse", "00000000", "welcome1"}) {
    INFO(known);
    CHECK(JudgePassword(known, kEmail) == PasswordVerdict::kWellKnown);
  }
}

TEST_CASE("the e-mail address is no password") {
  CHECK(JudgePassword("Zoe.Smith@Example.com", kEmail) == PasswordVerdict::kSameAsEmail);
}

TEST_CASE("every refusal has an advice") {
  for (auto verdict : {PasswordVerdict::kTooShort, PasswordVerdict::kTooLong, PasswordVerdict::kWellKnown,
                       PasswordVerdict::kSameAsEmail})
    CHECK_FALSE(AdviceFor(verdict).empty());
}

}  // namespace
}  // namespace perennial::account::core
