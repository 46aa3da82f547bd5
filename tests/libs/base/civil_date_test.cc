#include "libs/base/civil_date.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

namespace perennial {
namespace {

CivilDate AnyDate() {
  return CivilDate(2000, 1, 1) + *rc::gen::inRange(0, 73'000);
}

TEST_CASE("months are counted from the anchor and clamped to the month's end (R15)") {
  const CivilDate anchor(2027, 1, 31);
  CHECK(AddMonths(anchor, 0) == anchor);
  CHECK(AddMonths(anchor, 1) == CivilDate(2027, 2, 28));
  CHECK(AddMonths(anchor, 2) == CivilDate(2027, 3, 31));
  CHECK(AddMonths(anchor, 3) == CivilDate(2027, 4, 30));
  CHECK(AddMonths(anchor, 12) == CivilDate(2028, 1, 31));
  CHECK(AddMonths(anchor, 13) == CivilDate(2028, 2, 29));
  CHECK(AddMonths(anchor, -2) == CivilDate(2026, 11, 30));
  CHECK(AddMonths(CivilDate(2028, 2, 29), 12) == CivilDate(2029, 2, 28));
  CHECK(AddMonths(CivilDate(2028, 2, 29), 48) == CivilDate(2032, 2, 29));
  CHECK(AddMonths(CivilDate(2099, 12, 31), 2) == CivilDate(2100, 2, 28));  // 2100 is no leap year
  CHECK(AddMonths(CivilDate(2000, 1, 31), 1) == CivilDate(2000, 2, 29));   // 2000 is
}

TEST_CASE("counting in steps loses the month's end; counting from the anchor does not") {
  const CivilDate anchor(2027, 1, 31);
  CHECK(AddMonths(AddMonths(anchor, 1), 1) == CivilDate(2027, 3, 28));
  CHECK(AddMonths(anchor, 2) == CivilDate(2027, 3, 31));
}

TEST_CASE("adding months keeps the day where the month has it, and never leaves the month") {
  CHECK(rc::check("any anchor, 10 years either way", [] {
    const CivilDate anchor = AnyDate();
    const int months = *rc::gen::inRange(-120, 121);
    const CivilDate date = AddMonths(anchor, months);
    RC_ASSERT(absl::CivilMonth(date) == absl::CivilMonth(anchor) + months);
    const bool is_last = (date + 1).day() == 1;
    RC_ASSERT(date.day() == anchor.day() || (is_last && date.day() < anchor.day()));
    RC_ASSERT(AddMonths(anchor, months) < AddMonths(anchor, months + 1));
  }));
}

TEST_CASE("days between dates add up, also over leap days and backwards") {
  CHECK(DaysBetween(CivilDate(2028, 2, 28), CivilDate(2028, 3, 1)) == 2);
  CHECK(DaysBetween(CivilDate(2027, 2, 28), CivilDate(2027, 3, 1)) == 1);
  CHECK(DaysBetween(CivilDate(2027, 3, 1), CivilDate(2027, 2, 28)) == -1);
  CHECK(rc::check("a + (b - a) = b", [] {
    const CivilDate a = AnyDate();
    const CivilDate b = AnyDate();
    RC_ASSERT(a + DaysBetween(a, b) == b);
  }));
}

TEST_CASE("a date is written as YYYY-MM-DD and read in no other form") {
  CHECK(rc::check("round trip", [] {
    const CivilDate date = AnyDate();
    RC_ASSERT(*ParseDate(FormatDate(date)) == date);
  }));
  CHECK(FormatDate(CivilDate(2027, 3, 5)) == "2027-03-05");
  for (const char* bad :
       {"", "2027-3-5", "2027-02-30", "2027-13-01", "2027-00-10", "2027/03/05", "05-03-2027", " 2027-3-05",
        "2027-03-5 ", "+027-03-05", "-027-03-05", "2027-03-05T", "20270-3-05", "2027-03-0x", "2027-02-29"}) {
    INFO(bad);
    CHECK_FALSE(ParseDate(bad).ok());
  }
}

TEST_CASE("time zones are names of the IANA database and nothing else") {
  for (const char* good :
       {"Europe/Paris", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince"}) {
    INFO(good);
    CHECK(LoadTimeZone(good).ok());
  }
  for (const char* bad : {"",
                          "Europe",
                          "Europe/Atlantis",
                          "europe/paris",
                          "/etc/localtime",
                          "/usr/share/zoneinfo/Europe/Paris",
                          "../zoneinfo/Europe/Paris",
                          "./Europe/Paris",
                          "Europe//Paris",
                          "localtime",
                          "posixrules",
                          "posix/Europe/Paris",
                          "right/Europe/Paris",
                          "Fixed/UTC+01:00:00",
                          "UTC0",
                          "Factory",
                          "zone.tab",
                          "file:Europe/Paris",
                          "Europe/Paris ",
                          "\xff"}) {
    INFO(bad);
    CHECK_FALSE(LoadTimeZone(bad).ok());
  }
  CHECK_FALSE(LoadTimeZone(std::string("Europe/Paris\0x", 14)).ok());
  CHECK_FALSE(LoadTimeZone(std::string(1000, 'a')).ok());
}

TEST_CASE("a day is a day of the zone, and begins when the zone says so") {
  const absl::TimeZone paris = *LoadTimeZone("Europe/Paris");
  const absl::Time late = absl::FromCivil(absl::CivilSecond(2027, 6, 30, 22, 30, 0), absl::UTCTimeZone());
  CHECK(DateAt(late, paris) == CivilDate(2027, 7, 1));
  CHECK(DateAt(late, absl::UTCTimeZone()) == CivilDate(2027, 6, 30));
  CHECK(StartOfDay(CivilDate(2027, 7, 1), paris) ==
        absl::FromCivil(absl::CivilSecond(2027, 6, 30, 22, 0, 0), absl::UTCTimeZone()));
  // Santiago's clocks jump from 24:00 to 01:00: that day has no midnight, and still begins.
  const absl::TimeZone santiago = *LoadTimeZone("America/Santiago");
  CHECK(rc::check("a day begins on that day, in any zone", [&] {
    const absl::TimeZone zone = *rc::gen::element(paris, santiago, *LoadTimeZone("Pacific/Apia"));
    const CivilDate date = CivilDate(2020, 1, 1) + *rc::gen::inRange(0, 6000);
    const absl::Time start = StartOfDay(date, zone);
    RC_ASSERT(DateAt(start, zone) == date);
    RC_ASSERT(DateAt(start - absl::Seconds(1), zone) < date);
  }));
}

}  // namespace
}  // namespace perennial
