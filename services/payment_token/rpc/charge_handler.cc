#include "services/payment_token/rpc/charge_handler.h"

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "libs/base/error.h"
#include "libs/rpc/status.h"
#include "services/payment_token/rpc/proto_mapping.h"

namespace perennial::payment_token {
namespace {

constexpr int kMostCharges = 500;

// What a commit has claimed, for its finish.
using Claimed = std::vector<core::Charge>;

Claimed TakeClaimed(Claimed* left) {
  return left == nullptr ? Claimed() : std::move(*left);
}

// One charge is a batch of one.
absl::StatusOr<v1::Charge> Open(Charges& charges, const v1::CreateChargeRequest& request, Claimed& claimed) {
  ASSIGN_OR_RETURN(const core::ChargeRequest charge, FromProto(request));
  ASSIGN_OR_RETURN(Charges::Opened opened, charges.Open({charge}));
  claimed = std::move(opened.claimed);
  ASSIGN_OR_RETURN(const core::Charge only, opened.results[0]);
  return ToProto(only);
}

absl::StatusOr<v1::Charge> Drive(Charges& charges, const std::string& charge_name, Claimed claimed = {}) {
  ASSIGN_OR_RETURN(const ChildName name, ReadChildName(charge_name, "charges", "name"));
  ASSIGN_OR_RETURN(const Charges::Results driven, charges.Drive({name}, std::move(claimed)));
  ASSIGN_OR_RETURN(const core::Charge only, driven[0]);
  return ToProto(only);
}

rpc::Mutation<v1::CreateChargeRequest, v1::Charge, Claimed> CreateCharge(Charges& charges) {
  return {
      .prepare = {},
      .commit = [&charges](const rpc::Call&, const v1::CreateChargeRequest& request,
                           Claimed& claimed) { return Open(charges, request, claimed); },
      .finish = [&charges](const rpc::Call&, const v1::CreateChargeRequest& request, const v1::Charge& opened,
                           Claimed* claimed) -> absl::StatusOr<v1::Charge> {
        // Final at once, and of a deleted account not even stored.
        if (opened.state() == v1::CHARGE_STATE_NO_PAYMENT_METHOD) return opened;
        return Drive(charges, request.name(), TakeClaimed(claimed));
      },
      .secrets = {},
  };
}

using BatchRequest = v1::BatchCreateChargesRequest;
using BatchResponse = v1::BatchCreateChargesResponse;

absl::Status CheckBatch(const BatchRequest& request) {
  if (request.requests_size() < 1 || request.requests_size() > kMostCharges)
    return InvalidField("requests", absl::StrCat("must be 1 to ", kMostCharges));
  absl::flat_hash_set<Uuid> ids;
  for (int i = 0; i < request.requests_size(); ++i) {
    const std::optional<ChildName> name = ParseChildName(request.requests(i).name(), "charges");
    if (name && !ids.insert(name->id).second)
      return InvalidField(absl::StrCat("requests[", i, "].name"), "must not be that of another one");
  }
  return absl::OkStatus();
}

// What is kept of a batch is what it refused, and what is nowhere else: charges of deleted accounts, which
// end without a row. The others' rows tell what became of them.
absl::StatusOr<BatchResponse> OpenBatch(Charges& charges, const BatchRequest& request, Claimed& claimed) {
  RETURN_IF_ERROR(CheckBatch(request));
  BatchResponse kept;
  std::vector<core::ChargeRequest> wanted;
  std::vector<int> places;
  for (int i = 0; i < request.requests_size(); ++i) {
    absl::StatusOr<core::ChargeRequest> charge = FromProto(request.requests(i));
    if (charge.ok()) {
      wanted.push_back(*std::move(charge));
      places.push_back(i);
    } else {
      (*kept.mutable_failed_requests())[i] = rpc::ToProto(charge.status());
    }
  }
  ASSIGN_OR_RETURN(Charges::Opened opened, charges.Open(wanted));
  for (size_t i = 0; i < wanted.size(); ++i) {
    const absl::StatusOr<core::Charge>& result = opened.results[i];
    if (!result.ok()) {
      (*kept.mutable_failed_requests())[places[i]] = rpc::ToProto(result.status());
    } else if (result->state == core::ChargeState::kNoPaymentMethod) {
      *kept.add_charges() = ToProto(*result);
    }
  }
  claimed = std::move(opened.claimed);
  return kept;
}

absl::StatusOr<BatchResponse> FinishBatch(Charges& charges, const BatchRequest& request,
                                          const BatchResponse& kept, Claimed claimed) {
  absl::flat_hash_map<Uuid, const v1::Charge*> ended;
  for (const v1::Charge& charge : kept.charges()) {
    ASSIGN_OR_RETURN(const ChildName name, ReadChildName(charge.name(), "charges", "name"));
    ended[name.id] = &charge;
  }
  std::vector<std::pair<int, ChildName>> accepted;
  std::vector<ChildName> open;
  for (int i = 0; i < request.requests_size(); ++i) {
    if (kept.failed_requests().contains(i)) continue;
    ASSIGN_OR_RETURN(const ChildName name, ReadChildName(request.requests(i).name(), "charges", "name"));
    accepted.emplace_back(i, name);
    if (!ended.contains(name.id)) open.push_back(name);
  }
  ASSIGN_OR_RETURN(const Charges::Results driven, charges.Drive(open, std::move(claimed)));
  BatchResponse response;
  *response.mutable_failed_requests() = kept.failed_requests();
  auto result = driven.begin();
  for (const auto& [place, name] : accepted) {
    if (const auto charge = ended.find(name.id); charge != ended.end()) {
      *response.add_charges() = *charge->second;
      continue;
    }
    if (result->ok()) {
      *response.add_charges() = ToProto(**result);
    } else {
      (*response.mutable_failed_requests())[place] = rpc::ToProto(result->status());
    }
    ++result;
  }
  return response;
}

rpc::Mutation<BatchRequest, BatchResponse, Claimed> BatchCreateCharges(Charges& charges) {
  return {
      .prepare = {},
      .commit = [&charges](const rpc::Call&, const BatchRequest& request,
                           Claimed& claimed) { return OpenBatch(charges, request, claimed); },
      .finish = [&charges](
                    const rpc::Call&, const BatchRequest& request, const BatchResponse& kept,
                    Claimed* claimed) { return FinishBatch(charges, request, kept, TakeClaimed(claimed)); },
      .secrets = {},
  };
}

rpc::Mutation<v1::CancelChargeRequest, v1::Charge> CancelCharge(Charges& charges) {
  return {
      .prepare = {},
      .commit = [&charges](const rpc::Call&, const v1::CancelChargeRequest& request,
                           const std::monostate&) -> absl::StatusOr<v1::Charge> {
        ASSIGN_OR_RETURN(const ChildName name, ReadChildName(request.name(), "charges", "name"));
        ASSIGN_OR_RETURN(const core::Charge charge, charges.GiveUp(name.account_id, name.id));
        return ToProto(charge);
      },
      .finish = [&charges](const rpc::Call&, const v1::CancelChargeRequest& request, const v1::Charge&,
                           std::monostate*) { return Drive(charges, request.name()); },
      .secrets = {},
  };
}

rpc::Mutation<v1::CreateRefundRequest, v1::Refund> CreateRefund(Charges& charges) {
  return {
      .prepare = {},
      .commit = [&charges](const rpc::Call&, const v1::CreateRefundRequest& request,
                           const std::monostate&) -> absl::StatusOr<v1::Refund> {
        ASSIGN_OR_RETURN(const core::RefundRequest refund, FromProto(request));
        ASSIGN_OR_RETURN(const core::Refund opened, charges.OpenRefund(refund));
        return ToProto(opened);
      },
      .finish = [&charges](const rpc::Call&, const v1::CreateRefundRequest& request, const v1::Refund&,
                           std::monostate*) -> absl::StatusOr<v1::Refund> {
        ASSIGN_OR_RETURN(const Uuid id, Uuid::Parse(request.refund_id()));
        ASSIGN_OR_RETURN(const core::Refund refund, charges.DriveRefund(id));
        return ToProto(refund);
      },
      .secrets = {},
  };
}

absl::StatusOr<v1::ListChargeBooksResponse> ListBooks(Charges& charges, const crypto::PageTokens& tokens,
                                                      const v1::ListChargeBooksRequest& request) {
  if (request.page_size() < 0) return InvalidField("page_size", "must not be negative");
  ASSIGN_OR_RETURN(const std::string position, tokens.Read("charge_books", request.page_token()));
  const int size = PageSize(request.page_size());
  ASSIGN_OR_RETURN(std::vector<ChargeBook> page,
                   charges.Books(std::nullopt, ReadPosition(position), size + 1));
  v1::ListChargeBooksResponse response;
  if (static_cast<int>(page.size()) > size) {
    page.pop_back();
    const core::Charge& last = page.back().charge;
    response.set_next_page_token(
        tokens.Make("charge_books", WritePosition(last.created_at, last.request.id)));
  }
  for (const ChargeBook& book : page) *response.add_charge_books() = ToProto(book);
  return response;
}

}  // namespace

rpc::Service MakeChargeService(Charges& charges, PaymentMethods& methods) {
  const rpc::Access access = rpc::Services({"subscription"});
  rpc::Service service("perennial.payment_token.v1.ChargeService");
  service.Mutate<v1::CreateChargeRequest, v1::Charge, Claimed>("CreateCharge", access, CreateCharge(charges));
  service.Mutate<BatchRequest, BatchResponse, Claimed>("BatchCreateCharges", access,
                                                       BatchCreateCharges(charges));
  service.Read<v1::GetChargeRequest, v1::Charge>(
      "GetCharge", access,
      [&charges](const rpc::Call&, const v1::GetChargeRequest& request) -> absl::StatusOr<v1::Charge> {
        return Drive(charges, request.name());
      });
  service.Mutate<v1::CancelChargeRequest, v1::Charge>("CancelCharge", access, CancelCharge(charges));
  service.Mutate<v1::CreateRefundRequest, v1::Refund>("CreateRefund", access, CreateRefund(charges));
  service.Mutate<v1::SettleRefundRequest, v1::Refund>(
      "SettleRefund", rpc::Operators(),
      [&charges](const rpc::Call& call,
                 const v1::SettleRefundRequest& request) -> absl::StatusOr<v1::Refund> {
        ASSIGN_OR_RETURN(const core::RefundName name, FromProto(request));
        ASSIGN_OR_RETURN(const core::Refund settled,
                         charges.SettleRefund(name, {call.caller.name, request.reference()}));
        return ToProto(settled);
      });
  service.Read<v1::GetDefaultPaymentMethodRequest, v1::PaymentMethod>(
      "GetDefaultPaymentMethod", access,
      [&methods](const rpc::Call&,
                 const v1::GetDefaultPaymentMethodRequest& request) -> absl::StatusOr<v1::PaymentMethod> {
        ASSIGN_OR_RETURN(const Uuid account_id, ReadAccountName(request.account(), "account"));
        ASSIGN_OR_RETURN(const core::PaymentMethod method, methods.Default(account_id));
        return ToProto(method, methods.Now());
      });
  return service;
}

rpc::Service MakeChargeBooksService(Charges& charges, const crypto::PageTokens& page_tokens) {
  rpc::Service service("perennial.payment_token.v1.ChargeBooksService");
  service.Read<v1::ListChargeBooksRequest, v1::ListChargeBooksResponse>(
      "ListChargeBooks", rpc::Operators(),
      [&charges, &page_tokens](const rpc::Call&, const v1::ListChargeBooksRequest& request) {
        return ListBooks(charges, page_tokens, request);
      });
  return service;
}

}  // namespace perennial::payment_token
