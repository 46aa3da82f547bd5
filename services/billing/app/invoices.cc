#include "services/billing/app/invoices.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/billing/app/ownership.h"

namespace perennial::billing {
namespace {

// Less than what a gRPC client takes by default. 100 lines of 200 characters in all scripts stay below: a
// test.
constexpr size_t kMaxFileBytes = 3 << 20;

}  // namespace

absl::StatusOr<core::Document> Invoices::Get(const Caller& caller, const Uuid& account_id, const Uuid& id) {
  if (!caller.Owns(account_id)) return NotFound("INVOICE_NOT_FOUND", "there is no such invoice");
  return store_.Get(account_id, id);
}

absl::StatusOr<InvoiceFile> Invoices::Download(const Caller& caller, const Uuid& account_id, const Uuid& id,
                                               InvoiceFormat format) {
  ASSIGN_OR_RETURN(const core::Document document, Get(caller, account_id, id));
  std::optional<core::Document> credited;
  if (document.credited_invoice_id) {
    ASSIGN_OR_RETURN(credited, store_.Get(account_id, *document.credited_invoice_id));
  }
  const bool is_pdf = format == InvoiceFormat::kPdf;
  InvoiceFile file;
  file.name = absl::StrCat(core::NumberOf(document), is_pdf ? ".pdf" : ".xml");
  file.content_type = is_pdf ? "application/pdf" : "application/xml";
  ASSIGN_OR_RETURN(file.content, (is_pdf ? pdf_ : ubl_).Write(document, credited ? &*credited : nullptr));
  if (file.content.size() > kMaxFileBytes) return absl::InternalError("the file is too large");
  return file;
}

absl::StatusOr<std::vector<core::Document>> Invoices::List(const Caller& caller, const Uuid& account_id,
                                                           std::optional<core::DocumentKind> kind,
                                                           std::optional<PagePosition> after, int limit) {
  RETURN_IF_ERROR(CheckOwner(caller, account_id));
  return store_.List(account_id, kind, after, limit);
}

}  // namespace perennial::billing
