#pragma once

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/uuid.h"
#include "services/domain_mailbox/app/ports.h"
#include "services/domain_mailbox/app/upkeep.h"
#include "services/domain_mailbox/core/step.h"

namespace perennial::domain_mailbox {

// Delivers what was paid for (R31).
class Deliveries {
 public:
  Deliveries(ProductStore& store, WorkQueue& queue, Registrar& registrar, MailProvider& mail,
             const NameCodec& names, Upkeep& upkeep, DeliveryMeter& meter, const Clock& clock, IdSource& ids)
      : store_(store),
        queue_(queue),
        registrar_(registrar),
        mail_(mail),
        names_(names),
        upkeep_(upkeep),
        meter_(meter),
        clock_(clock),
        ids_(ids) {}

  // Makes the delivery durable, or returns the one there is (R35). Talks to no back end.
  // Refusals: DELIVERY_EXISTS, ACCOUNT_DELETED.
  absl::StatusOr<core::Delivery> Begin(const Uuid& order_id, const Uuid& product_id, const Uuid& account_id,
                                       const core::Task& task);

  // Does what is due for the product now, unless another worker is at it, and returns the delivery as it is
  // then.
  absl::StatusOr<core::Delivery> Drive(const Uuid& order_id, const Uuid& product_id);

  // Refusals: DELIVERY_NOT_FOUND.
  absl::StatusOr<core::Delivery> Get(const Uuid& order_id, const Uuid& product_id, const Uuid& account_id);

  // The job: does a batch of what is due. Returns for how many products.
  absl::StatusOr<int> RunOnce();

 private:
  absl::Status Work(const Uuid& product_id);
  absl::Status Step(const core::Delivery& delivery);
  absl::StatusOr<core::Outcome> StepDomain(const core::Delivery& delivery,
                                           std::optional<core::RegistryRecord>& seen);
  absl::StatusOr<core::Outcome> StepMailbox(const core::Delivery& delivery);
  core::Outcome Send(const core::Delivery& delivery, const core::Domain& domain,
                     const core::DomainStep& step);

  ProductStore& store_;
  WorkQueue& queue_;
  Registrar& registrar_;
  MailProvider& mail_;
  const NameCodec& names_;
  Upkeep& upkeep_;
  DeliveryMeter& meter_;
  const Clock& clock_;
  IdSource& ids_;
};

}  // namespace perennial::domain_mailbox
