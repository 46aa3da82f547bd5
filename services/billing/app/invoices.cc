#include "services/billing/app/invoices.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/billing/app/ownership.h"

namespace perennial::billing {
namespace {

constexpr int kExportBatch = 200;

}  // namespace

absl::StatusOr<core::Document> Invoices::Get(const Caller& caller, const Uuid& account_id, const Uuid& id) {
  if (!caller.Owns(account_id)) return NotFound("INVOICE_NOT_FOUND", "there is no such invoice");
  return store_.Get(account_id, id);
}

absl::StatusOr<std::vector<core::Document>> Invoices::List(const Caller& caller, const Uuid& account_id,
                                                           std::optional<core::DocumentKind> kind,
                                                           std::optional<PagePosition> after, int limit) {
  RETURN_IF_ERROR(CheckOwner(caller, account_id));
  return store_.List(account_id, kind, after, limit);
}

absl::StatusOr<std::vector<core::Document>> Invoices::All(const Caller& caller, const Uuid& account_id) {
  RETURN_IF_ERROR(CheckOwner(caller, account_id));
  std::vector<core::Document> all;
  std::optional<PagePosition> after;
  while (true) {
    ASSIGN_OR_RETURN(std::vector<core::Document> batch,
                     store_.List(account_id, std::nullopt, after, kExportBatch));
    const bool is_last = static_cast<int>(batch.size()) < kExportBatch;
    for (core::Document& document : batch) all.push_back(std::move(document));
    if (is_last) return all;
    after = PagePosition{all.back().issue_time, all.back().id};
  }
}

}  // namespace perennial::billing
