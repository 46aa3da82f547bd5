#include "services/billing/rpc/invoice_handler.h"

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/resource_name.h"
#include "perennial/billing/v1/invoice_service.pb.h"
#include "services/billing/rpc/paging.h"
#include "services/billing/rpc/proto_mapping.h"

namespace perennial::billing {
namespace {

absl::StatusOr<v1::Invoice> Get(Invoices& invoices, const rpc::Call& call,
                                const v1::GetInvoiceRequest& request) {
  const auto name = ParseChildName(request.name(), "invoices");
  if (!name) return InvalidField("name", "must be accounts/{a}/invoices/{i}");
  ASSIGN_OR_RETURN(const core::Document document, invoices.Get(call.caller, name->account_id, name->id));
  return ToProto(document);
}

absl::StatusOr<InvoiceFormat> FormatFromProto(v1::InvoiceFormat format) {
  switch (format) {
    case v1::INVOICE_FORMAT_PDF:
      return InvoiceFormat::kPdf;
    case v1::INVOICE_FORMAT_UBL:
      return InvoiceFormat::kUbl;
    default:
      return InvalidField("format", "must be PDF or UBL");
  }
}

absl::StatusOr<v1::DownloadInvoiceResponse> Download(Invoices& invoices, const rpc::Call& call,
                                                     const v1::DownloadInvoiceRequest& request) {
  const auto name = ParseChildName(request.name(), "invoices");
  if (!name) return InvalidField("name", "must be accounts/{a}/invoices/{i}");
  ASSIGN_OR_RETURN(const InvoiceFormat format, FormatFromProto(request.format()));
  ASSIGN_OR_RETURN(InvoiceFile file, invoices.Download(call.caller, name->account_id, name->id, format));
  v1::DownloadInvoiceResponse response;
  response.set_file_name(file.name);
  response.set_content_type(file.content_type);
  response.set_content(std::move(file.content));
  return response;
}

absl::StatusOr<v1::ListInvoicesResponse> List(Invoices& invoices, const crypto::PageTokens& tokens,
                                              const rpc::Call& call, const v1::ListInvoicesRequest& request) {
  const auto account_id = ParseAccountName(request.parent());
  if (!account_id) return InvalidField("parent", "must be accounts/{a}");
  ASSIGN_OR_RETURN(const auto kind, FromProto(request.kind()));
  ASSIGN_OR_RETURN(const PageRequest page,
                   ReadPage(tokens, absl::StrCat("invoices/", account_id->ToString(), "/", request.kind()),
                            request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(std::vector<core::Document> documents,
                   invoices.List(call.caller, *account_id, kind, page.after, page.size + 1));
  const auto last = CutToPage(documents, page.size, [](const core::Document& document) {
    return PagePosition{document.issue_time, document.id};
  });
  v1::ListInvoicesResponse response;
  for (const core::Document& document : documents) *response.add_invoices() = ToProto(document);
  response.set_next_page_token(NextPageToken(tokens, page, last));
  return response;
}

}  // namespace

rpc::Service MakeInvoiceService(Invoices& invoices, const crypto::PageTokens& tokens) {
  rpc::Service service("perennial.billing.v1.InvoiceService");
  service.Read<v1::GetInvoiceRequest, v1::Invoice>(
      "GetInvoice", rpc::Customers(),
      [&invoices](const rpc::Call& call, const v1::GetInvoiceRequest& request) {
        return Get(invoices, call, request);
      });
  service.Read<v1::ListInvoicesRequest, v1::ListInvoicesResponse>(
      "ListInvoices", rpc::Customers(),
      [&invoices, &tokens](const rpc::Call& call, const v1::ListInvoicesRequest& request) {
        return List(invoices, tokens, call, request);
      });
  service.Read<v1::DownloadInvoiceRequest, v1::DownloadInvoiceResponse>(
      "DownloadInvoice", rpc::Customers(),
      [&invoices](const rpc::Call& call, const v1::DownloadInvoiceRequest& request) {
        return Download(invoices, call, request);
      });
  return service;
}

}  // namespace perennial::billing
