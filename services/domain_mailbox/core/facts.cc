#include "services/domain_mailbox/core/facts.h"

#include "absl/strings/str_cat.h"
#include "libs/base/resource_name.h"

namespace perennial::domain_mailbox::core {
namespace {

template <typename Product>
Event Fact(const Product& product, const std::string& type, const char* collection) {
  Event event;
  event.id = Uuid::Derive(
      product.id, absl::StrCat(type, "/", product.version, "/", absl::ToUnixMicros(product.updated_at)));
  event.type = type;
  event.account_id = product.account_id;
  event.subject = MakeChildName(product.account_id, collection, product.id);
  event.occurred_at = product.updated_at;
  event.attributes = {{"product", MakeChildName(product.account_id, "products", product.id)},
                      {"expiry", FormatDate(product.paid_through)}};
  return event;
}

}  // namespace

Event FactOf(const Domain& domain, const std::string& type) {
  Event event = Fact(domain, type, "domains");
  event.attributes["product_kind"] = "domain";
  event.attributes["display_name"] = domain.name;
  return event;
}

Event FactOf(const Mailbox& mailbox, const std::string& type) {
  Event event = Fact(mailbox, type, "mailboxes");
  event.attributes["product_kind"] = "mailbox";
  event.attributes["display_name"] = mailbox.Address();
  return event;
}

}  // namespace perennial::domain_mailbox::core
