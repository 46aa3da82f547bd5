#include "services/billing/rpc/proto_mapping.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/proto_values.h"
#include "services/billing/rpc/party_mapping.h"

namespace perennial::billing {
namespace {

constexpr int kMaxLines = 100;
constexpr int kMaxDescription = 200;
constexpr int kMaxPaymentDescription = 100;

absl::StatusOr<core::CustomerType> FromProto(v1::CustomerType type) {
  switch (type) {
    case v1::CUSTOMER_TYPE_UNSPECIFIED:
      return core::CustomerType::kUnspecified;
    case v1::CUSTOMER_TYPE_CONSUMER:
      return core::CustomerType::kConsumer;
    case v1::CUSTOMER_TYPE_COMPANY:
      return core::CustomerType::kCompany;
    default:
      return InvalidField("billing_profile.customer_type", "is not a known value");
  }
}

v1::CustomerType ToProto(core::CustomerType type) {
  switch (type) {
    case core::CustomerType::kUnspecified:
      return v1::CUSTOMER_TYPE_UNSPECIFIED;
    case core::CustomerType::kConsumer:
      return v1::CUSTOMER_TYPE_CONSUMER;
    case core::CustomerType::kCompany:
      return v1::CUSTOMER_TYPE_COMPANY;
  }
  std::abort();
}

absl::StatusOr<core::CreditReason> FromProto(v1::CreditReason reason) {
  switch (reason) {
    case v1::CREDIT_REASON_NOT_DELIVERED:
      return core::CreditReason::kNotDelivered;
    case v1::CREDIT_REASON_WITHDRAWAL:
      return core::CreditReason::kWithdrawal;
    case v1::CREDIT_REASON_CORRECTION:
      return core::CreditReason::kCorrection;
    default:
      return InvalidField("reason", "is required");
  }
}

v1::TaxTreatment ToProto(core::TaxTreatment treatment) {
  switch (treatment) {
    case core::TaxTreatment::kStandard:
      return v1::TAX_TREATMENT_STANDARD;
    case core::TaxTreatment::kReverseCharge:
      return v1::TAX_TREATMENT_REVERSE_CHARGE;
    case core::TaxTreatment::kOutOfScope:
      return v1::TAX_TREATMENT_OUT_OF_SCOPE;
  }
  std::abort();
}

v1::InvoiceKind ToProto(core::DocumentKind kind) {
  switch (kind) {
    case core::DocumentKind::kInvoice:
      return v1::INVOICE_KIND_INVOICE;
    case core::DocumentKind::kCreditNote:
      return v1::INVOICE_KIND_CREDIT_NOTE;
  }
  std::abort();
}

v1::JournalEntryKind ToProto(core::EntryKind kind) {
  switch (kind) {
    case core::EntryKind::kInvoice:
      return v1::JOURNAL_ENTRY_KIND_INVOICE;
    case core::EntryKind::kPayment:
      return v1::JOURNAL_ENTRY_KIND_PAYMENT;
    case core::EntryKind::kCreditNote:
      return v1::JOURNAL_ENTRY_KIND_CREDIT_NOTE;
    case core::EntryKind::kRefund:
      return v1::JOURNAL_ENTRY_KIND_REFUND;
    case core::EntryKind::kRecognition:
      return v1::JOURNAL_ENTRY_KIND_RECOGNITION;
    case core::EntryKind::kLateRecognition:
      return v1::JOURNAL_ENTRY_KIND_LATE_RECOGNITION;
  }
  std::abort();
}

v1::ProFormaState ToProto(core::ProFormaState state) {
  switch (state) {
    case core::ProFormaState::kOpen:
      return v1::PRO_FORMA_STATE_OPEN;
    case core::ProFormaState::kIssued:
      return v1::PRO_FORMA_STATE_ISSUED;
    case core::ProFormaState::kCancelled:
      return v1::PRO_FORMA_STATE_CANCELLED;
  }
  std::abort();
}

std::string LanguageCode(core::Language language) {
  switch (language) {
    case core::Language::kEnglish:
      return "en";
    case core::Language::kFrench:
      return "fr";
  }
  std::abort();
}

// The parts of a bill that invoices, pro-formas and previews have alike.
template <typename Message>
void SetSums(const core::Bill& bill, Message& proto) {
  *proto.mutable_net() = rpc::ToProto(Money{bill.currency, bill.net_minor});
  *proto.mutable_tax() = rpc::ToProto(Money{bill.currency, bill.tax_minor});
  *proto.mutable_total() = rpc::ToProto(Money{bill.currency, bill.total_minor});
  for (const core::TaxLine& line : bill.tax_lines) {
    v1::TaxLine& tax = *proto.add_tax_lines();
    tax.set_description(line.description);
    tax.set_rate_ppm(line.rate_ppm);
    tax.set_country_code(line.country_code);
    tax.set_treatment(ToProto(line.treatment));
    *tax.mutable_net() = rpc::ToProto(Money{bill.currency, line.net_minor});
    *tax.mutable_tax() = rpc::ToProto(Money{bill.currency, line.tax_minor});
  }
}

template <typename Message>
void SetLines(const core::Bill& bill, const Uuid& account_id, Message& proto) {
  for (const core::InvoiceLine& line : bill.lines) {
    v1::InvoiceLine& out = *proto.add_lines();
    out.set_description(line.description);
    out.set_product(MakeChildName(account_id, "products", line.product_id));
    *out.mutable_term_start_date() = rpc::ToProto(line.term_start);
    *out.mutable_term_end_date() = rpc::ToProto(line.term_end);
    *out.mutable_net() = rpc::ToProto(Money{bill.currency, line.net_minor});
    *out.mutable_tax() = rpc::ToProto(Money{bill.currency, line.tax_minor});
    out.set_tax_rate_ppm(line.rate_ppm);
  }
}

std::string RefundName(const Uuid& account_id, const Uuid& charge_id, const Uuid& refund_id) {
  return absl::StrCat(MakeChildName(account_id, "charges", charge_id), "/refunds/", refund_id.ToString());
}

struct RefundId {
  Uuid charge_id;
  Uuid id;
};

// "accounts/{a}/charges/{c}/refunds/{r}" of this account.
absl::StatusOr<RefundId> RefundFromProto(const std::string& name, const Uuid& account_id) {
  const std::vector<std::string> halves = absl::StrSplit(name, "/refunds/");
  if (halves.size() == 2) {
    const auto charge = ParseChildName(halves[0], "charges");
    const auto refund = Uuid::Parse(halves[1]);
    if (charge && refund.ok() && charge->account_id == account_id) return RefundId{charge->id, *refund};
  }
  return InvalidField("refund", "must be accounts/{a}/charges/{c}/refunds/{r}, of the order's account");
}

absl::StatusOr<core::ChargeLine> LineFromProto(const v1::ChargeLine& line, const std::string& field,
                                               const Uuid& account_id) {
  FieldViolations violations;
  const auto product = ParseChildName(line.product(), "products");
  const bool is_described =
      !line.description().empty() && core::IsPlainText(line.description(), kMaxDescription);
  violations.Require(is_described, field + ".description", "has 1 to 200 characters, none of them controls");
  violations.Require(product && product->account_id == account_id, field + ".product",
                     "must be accounts/{a}/products/{p}, of the same account");
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const CivilDate start, rpc::FromProto(line.term_start_date(), field + ".term_start_date"));
  ASSIGN_OR_RETURN(const CivilDate end, rpc::FromProto(line.term_end_date(), field + ".term_end_date"));
  if (end <= start) return InvalidField(field + ".term_end_date", "must be after term_start_date");
  ASSIGN_OR_RETURN(const Money net, rpc::FromProto(line.net(), field + ".net"));
  return core::ChargeLine{line.description(), product->id, start, end, net};
}

}  // namespace

absl::StatusOr<Uuid> ProfileAccountFromProto(absl::string_view name, absl::string_view field) {
  constexpr absl::string_view kSuffix = "/billingProfile";
  const size_t size = name.size();
  if (size > kSuffix.size() && name.substr(size - kSuffix.size()) == kSuffix) {
    const auto account_id = ParseAccountName(name.substr(0, size - kSuffix.size()));
    if (account_id) return *account_id;
  }
  return InvalidField(field, "must be accounts/{a}/billingProfile");
}

absl::StatusOr<ProfileChange> FromProto(const v1::UpdateBillingProfileRequest& request) {
  const v1::BillingProfile& proto = request.billing_profile();
  ProfileChange change;
  ASSIGN_OR_RETURN(change.values.customer_type, FromProto(proto.customer_type()));
  core::Party& party = change.values.party;
  party.name = proto.recipient_name();
  party.company = proto.company();
  party.address_lines = {proto.address_lines().begin(), proto.address_lines().end()};
  party.postal_code = proto.postal_code();
  party.city = proto.city();
  party.region = proto.region();
  party.country_code = proto.country_code();
  party.tax_id = proto.tax_id();
  change.values.email = proto.email();
  change.fields = {request.update_mask().paths().begin(), request.update_mask().paths().end()};
  change.etag = proto.etag();
  return change;
}

v1::BillingProfile ToProto(const Uuid& account_id, const core::BillingProfile& profile) {
  v1::BillingProfile proto;
  const core::Party& party = profile.party;
  proto.set_name(absl::StrCat(AccountName(account_id), "/billingProfile"));
  proto.set_customer_type(ToProto(profile.customer_type));
  proto.set_recipient_name(party.name);
  proto.set_company(party.company);
  for (const std::string& line : party.address_lines) proto.add_address_lines(line);
  proto.set_postal_code(party.postal_code);
  proto.set_city(party.city);
  proto.set_region(party.region);
  proto.set_country_code(party.country_code);
  proto.set_tax_id(party.tax_id);
  proto.set_email(profile.email);
  if (profile.updated_at) *proto.mutable_update_time() = rpc::ToProto(*profile.updated_at);
  proto.set_etag(EtagOf(profile));
  proto.set_complete(core::MissingFields(profile).empty());
  proto.set_tax_id_state(ToProto(party.tax_id_check.state));
  if (party.tax_id_check.time) *proto.mutable_tax_id_check_time() = rpc::ToProto(*party.tax_id_check.time);
  return proto;
}

absl::StatusOr<core::Language> LanguageFromProto(absl::string_view language) {
  if (language == "en") return core::Language::kEnglish;
  if (language == "fr") return core::Language::kFrench;
  return InvalidField("language", "must be en or fr");
}

absl::StatusOr<OrderId> OrderFromProto(absl::string_view name) {
  const auto order = ParseChildName(name, "orders");
  if (!order) return InvalidField("order", "must be accounts/{a}/orders/{o}");
  return OrderId{order->account_id, order->id};
}

absl::StatusOr<std::vector<core::ChargeLine>> LinesFromProto(
    const google::protobuf::RepeatedPtrField<v1::ChargeLine>& lines, const Uuid& account_id) {
  if (lines.empty() || lines.size() > kMaxLines) return InvalidField("lines", "has 1 to 100 lines");
  std::vector<core::ChargeLine> result;
  for (const v1::ChargeLine& line : lines) {
    ASSIGN_OR_RETURN(core::ChargeLine read,
                     LineFromProto(line, absl::StrCat("lines[", result.size(), "]"), account_id));
    result.push_back(std::move(read));
  }
  return result;
}

absl::StatusOr<NewProForma> FromProto(const v1::CreateProFormaRequest& request) {
  NewProForma made;
  ASSIGN_OR_RETURN(made.order, OrderFromProto(request.order()));
  ASSIGN_OR_RETURN(made.language, LanguageFromProto(request.language()));
  if (!LoadTimeZone(request.time_zone()).ok()) return InvalidField("time_zone", "must be an IANA time zone");
  made.time_zone = request.time_zone();
  ASSIGN_OR_RETURN(made.lines, LinesFromProto(request.lines(), made.order.account_id));
  if (request.has_expected_total()) {
    ASSIGN_OR_RETURN(made.expected_total, rpc::FromProto(request.expected_total(), "expected_total"));
  }
  return made;
}

absl::StatusOr<NewInvoice> FromProto(const v1::IssueInvoiceRequest& request) {
  NewInvoice made;
  ASSIGN_OR_RETURN(made.order, OrderFromProto(request.order()));
  if (!request.charge().empty()) {
    const auto charge = ParseChildName(request.charge(), "charges");
    if (!charge || charge->account_id != made.order.account_id) {
      return InvalidField("charge", "must be accounts/{a}/charges/{c}, of the order's account");
    }
    made.payment.charge_id = charge->id;
  }
  if (!core::IsPlainText(request.payment_description(), kMaxPaymentDescription)) {
    return InvalidField("payment_description", "has at most 100 characters, none of them controls");
  }
  made.payment.description = request.payment_description();
  if (request.has_charged_minor_units()) made.payment.charged_minor = request.charged_minor_units();
  return made;
}

absl::StatusOr<NewCreditNote> FromProto(const v1::CreateCreditNoteRequest& request) {
  NewCreditNote note;
  ASSIGN_OR_RETURN(note.order, OrderFromProto(request.order()));
  ASSIGN_OR_RETURN(note.reason, FromProto(request.reason()));
  if (!request.refund().empty()) {
    ASSIGN_OR_RETURN(const RefundId refund, RefundFromProto(request.refund(), note.order.account_id));
    note.refund_id = refund.id;
    note.refunded_charge_id = refund.charge_id;
  }
  if (request.has_amount()) {
    ASSIGN_OR_RETURN(note.amount, rpc::FromProto(request.amount(), "amount"));
  }
  return note;
}

absl::StatusOr<std::optional<core::DocumentKind>> FromProto(v1::InvoiceKind kind) {
  switch (kind) {
    case v1::INVOICE_KIND_UNSPECIFIED:
      return std::nullopt;
    case v1::INVOICE_KIND_INVOICE:
      return core::DocumentKind::kInvoice;
    case v1::INVOICE_KIND_CREDIT_NOTE:
      return core::DocumentKind::kCreditNote;
    default:
      return InvalidField("kind", "is not a known value");
  }
}

v1::PreviewTaxResponse ToProto(const TaxPreview& preview) {
  v1::PreviewTaxResponse proto;
  SetSums(preview.bill, proto);
  v1::TaxPosition& position = *proto.mutable_position();
  position.set_treatment(ToProto(preview.position.treatment));
  position.set_country_code(preview.position.country_code);
  position.set_rate_ppm(preview.position.rate_ppm);
  position.set_country_name_en(preview.position.country_name_en);
  position.set_country_name_fr(preview.position.country_name_fr);
  position.set_revision(preview.tax_revision);
  *position.mutable_ask_again_time() = rpc::ToProto(preview.ask_again_at);
  return proto;
}

v1::ProForma ToProto(const Uuid& account_id, const core::ProForma& pro_forma) {
  v1::ProForma proto;
  proto.set_order(MakeChildName(account_id, "orders", pro_forma.order_id));
  proto.set_state(ToProto(pro_forma.state));
  SetSums(pro_forma.bill, proto);
  SetLines(pro_forma.bill, account_id, proto);
  if (pro_forma.invoice_id) proto.set_invoice(MakeChildName(account_id, "invoices", *pro_forma.invoice_id));
  *proto.mutable_create_time() = rpc::ToProto(pro_forma.created_at);
  return proto;
}

v1::Invoice ToProto(const core::Document& document) {
  const Uuid account_id = core::NamedAccount(document);
  v1::Invoice proto;
  proto.set_name(MakeChildName(account_id, "invoices", document.id));
  proto.set_kind(ToProto(document.kind));
  proto.set_series(document.series);
  proto.set_sequence_number(document.sequence_number);
  proto.set_number(core::NumberOf(document));
  *proto.mutable_issue_time() = rpc::ToProto(document.issue_time);
  *proto.mutable_issue_date() = rpc::ToProto(document.issue_date);
  proto.set_language(LanguageCode(document.language));
  proto.set_time_zone(document.time_zone);
  *proto.mutable_seller() = ToProto(document.seller);
  *proto.mutable_buyer() = ToProto(document.buyer);
  SetSums(document.bill, proto);
  SetLines(document.bill, account_id, proto);
  proto.set_order(MakeChildName(account_id, "orders", document.order_id));
  if (document.refund_id && document.charge_id) {
    proto.set_refund(RefundName(account_id, *document.charge_id, *document.refund_id));
  } else if (document.charge_id) {
    proto.set_charge(MakeChildName(account_id, "charges", *document.charge_id));
  }
  if (document.credited_invoice_id) {
    proto.set_credited_invoice(MakeChildName(account_id, "invoices", *document.credited_invoice_id));
  }
  proto.set_payment_description(document.payment_description);
  for (const std::string& note : document.notes) proto.add_notes(note);
  proto.set_hash(document.hash);
  return proto;
}

v1::LedgerAccountBalance ToProto(const LedgerBalance& balance) {
  v1::LedgerAccountBalance proto;
  proto.set_ledger_account(std::string(core::NameOf(balance.account)));
  *proto.mutable_debit() = rpc::ToProto(Money{balance.currency, balance.debit_minor});
  *proto.mutable_credit() = rpc::ToProto(Money{balance.currency, balance.credit_minor});
  return proto;
}

v1::JournalEntry ToProto(const BookedEntry& booked) {
  v1::JournalEntry proto;
  proto.set_name(absl::StrCat("journalEntries/", booked.entry.id.ToString()));
  *proto.mutable_post_time() = rpc::ToProto(booked.entry.post_time);
  proto.set_kind(ToProto(booked.entry.kind));
  if (booked.entry.document_id) {
    const Uuid account_id = booked.named_account_id.value();
    proto.set_document(MakeChildName(account_id, "invoices", *booked.entry.document_id));
    proto.set_order(MakeChildName(account_id, "orders", booked.order_id.value()));
  }
  if (booked.entry.day) *proto.mutable_recognised_date() = rpc::ToProto(*booked.entry.day);
  proto.set_time_zone(booked.entry.time_zone);
  for (const core::Posting& posting : booked.entry.postings) {
    v1::Posting& out = *proto.add_postings();
    out.set_ledger_account(std::string(core::NameOf(posting.account)));
    *out.mutable_amount() = rpc::ToProto(Money{booked.entry.currency, posting.amount_minor});
  }
  return proto;
}

v1::InvoiceBook ToProto(const BookedDocument& document) {
  const Uuid& account_id = document.named_account_id;
  v1::InvoiceBook proto;
  proto.set_name(MakeChildName(account_id, "invoices", document.id));
  proto.set_kind(ToProto(document.kind));
  proto.set_series(document.series);
  proto.set_sequence_number(document.sequence_number);
  proto.set_order(MakeChildName(account_id, "orders", document.order_id));
  if (document.refund_id && document.charge_id) {
    proto.set_refund(RefundName(account_id, *document.charge_id, *document.refund_id));
  } else if (document.charge_id) {
    proto.set_charge(MakeChildName(account_id, "charges", *document.charge_id));
  }
  if (document.credited_invoice_id) {
    proto.set_credited_invoice(MakeChildName(account_id, "invoices", *document.credited_invoice_id));
  }
  *proto.mutable_net() = rpc::ToProto(Money{document.currency, document.net_minor});
  *proto.mutable_tax() = rpc::ToProto(Money{document.currency, document.tax_minor});
  *proto.mutable_total() = rpc::ToProto(Money{document.currency, document.total_minor});
  *proto.mutable_issue_time() = rpc::ToProto(document.issue_time);
  proto.set_account_pseudonym(document.account_pseudonym.ToString());
  return proto;
}

}  // namespace perennial::billing
