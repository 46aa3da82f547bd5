#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "libs/base/uuid.h"

namespace perennial {

// A fact that travels to other services (docs/events.md lists all types and their attributes).
// Written in the transaction of the change it tells of; delivered at least once, so consumers drop repeats by
// id.
struct Event {
  Uuid id;
  std::string type;     // "<noun>.<past participle>", e.g. "product.expired"
  Uuid account_id;      // whose fact it is
  std::string subject;  // resource name of what changed
  absl::Time occurred_at;
  std::map<std::string, std::string> attributes;
};

}  // namespace perennial
