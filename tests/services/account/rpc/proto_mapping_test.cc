#include "services/account/rpc/proto_mapping.h"

#include <catch2/catch.hpp>

#include "tests/support/status_matchers.h"

namespace perennial::account {
namespace {

v1::CreateAccountRequest GoodRequest() {
  v1::CreateAccountRequest request;
  request.set_email("zoe@example.com");
  request.set_password("correct horse battery");
  request.set_language("fr");
  request.set_time_zone("Europe/Paris");
  request.set_request_id("00000000-0000-4000-8000-000000000001");
  return request;
}

std::vector<std::string> Fields(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const auto& violation : FieldViolationsOf(status)) fields.push_back(violation.field);
  return fields;
}

TEST_CASE("a registration is told of all its mistakes at once") {
  REQUIRE_OK(FromProto(GoodRequest(), {}));
  v1::CreateAccountRequest request;
  request.set_display_name(std::string(101, 'x'));
  CHECK(Fields(FromProto(request, {}).status()) ==
        std::vector<std::string>{"email", "password", "language", "time_zone", "display_name"});
}

TEST_CASE("bytes that would reach beyond a text are refused: NUL, controls, paths") {
  v1::CreateAccountRequest request = GoodRequest();
  request.set_display_name(std::string("Zo\0e", 4));
  CHECK(Fields(FromProto(request, {}).status()) == std::vector<std::string>{"display_name"});
  for (const std::string& zone :
       {std::string("Europe/Paris\0x", 14), std::string("../../etc/passwd"), std::string("/etc/localtime"),
        std::string("Mars/Olympus"), std::string("Fixed/UTC+01:00:00"), std::string("localtime")}) {
    INFO(zone);
    request = GoodRequest();
    request.set_time_zone(zone);
    CHECK(Fields(FromProto(request, {}).status()) == std::vector<std::string>{"time_zone"});
  }
}

TEST_CASE("names and descriptions are counted in characters") {
  v1::CreateAccountRequest request = GoodRequest();
  std::string name;
  for (int i = 0; i < 100; ++i) name += "é";
  request.set_display_name(name);
  CHECK(FromProto(request, {}).ok());
  request.set_display_name(name + "é");
  CHECK_FALSE(FromProto(request, {}).ok());
}

TEST_CASE("only the fields of the mask are changed, and only settings may be") {
  v1::UpdateAccountRequest request;
  request.mutable_account()->set_language("en");
  request.mutable_account()->set_time_zone("nonsense, but not in the mask");
  CHECK(Fields(FromProto(request).status()) == std::vector<std::string>{"update_mask"});
  request.mutable_update_mask()->add_paths("language");
  const auto settings = FromProto(request);
  REQUIRE_OK(settings);
  CHECK(settings->language == core::Language::kEnglish);
  CHECK_FALSE(settings->time_zone);
  CHECK_FALSE(settings->display_name);
  for (const char* path : {"email", "name", "*", "state", ""}) {
    request.mutable_update_mask()->clear_paths();
    request.mutable_update_mask()->add_paths(path);
    CHECK(Fields(FromProto(request).status()) == std::vector<std::string>{"update_mask"});
  }
}

TEST_CASE("what the client says of itself at sign-in goes before its user agent") {
  v1::CreateSessionRequest request;
  request.set_email("zoe@example.com");
  request.set_password("x");
  CHECK(FromProto(request, {"192.0.2.1", "grpc-c++/1.51"})->origin.description == "grpc-c++/1.51");
  request.set_client_description("Firefox on Linux");
  const auto sign_in = FromProto(request, {"192.0.2.1", "grpc-c++/1.51"});
  CHECK(sign_in->origin.description == "Firefox on Linux");
  CHECK(sign_in->origin.address == "192.0.2.1");
  request.set_client_description("line\nbreak");
  CHECK(Fields(FromProto(request, {}).status()) == std::vector<std::string>{"client_description"});
}

TEST_CASE("a page token leads to where the page ended, in its own list only") {
  const crypto::PageTokens tokens(std::string(32, 'k'));
  const Position end{absl::FromUnixMicros(1'800'000'000'123'456),
                     Uuid::FromTrusted("00000000-0000-4000-8000-000000000007")};
  const std::string token = NextToken(tokens, "list/a", end);
  const auto page = ReadPage(tokens, "list/a", 0, token);
  REQUIRE_OK(page);
  CHECK(page->after->time == end.time);
  CHECK(page->after->id == end.id);
  CHECK_REFUSED(ReadPage(tokens, "list/b", 0, token), "PAGE_TOKEN_INVALID");
  CHECK_REFUSED(ReadPage(tokens, "list/a", 0, token + "A"), "PAGE_TOKEN_INVALID");
  CHECK(NextToken(tokens, "list/a", std::nullopt).empty());
}

TEST_CASE("a page has 50 rows if nothing is asked for, and never more than 200") {
  const crypto::PageTokens tokens(std::string(32, 'k'));
  CHECK(ReadPage(tokens, "l", 0, "")->size == 50);
  CHECK(ReadPage(tokens, "l", 7, "")->size == 7);
  CHECK(ReadPage(tokens, "l", 1'000'000, "")->size == 200);
  CHECK(Fields(ReadPage(tokens, "l", -1, "").status()) == std::vector<std::string>{"page_size"});
}

}  // namespace
}  // namespace perennial::account
