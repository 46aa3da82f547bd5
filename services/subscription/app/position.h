#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "libs/base/civil_date.h"
#include "libs/base/uuid.h"

// Where a page ends: "<sort key>/<id>" of its last row. Page tokens are authenticated, so these are our own.
namespace perennial::subscription {

inline std::string PositionOf(absl::Time time, const Uuid& id) {
  return absl::StrCat(absl::ToUnixMicros(time), "/", id.ToString());
}

inline std::string PositionOf(std::optional<CivilDate> expiry, const Uuid& id) {
  return absl::StrCat(expiry ? FormatDate(*expiry) : "9999-12-31", "/", id.ToString());
}

struct TimePosition {
  absl::Time time;
  Uuid id;
};

// `none`: what an empty position stands for.
inline TimePosition TimePositionFrom(const std::string& text, absl::Time none) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  int64_t micros = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &micros)) return {none, Uuid()};
  return {absl::FromUnixMicros(micros), Uuid::FromTrusted(parts[1])};
}

}  // namespace perennial::subscription
