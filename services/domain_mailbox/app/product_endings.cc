#include "services/domain_mailbox/app/product_endings.h"

#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"

namespace perennial::domain_mailbox {
namespace {

std::string Attribute(const Event& event, const std::string& name) {
  const auto found = event.attributes.find(name);
  return found == event.attributes.end() ? "" : found->second;
}

// The product is the event's subject; its attribute says the same.
std::optional<Uuid> ProductOf(const Event& event) {
  if (const auto name = ParseChildName(event.subject, "products")) return name->id;
  const std::string attribute = Attribute(event, "product");
  if (const auto name = ParseChildName(attribute, "products")) return name->id;
  const absl::StatusOr<Uuid> id = Uuid::Parse(attribute);
  return id.ok() ? std::optional(*id) : std::nullopt;
}

}  // namespace

absl::Status ProductEndings::OnSubscriptionEvent(const Event& event) {
  const bool expired = event.type == "product.expired";
  if (!expired && event.type != "product.deleted") return absl::OkStatus();
  const std::optional<Uuid> product = ProductOf(event);
  const absl::StatusOr<CivilDate> expiry = ParseDate(Attribute(event, "expiry"));
  // A fact that cannot be read would stop all later ones; what it was about stays as it is.
  if (!product || (expired && !expiry.ok())) return absl::OkStatus();
  return store_.Update({.product_id = *product},
                       [&](const core::Situation& situation) -> absl::StatusOr<core::Change> {
                         return expired ? core::ExpireProduct(situation, *expiry, clock_.Now())
                                        : core::DeleteProduct(situation, clock_.Now());
                       });
}

absl::Status ProductEndings::OnAccountEvent(const Event& event) {
  if (event.type != "account.deleted") return absl::OkStatus();
  return store_.DeleteAccount(event.account_id, clock_.Now());
}

}  // namespace perennial::domain_mailbox
