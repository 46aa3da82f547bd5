#pragma once

#include <google/protobuf/timestamp.pb.h>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/type/date.pb.h"
#include "libs/base/civil_date.h"
#include "libs/base/money.h"
#include "perennial/type/money.pb.h"

// Mapping of the values that all services share. ToProto is total; FromProto validates what it says it does.
namespace perennial::rpc {

google::protobuf::Timestamp ToProto(absl::Time time);
google::type::Date ToProto(CivilDate date);
type::Money ToProto(const Money& money);

// Of a peer's answer. A request's has a field.
absl::Time FromProto(const google::protobuf::Timestamp& timestamp);
// INVALID_ARGUMENT unless it is a time of the years 1970 to 2199: Postgres does not know all others.
absl::StatusOr<absl::Time> FromProto(const google::protobuf::Timestamp& timestamp, absl::string_view field);
// INVALID_ARGUMENT unless it is a full date of the years 2000 to 2199. `field` is its path in the request.
absl::StatusOr<CivilDate> FromProto(const google::type::Date& date, absl::string_view field);
// INVALID_ARGUMENT unless the currency code is three upper-case letters and the amount is within
// ±kMaxMoneyMinor.
absl::StatusOr<Money> FromProto(const type::Money& money, absl::string_view field);

}  // namespace perennial::rpc
