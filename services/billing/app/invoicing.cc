#include "services/billing/app/invoicing.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/billing/core/credit_note.h"
#include "services/billing/core/tax.h"

namespace perennial::billing {
namespace {

using core::Bill;
using core::Document;
using core::ProForma;

// So that a new tax table or seller's setting is known to all soon, without anybody being told.
constexpr absl::Duration kPositionHolds = absl::Hours(1);

absl::Status ProFormaNotFound() {
  return NotFound("PRO_FORMA_NOT_FOUND", "the order has no pro-forma");
}

absl::Status InvoiceNotFound() {
  return NotFound("INVOICE_NOT_FOUND", "the order has no invoice");
}

// Whose it is can be checked only as long as the account is known (R7).
bool IsAnothers(const std::optional<Uuid>& owner, const Uuid& account_id) {
  return owner.has_value() && *owner != account_id;
}

bool IsFor(const ProForma& pro_forma, const NewProForma& request) {
  const auto& lines = pro_forma.bill.lines;
  if (lines.size() != request.lines.size() || pro_forma.language != request.language ||
      pro_forma.time_zone != request.time_zone) {
    return false;
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    const core::ChargeLine& line = request.lines[i];
    const Money net{pro_forma.bill.currency, lines[i].net_minor};
    if (line.description != lines[i].description || line.product_id != lines[i].product_id ||
        line.term_start != lines[i].term_start || line.term_end != lines[i].term_end || line.net != net) {
      return false;
    }
  }
  return true;
}

absl::Status CheckTotal(const Bill& bill, const std::optional<Money>& expected) {
  if (!expected || *expected == Money{bill.currency, bill.total_minor}) return absl::OkStatus();
  return Refusal(absl::StatusCode::kFailedPrecondition, "PRO_FORMA_CHANGED",
                 "the total is not the one that the customer agreed to or paid",
                 {{"total_minor_units", absl::StrCat(bill.total_minor)}});
}

absl::StatusOr<ProForma> Existing(const ProForma& pro_forma, const NewProForma& request) {
  if (IsAnothers(pro_forma.account_id, request.order.account_id) || !IsFor(pro_forma, request)) {
    return Refusal(absl::StatusCode::kAlreadyExists, "PRO_FORMA_EXISTS",
                   "the order has a pro-forma of other contents");
  }
  RETURN_IF_ERROR(CheckTotal(pro_forma.bill, request.expected_total));
  return pro_forma;
}

core::Party BuyerOf(const core::BillingProfile& profile, const core::TaxPosition& position) {
  core::Party buyer = profile.party;
  if (buyer.country_code.empty()) buyer.country_code = position.country_code;
  return buyer;
}

}  // namespace

Invoicing::Invoicing(InvoiceStore& invoices, BillingProfileStore& profiles, const Clock& clock, IdSource& ids,
                     core::Seller seller, Observer observer)
    : invoices_(invoices),
      profiles_(profiles),
      clock_(clock),
      ids_(ids),
      seller_(std::move(seller)),
      observer_(std::move(observer)) {}

absl::StatusOr<TaxPreview> Invoicing::PreviewTax(const Uuid& account_id,
                                                 const std::vector<core::ChargeLine>& lines,
                                                 core::Language language) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const core::BillingProfile profile, profiles_.Get(account_id));
  ASSIGN_OR_RETURN(const core::TaxPosition position, core::PlaceOfSupply(profile, seller_, now));
  ASSIGN_OR_RETURN(const Bill bill, core::MakeBill(lines, position, language));
  return TaxPreview{bill, position, profile.tax_revision,
                    std::min(core::HoldsUntil(position, seller_, now), now + kPositionHolds)};
}

absl::StatusOr<ProForma> Invoicing::Draft(const NewProForma& request, const core::BillingProfile& profile,
                                          absl::Time now) {
  ASSIGN_OR_RETURN(const core::TaxPosition position, core::PlaceOfSupply(profile, seller_, now));
  ProForma made;
  ASSIGN_OR_RETURN(made.bill, core::MakeBill(request.lines, position, request.language));
  RETURN_IF_ERROR(CheckTotal(made.bill, request.expected_total));
  made.order_id = request.order.id;
  made.account_id = request.order.account_id;
  made.account_pseudonym = Uuid::Derive(ids_.Next(), "pseudonym");  // without its time
  made.language = request.language;
  made.time_zone = request.time_zone;
  made.buyer = BuyerOf(profile, position);
  made.created_at = now;
  return made;
}

absl::StatusOr<ProForma> Invoicing::CreateProForma(const NewProForma& request) {
  ASSIGN_OR_RETURN(const Outcomes<ProForma> outcomes, CreateProFormas({request}));
  return outcomes[0];
}

absl::StatusOr<Outcomes<ProForma>> Invoicing::CreateProFormas(const std::vector<NewProForma>& requests) {
  std::vector<Uuid> orders, accounts;
  for (const NewProForma& request : requests) {
    orders.push_back(request.order.id);
    accounts.push_back(request.order.account_id);
  }
  ASSIGN_OR_RETURN(const auto known, invoices_.FindProFormas(orders));
  ASSIGN_OR_RETURN(const auto profiles, profiles_.GetAll(accounts));
  const absl::Time now = clock_.Now();
  Outcomes<ProForma> outcomes;
  std::vector<ProForma> to_add;
  std::vector<RenewedProForma> to_renew;
  std::vector<size_t> added, renewed;  // whose outcome is still to come
  for (size_t n = 0; n < requests.size(); ++n) {
    const NewProForma& request = requests[n];
    const auto before = known.find(request.order.id);
    if (before != known.end()) {
      outcomes.push_back(Existing(before->second, request));
      const bool is_final = request.expected_total || before->second.state != core::ProFormaState::kOpen;
      if (is_final || !outcomes.back().ok()) continue;
    }
    const auto profile = profiles.find(request.order.account_id);
    absl::StatusOr<ProForma> draft =
        Draft(request, profile == profiles.end() ? core::BillingProfile() : profile->second, now);
    if (before == known.end()) {
      outcomes.push_back(draft);
      if (!draft.ok()) continue;
      to_add.push_back(*std::move(draft));
      added.push_back(n);
    } else if (!draft.ok()) {
      outcomes[n] = draft.status();
    } else if (before->second.bill != draft->bill || before->second.buyer != draft->buyer) {
      to_renew.push_back({before->second, *std::move(draft)});
      renewed.push_back(n);
    }
  }
  if (!to_add.empty()) {
    ASSIGN_OR_RETURN(const Outcomes<ProForma> stored, invoices_.AddProFormas(to_add));
    for (size_t i = 0; i < added.size(); ++i) {
      outcomes[added[i]] = stored[i].ok() ? Existing(*stored[i], requests[added[i]]) : stored[i];
    }
  }
  if (!to_renew.empty()) {
    ASSIGN_OR_RETURN(const Outcomes<ProForma> stored, invoices_.RenewProFormas(to_renew));
    for (size_t i = 0; i < renewed.size(); ++i) outcomes[renewed[i]] = stored[i];
  }
  return outcomes;
}

absl::StatusOr<ProForma> Invoicing::CancelProForma(const OrderId& order) {
  return invoices_.CancelProForma(order.id, [&](const ProForma& pro_forma) -> absl::Status {
    if (IsAnothers(pro_forma.account_id, order.account_id)) return ProFormaNotFound();
    if (pro_forma.state == core::ProFormaState::kIssued) {
      return Precondition("INVOICE_ALREADY_ISSUED", "the invoice is issued: correct it by a credit note");
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<Document> Invoicing::IssueInvoice(const OrderId& order, const Payment& payment) {
  ASSIGN_OR_RETURN(const Outcomes<Document> outcomes, IssueInvoices({{order, payment}}));
  return outcomes[0];
}

absl::StatusOr<Outcomes<Document>> Invoicing::IssueInvoices(const std::vector<NewInvoice>& requests) {
  const absl::Time now = clock_.Now();
  const auto decide = [&](size_t n, const ProForma& pro_forma,
                          const Document* issued) -> absl::StatusOr<Document> {
    const auto& [order, payment] = requests[n];
    if (IsAnothers(pro_forma.account_id, order.account_id)) return ProFormaNotFound();
    if (issued != nullptr) {
      if (issued->charge_id == payment.charge_id) return *issued;
      return Precondition("INVOICE_ALREADY_ISSUED", "the invoice was issued for another charge");
    }
    if (pro_forma.state == core::ProFormaState::kCancelled) {
      return Precondition("PRO_FORMA_CANCELLED", "the pro-forma was cancelled");
    }
    const bool is_free = pro_forma.bill.total_minor == 0;
    if (is_free == payment.charge_id.has_value()) {
      return InvalidField("charge", is_free ? "must be empty: there is nothing to pay" : "is required");
    }
    if (payment.charged_minor)
      RETURN_IF_ERROR(CheckTotal(pro_forma.bill, Money{pro_forma.bill.currency, *payment.charged_minor}));
    Document draft = core::DraftInvoice(pro_forma, ids_.Next(), core::SellerOf(pro_forma.bill, seller_), now);
    draft.charge_id = payment.charge_id;
    draft.payment_description = payment.description;
    return draft;
  };
  std::vector<PaidOrder> orders;
  for (const auto& [order, payment] : requests) orders.push_back({order.id, payment.charge_id});
  ASSIGN_OR_RETURN(Outcomes<Issued> issued, invoices_.Issue(orders, decide));
  Outcomes<Document> outcomes;
  for (absl::StatusOr<Issued>& one : issued) {
    if (one.ok() && one->is_new) observer_(one->document);
    outcomes.push_back(one.ok() ? absl::StatusOr<Document>(std::move(one->document)) : one.status());
  }
  return outcomes;
}

absl::StatusOr<Document> Invoicing::CreateCreditNote(const NewCreditNote& request) {
  const auto decide = [&](const Document& invoice,
                          const std::vector<Document>& notes) -> absl::StatusOr<Document> {
    if (IsAnothers(invoice.account_id, request.order.account_id)) return InvoiceNotFound();
    std::vector<Bill> credited;
    for (const Document& note : notes) {
      if (note.refund_id == request.refund_id) return note;
      credited.push_back(note.bill);
    }
    const bool is_free = invoice.bill.total_minor == 0;
    if (is_free == request.refund_id.has_value()) {
      return InvalidField("refund", is_free ? "must be empty: nothing was paid" : "is required");
    }
    if (request.refunded_charge_id != invoice.charge_id) {
      return InvalidField("refund", "must be of the charge that paid the invoice");
    }
    if (request.amount && request.amount->currency != invoice.bill.currency) {
      return Precondition("CURRENCY_MISMATCH", "the amount is not in the invoice's currency");
    }
    ASSIGN_OR_RETURN(const Bill bill,
                     core::CreditOf(invoice.bill, credited,
                                    request.amount ? std::optional(request.amount->minor) : std::nullopt));
    Document draft = core::DraftCreditNote(invoice, bill, request.reason, ids_.Next(), clock_.Now());
    draft.refund_id = request.refund_id;
    return draft;
  };
  ASSIGN_OR_RETURN(const Issued issued, invoices_.Credit(request.order.id, decide));
  if (issued.is_new) observer_(issued.document);
  return issued.document;
}

}  // namespace perennial::billing
