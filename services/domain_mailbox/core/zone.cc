#include "services/domain_mailbox/core/zone.h"

namespace perennial::domain_mailbox::core {
namespace {

constexpr int kTtlSeconds = 3600;

}  // namespace

Zone ZoneOf(const Domain& domain, bool held) {
  Zone zone{domain.name, held, {}};
  if (held) return zone;
  // Until customers edit records of their own: mail comes to us, and nobody else may send it.
  zone.records = {{"@", "MX", kTtlSeconds, "10 mx.perennial.example."},
                  {"@", "TXT", kTtlSeconds, "\"v=spf1 mx -all\""}};
  return zone;
}

}  // namespace perennial::domain_mailbox::core
