#include "libs/rpc/proto_values.h"

#include <catch2/catch.hpp>
#include <limits>

#include "tests/support/status_matchers.h"

namespace perennial::rpc {
namespace {

google::protobuf::Timestamp Timestamp(int64_t seconds, int32_t nanos = 0) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(nanos);
  return timestamp;
}

google::type::Date Date(int year, int month, int day) {
  google::type::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

}  // namespace

TEST_CASE("A request's time is of the years 1970 to 2199, or is refused by its field") {
  CHECK(FromProto(Timestamp(0), "time").value() == absl::UnixEpoch());
  CHECK(FromProto(Timestamp(1'800'000'000, 5), "time").value() ==
        absl::FromUnixSeconds(1'800'000'000) + absl::Nanoseconds(5));
  CHECK(FromProto(Timestamp(7'258'118'399, 999'999'999), "time").ok());
  for (const auto& wrong :
       {Timestamp(-1), Timestamp(7'258'118'400), Timestamp(std::numeric_limits<int64_t>::min()),
        Timestamp(std::numeric_limits<int64_t>::max()), Timestamp(0, -1), Timestamp(0, 1'000'000'000)}) {
    CHECK_REFUSED(FromProto(wrong, "time"), "REQUEST_INVALID");
  }
}

TEST_CASE("A request's date is a day of the years 2000 to 2199, or is refused by its field") {
  CHECK(FromProto(Date(2028, 2, 29), "date").value() == CivilDate(2028, 2, 29));
  for (const auto& wrong : {Date(2027, 2, 29), Date(2027, 13, 1), Date(2027, 1, 0), Date(1999, 12, 31),
                            Date(2200, 1, 1), Date(0, 1, 1), Date(2027, 0, 0)}) {
    CHECK_REFUSED(FromProto(wrong, "date"), "REQUEST_INVALID");
  }
}

}  // namespace perennial::rpc
