#include "services/domain_mailbox/app/mailboxes.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/domain_mailbox/core/local_part.h"

namespace perennial::domain_mailbox {
namespace {

constexpr int64_t kPasswordLeast = 12;
constexpr int64_t kPasswordMost = 128;

absl::Status NoSuchMailbox() {
  return NotFound("MAILBOX_NOT_FOUND", "there is no such mailbox");
}

}  // namespace

absl::Status CheckPassword(absl::string_view password) {
  // Characters, not bytes: the bytes that begin one in UTF-8.
  const auto characters =
      std::count_if(password.begin(), password.end(), [](char c) { return (c & 0xC0) != 0x80; });
  const bool one_character_only =
      !password.empty() && password.find_first_not_of(password.front()) == absl::string_view::npos;
  if (characters >= kPasswordLeast && characters <= kPasswordMost && !one_character_only)
    return absl::OkStatus();
  return AtField(Refusal(absl::StatusCode::kInvalidArgument, "PASSWORD_TOO_WEAK",
                         "a password has 12 to 128 characters, and not all the same"),
                 "new_password");
}

absl::StatusOr<AddressOffer> Mailboxes::Check(const Uuid& account_id, const Uuid& domain_id,
                                              absl::string_view local_part) {
  if (!core::IsLocalPart(local_part)) {
    return InvalidField("mailbox_address.local_part",
                        "1 to 64 of a-z 0-9 . _ -, a letter or digit at both ends, no two dots in a row");
  }
  ASSIGN_OR_RETURN(const std::optional<core::Domain> domain, store_.FindDomain(domain_id));
  if (!domain || domain->account_id != account_id || domain->state == core::DomainState::kDeleted)
    return NotFound("DOMAIN_NOT_FOUND", "there is no such domain");
  const bool dead =
      domain->state == core::DomainState::kExpired || domain->state == core::DomainState::kRedemption;
  if (dead) return Precondition("DOMAIN_INACTIVE", "the domain is not active; renew it first");
  AddressOffer offer{core::Availability::kAvailable, std::string(local_part) + "@" + domain->name};
  if (core::IsReservedLocalPart(local_part)) {
    offer.availability = core::Availability::kReserved;
    return offer;
  }
  ASSIGN_OR_RETURN(const bool taken, store_.HasMailbox(domain_id, local_part));
  if (taken) offer.availability = core::Availability::kTaken;
  return offer;
}

absl::StatusOr<core::Mailbox> Mailboxes::Get(const Uuid& account_id, const Uuid& id) {
  ASSIGN_OR_RETURN(std::optional<core::Mailbox> mailbox, store_.FindMailbox(id));
  if (!mailbox || mailbox->account_id != account_id) return NoSuchMailbox();
  return *std::move(mailbox);
}

absl::StatusOr<std::vector<core::Mailbox>> Mailboxes::List(const Uuid& account_id, absl::string_view after,
                                                           int limit) {
  return store_.ListMailboxes(account_id, after, limit);
}

absl::StatusOr<core::Mailbox> Mailboxes::ChangePassword(const Uuid& account_id, const Uuid& id,
                                                        const std::string& password_hash) {
  core::Mailbox result;
  RETURN_IF_ERROR(store_.Update(
      {.product_id = id}, [&](const core::Situation& situation) -> absl::StatusOr<core::Change> {
        if (!situation.mailbox || situation.mailbox->account_id != account_id) return NoSuchMailbox();
        if (situation.mailbox->state != core::MailboxState::kActive)
          return Precondition("MAILBOX_INACTIVE", "the mailbox is suspended, deleted or not made yet");
        result = *situation.mailbox;
        result.password_hash = password_hash;
        result.updated_at = clock_.Now();
        result.upkeep_at = result.updated_at;
        core::Change change;
        change.mailbox = result;
        return change;
      }));
  return result;
}

}  // namespace perennial::domain_mailbox
