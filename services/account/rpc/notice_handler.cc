#include "services/account/rpc/notice_handler.h"

#include "absl/strings/str_cat.h"
#include "libs/base/resource_name.h"
#include "libs/base/status_macros.h"
#include "services/account/rpc/proto_mapping.h"

namespace perennial::account {
namespace {

// The filter's product; nothing if there is no filter. It must be of the same account.
absl::StatusOr<std::optional<Uuid>> ProductFilter(const v1::ListNoticesRequest& request,
                                                  const Uuid& account_id) {
  if (request.product().empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const ChildName product, RequireChildName(request.product(), "products", "product"));
  if (product.account_id != account_id)
    return InvalidField("product", "must be one of the parent's products");
  return product.id;
}

}  // namespace

rpc::Service MakeNoticeService(Notices& notices, const crypto::PageTokens& page_tokens) {
  rpc::Service service("perennial.account.v1.NoticeService");
  service.Read<v1::ListNoticesRequest, v1::ListNoticesResponse>(
      "ListNotices", rpc::Customers(),
      [&notices, &page_tokens](const auto& call,
                               const auto& request) -> absl::StatusOr<v1::ListNoticesResponse> {
        ASSIGN_OR_RETURN(const Uuid id, RequireAccountName(request.parent(), "parent"));
        ASSIGN_OR_RETURN(const auto product, ProductFilter(request, id));
        const std::string list =
            absl::StrCat("ListNotices/", id.ToString(), "/", product.value_or(Uuid()).ToString());
        ASSIGN_OR_RETURN(const auto page,
                         ReadPage(page_tokens, list, request.page_size(), request.page_token()));
        ASSIGN_OR_RETURN(const auto found, notices.List(ActorOf(call), id, product, page));
        v1::ListNoticesResponse response;
        for (const auto& notice : found.items) *response.add_notices() = ToProto(notice);
        response.set_next_page_token(NextToken(page_tokens, list, found.next));
        return response;
      });
  service.Read<v1::GetNoticeRequest, v1::Notice>(
      "GetNotice", rpc::Customers(),
      [&notices](const auto& call, const auto& request) -> absl::StatusOr<v1::Notice> {
        ASSIGN_OR_RETURN(const auto name, RequireChildName(request.name(), "notices", "name"));
        ASSIGN_OR_RETURN(const auto notice, notices.Get(ActorOf(call), name.account_id, name.id));
        return ToProto(notice);
      });
  return service;
}

}  // namespace perennial::account
