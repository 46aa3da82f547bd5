#pragma once

#include "services/domain_mailbox/app/ports.h"

namespace perennial::domain_mailbox {

// libidn2: IDNA 2008, non-transitional, so that "ß" stays itself.
class Idn2NameCodec final : public NameCodec {
 public:
  std::optional<NameForms> Read(absl::string_view typed) const override;
};

}  // namespace perennial::domain_mailbox
