#pragma once

#include <string>
#include <vector>

#include "services/domain_mailbox/core/domain.h"

namespace perennial::domain_mailbox::core {

struct ZoneRecord {
  std::string name;  // relative to the zone; "@" is the zone itself
  std::string type;
  int ttl_seconds;
  std::string data;
  bool operator==(const ZoneRecord&) const = default;
};

// What DNS should say of a domain. A held one says nothing: the name does not resolve, and nothing is lost.
struct Zone {
  std::string domain_name;
  bool held = false;
  std::vector<ZoneRecord> records;
  bool operator==(const Zone&) const = default;
};

Zone ZoneOf(const Domain& domain, bool held);

}  // namespace perennial::domain_mailbox::core
