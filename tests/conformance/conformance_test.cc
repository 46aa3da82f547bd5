#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/conformance/cases.h"

namespace perennial::conformance {
namespace {

constexpr char kCases[] = PERENNIAL_ROOT "/tests/conformance/cases.json";
constexpr char kPage[] = PERENNIAL_ROOT "/docs/conformance.md";

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

json ReadCases() {
  return json::parse(ReadFile(kCases));
}

json Ours(const json& a_case) {
  static const Plays plays = [] {
    Plays all;
    AddDateCases(all);
    AddOrderCases(all);
    AddPolicyCases(all);
    AddTaxCases(all);
    AddValueCases(all);
    return all;
  }();
  const auto by_id = plays.find(a_case.at("id"));
  const auto play = by_id != plays.end() ? by_id : plays.find(a_case.at("kind"));
  return play == plays.end() ? json("not played") : play->second(a_case.at("inputs"));
}

std::string InWords(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_object()) return value.dump();
  std::vector<std::string> parts;
  for (const auto& [key, part] : value.items()) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '_', ' ');
    parts.push_back(absl::StrCat(name, " ", InWords(part)));
  }
  return absl::StrJoin(parts, "; ");
}

std::string PageOf(const json& cases) {
  int same = 0;
  std::string rows;
  for (const json& a_case : cases) {
    const bool is_same = Ours(a_case) == a_case.at("expected");
    same += is_same ? 1 : 0;
    std::string verdict = "same";
    if (!is_same)
      verdict = absl::StrCat("**other convention**: ", InWords(a_case.at("ours")), ". ",
                             a_case.at("why").get<std::string>());
    absl::StrAppend(&rows, "| ", a_case.at("id").get<std::string>(), " | ",
                    a_case.at("kind").get<std::string>(), " | ", InWords(a_case.at("expected")), " | ",
                    verdict, " | ", a_case.at("source").get<std::string>(), " |\n");
  }
  return absl::StrCat(
      "# Conformance\n\nCases from other billing systems' own tests, documents and bug reports, played "
      "against our "
      "rules and use\ncases by `tests/conformance` (facts in `cases.json`). ",
      same, " of ", cases.size(),
      " give the source's result; the others say which convention\nis another, and why. Where a source "
      "reports a "
      "fault of its own, \"result\" is what it should have been.\nWritten and checked by the suite: "
      "`WRITE_DOCS=1 "
      "build/dev/tests/bin/conformance_test` after a change.\n\n| case | kind | result | verdict | source |\n"
      "|---|---|---|---|---|\n",
      rows);
}

TEST_CASE("Every case gives the source's result, or says which convention of ours is another, and why") {
  std::set<std::string> ids;
  for (const json& a_case : ReadCases()) {
    const json ours = Ours(a_case);
    INFO(a_case.at("id") << ": ours is " << ours.dump() << ", theirs " << a_case.at("expected").dump());
    CHECK(ids.insert(a_case.at("id").get<std::string>()).second);
    if (ours == a_case.at("expected")) {
      CHECK_FALSE(a_case.contains("ours"));
    } else {
      CHECK(ours == a_case.value("ours", json()));
      CHECK_FALSE(a_case.value("why", "").empty());
    }
  }
  CHECK(ids.size() >= 57);
}

TEST_CASE("No fault that a source reports is ours") {
  int count = 0;
  for (const json& a_case : ReadCases()) {
    if (!a_case.contains("wrong")) continue;
    ++count;
    INFO(a_case.at("id"));
    const json ours = Ours(a_case);
    bool all_wrong = true;
    for (const auto& [key, value] : a_case.at("wrong").items()) all_wrong &= ours.value(key, json()) == value;
    CHECK_FALSE(all_wrong);
  }
  CHECK(count > 10);
}

TEST_CASE("docs/conformance.md shows each case and its verdict") {
  const std::string page = PageOf(ReadCases());
  if (std::getenv("WRITE_DOCS") != nullptr) std::ofstream(kPage) << page;
  const bool is_current = ReadFile(kPage) == page;
  INFO("written anew by WRITE_DOCS=1");
  CHECK(is_current);
}

}  // namespace
}  // namespace perennial::conformance
