#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "libs/base/civil_date.h"

// Cases of other billing systems' own tests, documents and bug reports (cases.json), played against the rules
// and use cases that the services are made of.
namespace perennial::conformance {

using nlohmann::json;

// What we make of a case's inputs, in the terms of its `expected`.
using Play = json (*)(const json& inputs);

// By a case's id or, for what many share, its kind.
using Plays = std::map<std::string, Play>;

void AddDateCases(Plays& plays);
void AddOrderCases(Plays& plays);
void AddPolicyCases(Plays& plays);
void AddTaxCases(Plays& plays);
void AddValueCases(Plays& plays);

inline CivilDate Date(const json& text) {
  return ParseDate(text.get<std::string>()).value();
}

inline absl::Time Moment(const json& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text.get<std::string>(), &time, &error)) std::abort();
  return time;
}

}  // namespace perennial::conformance
