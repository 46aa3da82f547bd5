#include "libs/rpc/proto_values.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace perennial::rpc {

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>((time - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
  return timestamp;
}

google::type::Date ToProto(CivilDate date) {
  google::type::Date proto;
  proto.set_year(static_cast<int32_t>(date.year()));
  proto.set_month(date.month());
  proto.set_day(date.day());
  return proto;
}

type::Money ToProto(const Money& money) {
  type::Money proto;
  proto.set_currency_code(money.currency);
  proto.set_minor_units(money.minor);
  return proto;
}

absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

absl::StatusOr<absl::Time> FromProto(const google::protobuf::Timestamp& timestamp, absl::string_view field) {
  constexpr int64_t kLastSecond = 7'258'118'399;  // of 2199
  const bool is_time = timestamp.seconds() >= 0 && timestamp.seconds() <= kLastSecond &&
                       timestamp.nanos() >= 0 && timestamp.nanos() < 1'000'000'000;
  if (!is_time) return InvalidField(field, "must be a time of the years 1970 to 2199");
  return FromProto(timestamp);
}

absl::StatusOr<CivilDate> FromProto(const google::type::Date& date, absl::string_view field) {
  const CivilDate civil(date.year(), date.month(), date.day());
  // A civil day normalises 31 February to 3 March: what comes out must be what went in.
  const bool exact =
      civil.year() == date.year() && civil.month() == date.month() && civil.day() == date.day();
  if (!exact || date.year() < 2000 || date.year() > 2199)
    return InvalidField(field, "must be a date of the years 2000 to 2199");
  return civil;
}

absl::StatusOr<Money> FromProto(const type::Money& money, absl::string_view field) {
  FieldViolations violations;
  violations.Require(IsCurrencyCode(money.currency_code()), field,
                     "currency_code must be three upper-case letters (ISO 4217)");
  const bool in_range = money.minor_units() >= -kMaxMoneyMinor && money.minor_units() <= kMaxMoneyMinor;
  violations.Require(in_range, field, "minor_units is out of range");
  RETURN_IF_ERROR(violations.ToStatus());
  return Money{money.currency_code(), money.minor_units()};
}

}  // namespace perennial::rpc
