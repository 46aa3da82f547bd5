#include "libs/rpc/error_texts.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "libs/base/error.h"
#include "perennial/type/error_reason.pb.h"
#include "tests/libs/rpc/server_fixture.h"

namespace perennial::rpc {
namespace {

v1::GetAccountRequest Named() {
  v1::GetAccountRequest request;
  request.set_name("accounts/x");
  return request;
}

// Faults of a calling program, or between our services: no customer can cause or mend them.
const std::set<std::string> kForProgramsOnly = {
    "CALLER_NOT_ALLOWED",     "REQUEST_MALFORMED",   "METHOD_NOT_FOUND",    "REQUEST_ID_REUSED",
    "PAGE_TOKEN_INVALID",     "CANCELLED_BY_CALLER", "PRO_FORMA_NOT_FOUND", "DELIVERY_NOT_FOUND",
    "CHARGE_EXISTS",          "CHARGE_NOT_CAPTURED", "REFUND_NOT_FAILED",   "REFUND_EXCEEDS_CHARGE",
    "PRO_FORMA_EXISTS",       "PRO_FORMA_CHANGED",   "PRO_FORMA_CANCELLED", "INVOICE_ALREADY_ISSUED",
    "CREDIT_EXCEEDS_INVOICE", "DELIVERY_EXISTS",     "CLOCK_BACKWARDS",     "INVOICE_SERIES_NOT_FOUND",
    "CLOCK_FOLLOWS",
};

TEST_CASE("every reason that a customer reads has a text in English and in French (R6)") {
  const auto* reasons = type::ErrorReason_descriptor();
  std::set<std::string> for_programs = kForProgramsOnly;
  for (int i = 0; i < reasons->value_count(); ++i) {
    if (reasons->value(i)->number() == type::ERROR_REASON_UNSPECIFIED) continue;
    const std::string reason(absl::StripPrefix(reasons->value(i)->name(), "ERROR_REASON_"));
    const std::string english(ErrorTextOf(reason, "en"));
    const std::string french(ErrorTextOf(reason, "fr"));
    INFO(reason << ": " << english << " / " << french);
    const bool for_people = for_programs.erase(reason) == 0;
    CHECK(english.empty() != for_people);
    CHECK(french.empty() != for_people);
    if (for_people) CHECK(english != french);
    CHECK(english.size() < 200);
    CHECK(french.size() < 200);
    CHECK_FALSE(absl::StrContains(french, "'"));  // typographic ones, as in notices and invoices
  }
  CHECK(for_programs.empty());
  CHECK(ErrorTextOf("", "fr").empty());
}

TEST_CASE("the account's language decides, then what the client accepts, then English") {
  struct Row {
    const char* account;
    const char* accept;
    const char* expected;
  };
  for (const Row& row : {Row{"fr", "en", "fr"},
                         {"en", "fr", "en"},
                         {"", "", "en"},
                         {"", "fr", "fr"},
                         {"", "FR-ca", "fr"},
                         {"", "fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"},
                         {"", "de, en;q=0.3, fr;q=0.8", "fr"},
                         {"", "en, fr", "en"},
                         {"", "fr;q=0, *", "en"},
                         {"", "de, frr", "en"},
                         {"", "en ; q=0.4 , fr ; q=0.5", "fr"},
                         {"", "fr;q=x, ;;,", "en"},
                         {"de", "fr", "fr"}}) {
    INFO(row.account << " / " << row.accept);
    CHECK(ChooseLanguage(row.account, row.accept) == row.expected);
  }
}

TEST_CASE("any accept-language is read as one of our languages") {
  CHECK(rc::check("any text", [] {
    const auto header =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("fren-;q=01.,* \xff")));
    const absl::string_view language = ChooseLanguage("", header);
    RC_ASSERT(language == "en" || language == "fr");
  }));
}

TEST_CASE("people are told of a refusal in the account's language, else in the one they accept (R6)") {
  ServerFixture fixture;
  fixture.get = [](const auto&, const auto&) { return NotFound("SITE_NOT_FOUND", "no such site"); };
  Client client(fixture.server.port());
  const Answer french = client.Call(kGet, Named(), fixture.Token(absl::Minutes(10), "fr"));
  CHECK(french.Reason() == "SITE_NOT_FOUND");
  CHECK(french.status.error_message() == "no such site");
  CHECK(french.ForPeople().locale() == "fr");
  CHECK(french.ForPeople().message() == "Ce site est introuvable.");
  CHECK(client.Call(kGet, Named(), fixture.Token()).ForPeople().message() == "We cannot find this site.");
  client.Accept("fr-FR,fr;q=0.9");
  CHECK(client.Call(kGet, Named(), fixture.Token(absl::Minutes(10), "en")).ForPeople().locale() == "en");
  CHECK(client.Call(kGet, Named()).ForPeople().message() == "Veuillez vous connecter.");
}

TEST_CASE("what only a program can cause, or is told to a service, has no words for people") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const Answer malformed = client.Call(kGet, "\xff\xff\xff", fixture.Token());
  CHECK(malformed.Reason() == "REQUEST_MALFORMED");
  CHECK(malformed.ForPeople().message().empty());
  Client billing(fixture.server.port(), "billing");
  v1::ListAccessLogEntriesRequest request;
  request.set_page_size(-1);
  const Answer told = billing.Call(kListEntries, request);
  CHECK(told.Reason() == "REQUEST_INVALID");
  CHECK(told.ForPeople().message().empty());
}

}  // namespace
}  // namespace perennial::rpc
