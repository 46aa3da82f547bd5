#include "services/billing/rpc/invoicing_handler.h"

#include <set>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "libs/rpc/proto_values.h"
#include "libs/rpc/status.h"
#include "services/billing/rpc/proto_mapping.h"

namespace perennial::billing {
namespace {

constexpr int kMaxBatch = 500;

// The parts of a batch that can be read, and what became of the others (AIP-233).
template <typename Item>
struct Batch {
  std::vector<Item> items;
  std::vector<int> indices;  // of the items, in the request
  google::protobuf::Map<int32_t, google::rpc::Status> failed;

  // Tells `done` the index of each item that was not refused, and its result.
  template <typename Result, typename Done>
  void Sort(const Outcomes<Result>& outcomes, Done done) {
    for (size_t n = 0; n < outcomes.size(); ++n) {
      if (outcomes[n].ok()) {
        done(indices[n], *outcomes[n]);
      } else {
        failed[indices[n]] = rpc::ToProto(outcomes[n].status());
      }
    }
  }
};

template <typename Item, typename Request>
absl::StatusOr<Batch<Item>> ReadBatch(const google::protobuf::RepeatedPtrField<Request>& requests) {
  if (requests.empty() || requests.size() > kMaxBatch)
    return InvalidField("requests", "has 1 to 500 of them");
  Batch<Item> batch;
  std::set<Uuid> orders;
  for (int i = 0; i < requests.size(); ++i) {
    absl::StatusOr<Item> item = FromProto(requests[i]);
    if (!item.ok()) {
      batch.failed[i] = rpc::ToProto(item.status());
      continue;
    }
    if (!orders.insert(item->order.id).second) return InvalidField("requests", "names an order twice");
    batch.items.push_back(*std::move(item));
    batch.indices.push_back(i);
  }
  return batch;
}

absl::StatusOr<v1::PreviewTaxResponse> PreviewTax(Invoicing& invoicing,
                                                  const v1::PreviewTaxRequest& request) {
  const auto account_id = ParseAccountName(request.account());
  if (!account_id) return InvalidField("account", "must be accounts/{a}");
  ASSIGN_OR_RETURN(const core::Language language, LanguageFromProto(request.language()));
  ASSIGN_OR_RETURN(const auto lines, LinesFromProto(request.lines(), *account_id));
  ASSIGN_OR_RETURN(const TaxPreview preview, invoicing.PreviewTax(*account_id, lines, language));
  return ToProto(preview);
}

absl::StatusOr<v1::ProForma> CreateProForma(Invoicing& invoicing, const v1::CreateProFormaRequest& request) {
  ASSIGN_OR_RETURN(const NewProForma made, FromProto(request));
  ASSIGN_OR_RETURN(const core::ProForma pro_forma, invoicing.CreateProForma(made));
  return ToProto(made.order.account_id, pro_forma);
}

absl::StatusOr<v1::BatchCreateProFormasResponse> BatchCreateProFormas(
    Invoicing& invoicing, const v1::BatchCreateProFormasRequest& request) {
  ASSIGN_OR_RETURN(auto batch, ReadBatch<NewProForma>(request.requests()));
  ASSIGN_OR_RETURN(const auto outcomes, invoicing.CreateProFormas(batch.items));
  v1::BatchCreateProFormasResponse response;
  batch.Sort(outcomes, [&](int index, const core::ProForma& pro_forma) {
    v1::ProFormaTotal& made = *response.add_pro_formas();
    made.set_order(request.requests(index).order());
    *made.mutable_total() = rpc::ToProto(Money{pro_forma.bill.currency, pro_forma.bill.total_minor});
  });
  *response.mutable_failed_requests() = std::move(batch.failed);
  return response;
}

absl::StatusOr<v1::ProForma> CancelProForma(Invoicing& invoicing, const v1::CancelProFormaRequest& request) {
  ASSIGN_OR_RETURN(const OrderId order, OrderFromProto(request.order()));
  ASSIGN_OR_RETURN(const core::ProForma pro_forma, invoicing.CancelProForma(order));
  return ToProto(order.account_id, pro_forma);
}

absl::StatusOr<v1::Invoice> IssueInvoice(Invoicing& invoicing, const v1::IssueInvoiceRequest& request) {
  ASSIGN_OR_RETURN(const NewInvoice made, FromProto(request));
  ASSIGN_OR_RETURN(const core::Document invoice, invoicing.IssueInvoice(made.order, made.payment));
  return ToProto(invoice);
}

absl::StatusOr<v1::BatchIssueInvoicesResponse> BatchIssueInvoices(
    Invoicing& invoicing, const v1::BatchIssueInvoicesRequest& request) {
  ASSIGN_OR_RETURN(auto batch, ReadBatch<NewInvoice>(request.requests()));
  std::set<Uuid> charges;
  for (const NewInvoice& item : batch.items) {
    const auto& charge = item.payment.charge_id;
    if (charge && !charges.insert(*charge).second) return InvalidField("requests", "names a charge twice");
  }
  ASSIGN_OR_RETURN(const auto outcomes, invoicing.IssueInvoices(batch.items));
  v1::BatchIssueInvoicesResponse response;
  batch.Sort(outcomes, [&](int index, const core::Document& invoice) {
    v1::IssuedInvoice& issued = *response.add_invoices();
    issued.set_order(request.requests(index).order());
    issued.set_invoice(MakeChildName(core::NamedAccount(invoice), "invoices", invoice.id));
  });
  *response.mutable_failed_requests() = std::move(batch.failed);
  return response;
}

absl::StatusOr<v1::Invoice> CreateCreditNote(Invoicing& invoicing,
                                             const v1::CreateCreditNoteRequest& request) {
  ASSIGN_OR_RETURN(const NewCreditNote note, FromProto(request));
  ASSIGN_OR_RETURN(const core::Document document, invoicing.CreateCreditNote(note));
  return ToProto(document);
}

}  // namespace

rpc::Service MakeInvoicingService(Invoicing& invoicing) {
  rpc::Service service("perennial.billing.v1.InvoicingService");
  const rpc::Access access = rpc::Services({"subscription"});
  service.Read<v1::PreviewTaxRequest, v1::PreviewTaxResponse>(
      "PreviewTax", access,
      [&](const rpc::Call&, const v1::PreviewTaxRequest& request) { return PreviewTax(invoicing, request); });
  service.Mutate<v1::CreateProFormaRequest, v1::ProForma>(
      "CreateProForma", access, [&](const rpc::Call&, const v1::CreateProFormaRequest& request) {
        return CreateProForma(invoicing, request);
      });
  service.Mutate<v1::BatchCreateProFormasRequest, v1::BatchCreateProFormasResponse>(
      "BatchCreateProFormas", access, [&](const rpc::Call&, const v1::BatchCreateProFormasRequest& request) {
        return BatchCreateProFormas(invoicing, request);
      });
  service.Mutate<v1::CancelProFormaRequest, v1::ProForma>(
      "CancelProForma", access, [&](const rpc::Call&, const v1::CancelProFormaRequest& request) {
        return CancelProForma(invoicing, request);
      });
  service.Mutate<v1::IssueInvoiceRequest, v1::Invoice>(
      "IssueInvoice", access, [&](const rpc::Call&, const v1::IssueInvoiceRequest& request) {
        return IssueInvoice(invoicing, request);
      });
  service.Mutate<v1::BatchIssueInvoicesRequest, v1::BatchIssueInvoicesResponse>(
      "BatchIssueInvoices", access, [&](const rpc::Call&, const v1::BatchIssueInvoicesRequest& request) {
        return BatchIssueInvoices(invoicing, request);
      });
  service.Mutate<v1::CreateCreditNoteRequest, v1::Invoice>(
      "CreateCreditNote", access, [&](const rpc::Call&, const v1::CreateCreditNoteRequest& request) {
        return CreateCreditNote(invoicing, request);
      });
  return service;
}

}  // namespace perennial::billing
