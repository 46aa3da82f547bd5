#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/uuid.h"
#include "perennial/billing/v1/billing_profile_service.pb.h"
#include "perennial/billing/v1/invoice.pb.h"
#include "perennial/billing/v1/invoicing_service.pb.h"
#include "perennial/billing/v1/ledger_service.pb.h"
#include "services/billing/app/billing_profiles.h"
#include "services/billing/app/invoicing.h"
#include "services/billing/app/ports.h"

// Requests in: everything is validated. Answers out: everything can be said.
namespace perennial::billing {

absl::StatusOr<Uuid> ProfileAccountFromProto(absl::string_view name, absl::string_view field);
absl::StatusOr<ProfileChange> FromProto(const v1::UpdateBillingProfileRequest& request);
v1::BillingProfile ToProto(const Uuid& account_id, const core::BillingProfile& profile);

absl::StatusOr<core::Language> LanguageFromProto(absl::string_view language);
absl::StatusOr<OrderId> OrderFromProto(absl::string_view name);
absl::StatusOr<std::vector<core::ChargeLine>> LinesFromProto(
    const google::protobuf::RepeatedPtrField<v1::ChargeLine>& lines, const Uuid& account_id);
absl::StatusOr<NewProForma> FromProto(const v1::CreateProFormaRequest& request);
absl::StatusOr<NewInvoice> FromProto(const v1::IssueInvoiceRequest& request);
absl::StatusOr<NewCreditNote> FromProto(const v1::CreateCreditNoteRequest& request);
absl::StatusOr<std::optional<core::DocumentKind>> FromProto(v1::InvoiceKind kind);

v1::PreviewTaxResponse ToProto(const TaxPreview& preview);
v1::ProForma ToProto(const Uuid& account_id, const core::ProForma& pro_forma);
v1::Invoice ToProto(const core::Document& document);

v1::LedgerAccountBalance ToProto(const LedgerBalance& balance);
v1::JournalEntry ToProto(const BookedEntry& booked);
v1::InvoiceBook ToProto(const BookedDocument& document);

}  // namespace perennial::billing
