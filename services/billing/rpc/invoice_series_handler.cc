#include "services/billing/rpc/invoice_series_handler.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/error.h"
#include "libs/rpc/proto_values.h"
#include "perennial/billing/v1/invoice_series_service.pb.h"

namespace perennial::billing {
namespace {

constexpr absl::string_view kPrefix = "invoiceSeries/";

absl::StatusOr<int> PageSize(int asked, int by_default, int max) {
  if (asked < 0) return InvalidField("page_size", "must not be negative");
  return asked == 0 ? by_default : std::min(asked, max);
}

v1::InvoiceSeriesFault ToProto(core::SeriesFaultKind kind) {
  switch (kind) {
    case core::SeriesFaultKind::kNumberMissing:
      return v1::INVOICE_SERIES_FAULT_NUMBER_MISSING;
    case core::SeriesFaultKind::kPredecessorDiffers:
      return v1::INVOICE_SERIES_FAULT_PREDECESSOR_DIFFERS;
    case core::SeriesFaultKind::kContentChanged:
      return v1::INVOICE_SERIES_FAULT_CONTENT_CHANGED;
    case core::SeriesFaultKind::kBeyondNumbersGivenOut:
      return v1::INVOICE_SERIES_FAULT_BEYOND_NUMBERS_GIVEN_OUT;
  }
  std::abort();
}

v1::InvoiceSeries ToProto(const NumberSeries& series) {
  v1::InvoiceSeries proto;
  proto.set_name(absl::StrCat(kPrefix, series.name));
  proto.set_last_sequence_number(series.last_number);
  *proto.mutable_last_issue_time() = rpc::ToProto(series.last_issue_time);
  return proto;
}

absl::StatusOr<v1::ListInvoiceSeriesResponse> List(SeriesAudit& audit, const crypto::PageTokens& tokens,
                                                   const v1::ListInvoiceSeriesRequest& request) {
  ASSIGN_OR_RETURN(const int size, PageSize(request.page_size(), 50, 200));
  ASSIGN_OR_RETURN(const std::string after, tokens.Read("invoice series", request.page_token()));
  ASSIGN_OR_RETURN(const std::vector<NumberSeries> series, audit.List(after, size + 1));
  v1::ListInvoiceSeriesResponse response;
  for (size_t i = 0; i < series.size() && i < static_cast<size_t>(size); ++i) {
    *response.add_invoice_series() = ToProto(series[i]);
  }
  if (series.size() > static_cast<size_t>(size)) {
    response.set_next_page_token(tokens.Make("invoice series", series[size - 1].name));
  }
  return response;
}

// A part's token carries the hash that the next document must name, so that parts are as good as the whole.
absl::StatusOr<core::SeriesPlace> PlaceFromToken(const std::string& position) {
  if (position.empty()) return core::SeriesPlace{};
  const std::vector<std::string> parts = absl::StrSplit(position, '/');
  core::SeriesPlace place;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &place.sequence_number)) {
    return absl::InternalError("place in a series");
  }
  place.hash = absl::HexStringToBytes(parts[1]);
  return place;
}

absl::StatusOr<v1::VerifyInvoiceSeriesResponse> Verify(SeriesAudit& audit, const crypto::PageTokens& tokens,
                                                       const v1::VerifyInvoiceSeriesRequest& request) {
  absl::string_view name = request.name();
  if (!absl::ConsumePrefix(&name, kPrefix) || name.empty()) {
    return InvalidField("name", "must be invoiceSeries/{series}");
  }
  const std::string list = absl::StrCat("verify ", request.name());
  ASSIGN_OR_RETURN(const int size, PageSize(request.page_size(), 10'000, 100'000));
  ASSIGN_OR_RETURN(const std::string position, tokens.Read(list, request.page_token()));
  ASSIGN_OR_RETURN(core::SeriesPlace place, PlaceFromToken(position));
  ASSIGN_OR_RETURN(const SeriesVerification done, audit.Verify(std::string(name), std::move(place), size));
  const std::string hash = absl::BytesToHexString(done.place.hash);
  v1::VerifyInvoiceSeriesResponse response;
  response.set_verified_sequence_number(done.place.sequence_number);
  response.set_verified_hash(hash);
  if (done.fault) {
    response.set_fault(ToProto(done.fault->kind));
    response.set_fault_sequence_number(done.fault->sequence_number);
  }
  if (!done.is_complete) {
    response.set_next_page_token(tokens.Make(list, absl::StrCat(done.place.sequence_number, "/", hash)));
  }
  return response;
}

}  // namespace

rpc::Service MakeInvoiceSeriesService(SeriesAudit& audit, const crypto::PageTokens& tokens) {
  rpc::Service service("perennial.billing.v1.InvoiceSeriesService");
  service.Read<v1::ListInvoiceSeriesRequest, v1::ListInvoiceSeriesResponse>(
      "ListInvoiceSeries", rpc::Operators(),
      [&](const rpc::Call&, const v1::ListInvoiceSeriesRequest& request) {
        return List(audit, tokens, request);
      });
  service.Read<v1::VerifyInvoiceSeriesRequest, v1::VerifyInvoiceSeriesResponse>(
      "VerifyInvoiceSeries", rpc::Operators(),
      [&](const rpc::Call&, const v1::VerifyInvoiceSeriesRequest& request) {
        return Verify(audit, tokens, request);
      });
  return service;
}

}  // namespace perennial::billing
