#pragma once

#include <functional>

#include "libs/base/clock.h"
#include "libs/crypto/page_token.h"
#include "libs/rpc/service.h"
#include "services/subscription/app/orders.h"
#include "services/subscription/app/paid_orders.h"
#include "services/subscription/app/products.h"
#include "services/subscription/app/quotes.h"
#include "services/subscription/app/sites.h"

// One function a proto service; each in a file of its own.
namespace perennial::subscription {

rpc::Service MakeCatalogueService(const core::Catalogue& catalogue);
rpc::Service MakeSiteService(Sites& sites, const crypto::PageTokens& tokens);
rpc::Service MakeProductService(Products& products, const crypto::PageTokens& tokens);
rpc::Service MakeOrderService(Quotes& quotes, Orders& orders, const crypto::PageTokens& tokens,
                              const Clock& clock);
rpc::Service MakeEntitlementService(Sites& sites);
rpc::Service MakeOrderBooksService(ProductStore& products, const crypto::PageTokens& tokens);

rpc::Service MakeReconciliationService(PaidOrders& orders, const crypto::PageTokens& tokens);

using ExportAccount = std::function<absl::StatusOr<std::string>(const Uuid& account_id)>;
rpc::Service MakePersonalDataService(ExportAccount export_account);

}  // namespace perennial::subscription
