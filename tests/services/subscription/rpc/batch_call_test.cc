#include "services/subscription/rpc/batch_call.h"

#include <catch2/catch.hpp>
#include <set>

#include "perennial/billing/v1/invoicing_service.pb.h"
#include "tests/support/status_matchers.h"

namespace perennial::subscription {
namespace {

using Request = billing::v1::BatchIssueInvoicesRequest;
using Response = billing::v1::BatchIssueInvoicesResponse;
using Answers = std::vector<absl::StatusOr<std::string>>;

// Issues what it is asked for, except what it is told to refuse, and whole calls that it is told to fail.
struct FakePeer {
  std::set<std::string> refused;
  std::set<std::string> poison;  // an item that spoils its call
  absl::Status away;
  bool forgets_one = false;
  std::vector<int> sizes;
  std::set<std::string> request_ids;

  template <typename T>
  absl::StatusOr<T> Call(const std::string&, const Request& request, absl::Duration) {
    sizes.push_back(request.requests_size());
    request_ids.insert(request.request_id());
    if (!away.ok()) return away;
    Response response;
    for (int i = 0; i < request.requests_size(); ++i) {
      const std::string& order = request.requests(i).order();
      if (poison.contains(order)) return absl::InternalError("a row cannot be read");
      if (refused.contains(order)) {
        (*response.mutable_failed_requests())[i] = rpc::ToProto(Precondition("PRO_FORMA_CANCELLED", ""));
      } else if (!(forgets_one && i == 0)) {
        response.add_invoices()->set_invoice("invoice of " + order);
      }
    }
    return response;
  }
};

// Every item is of the order below.
core::Order order_now;

const BatchCall<std::string, std::string, Request, Response> kCall{
    .method = "BatchIssueInvoices",
    .timeout = absl::Seconds(1),
    .add = [](const std::string& order, Request& request) { request.add_requests()->set_order(order); },
    .order_of = [](const std::string&) -> const core::Order& { return order_now; },
    .values =
        [](const Response& response) {
          std::vector<std::string> names;
          for (const auto& issued : response.invoices()) names.push_back(issued.invoice());
          return names;
        },
};

TEST_CASE("Each item of a batch has its own answer, in the order in which they were asked") {
  FakePeer peer;
  peer.refused = {"a", "c"};
  const Answers answers = kCall.Run(peer, {"a", "b", "c", "d"});
  REQUIRE(answers.size() == 4);
  CHECK_REFUSED(answers[0], "PRO_FORMA_CANCELLED");
  CHECK(*answers[1] == "invoice of b");
  CHECK_REFUSED(answers[2], "PRO_FORMA_CANCELLED");
  CHECK(*answers[3] == "invoice of d");
  CHECK(peer.sizes == std::vector<int>{4});
}

TEST_CASE("More than a call takes goes in several") {
  FakePeer peer;
  std::vector<std::string> orders;
  for (int i = 0; i < 1200; ++i) orders.push_back(std::to_string(i));
  const Answers answers = kCall.Run(peer, orders);
  CHECK(peer.sizes == std::vector<int>{500, 500, 200});
  for (size_t i = 0; i < orders.size(); ++i) CHECK(*answers[i] == "invoice of " + orders[i]);
}

TEST_CASE("An order that is tried anew is asked about anew: a refusal is not remembered for it") {
  FakePeer peer;
  peer.refused = {"a"};
  order_now.version = 1;
  CHECK_REFUSED(kCall.Run(peer, {"a"})[0], "PRO_FORMA_CANCELLED");
  CHECK_REFUSED(kCall.Run(peer, {"a"})[0], "PRO_FORMA_CANCELLED");
  CHECK(peer.request_ids.size() == 1);
  ++order_now.version;
  CHECK_REFUSED(kCall.Run(peer, {"a"})[0], "PRO_FORMA_CANCELLED");
  CHECK(peer.request_ids.size() == 2);
}

TEST_CASE("An item that spoils its call keeps no other from being done") {
  FakePeer peer;
  peer.poison = {"b"};
  const Answers answers = kCall.Run(peer, {"a", "b", "c"});
  CHECK(*answers[0] == "invoice of a");
  CHECK(absl::IsInternal(answers[1].status()));
  CHECK(*answers[2] == "invoice of c");
  CHECK(peer.sizes == std::vector<int>{3, 1, 2, 1, 1});
}

TEST_CASE("To find the item that spoils a call of 500 takes a few calls, not 500") {
  FakePeer peer;
  peer.poison = {"123"};
  std::vector<std::string> orders;
  for (int i = 0; i < 500; ++i) orders.push_back(std::to_string(i));
  const Answers answers = kCall.Run(peer, orders);
  for (size_t i = 0; i < orders.size(); ++i) {
    if (orders[i] == "123")
      CHECK(absl::IsInternal(answers[i].status()));
    else
      CHECK(*answers[i] == "invoice of " + orders[i]);
  }
  CHECK(peer.sizes.size() < 20);
}

TEST_CASE("A peer that is away is not asked for each item; a request that is too large is") {
  FakePeer peer;
  peer.away = absl::UnavailableError("away");
  CHECK(absl::IsUnavailable(kCall.Run(peer, {"a", "b"})[1].status()));
  CHECK(peer.sizes == std::vector<int>{2});
  peer.away = Refusal(absl::StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE", "");
  CHECK_REFUSED(kCall.Run(peer, {"a", "b"})[1], "REQUEST_TOO_LARGE");
  CHECK(peer.sizes == std::vector<int>{2, 2, 1, 1});
}

TEST_CASE("An answer that leaves an item out answers none") {
  FakePeer peer;
  peer.forgets_one = true;
  for (const auto& answer : kCall.Run(peer, {"a", "b"})) CHECK(absl::IsInternal(answer.status()));
}

}  // namespace
}  // namespace perennial::subscription
