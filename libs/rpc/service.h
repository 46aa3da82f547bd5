#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/caller.h"
#include "libs/base/status_macros.h"

namespace perennial::rpc {

// What a handler may know of the call beside the request.
struct Call {
  Caller caller;
  // Of the connection: an IP address such as "192.0.2.1" or "2001:db8::1"; empty if it is no IP connection.
  std::string client_address;
  std::string user_agent;  // as the client says, in printable ASCII; at most 200 characters
};

// Who may call a method (R33); anybody else is refused before the request is looked at.
struct Access {
  enum class Kind { kPublic, kCustomers, kServices, kOperators };
  Kind kind;
  std::vector<std::string> services;  // kServices: by name; operators are let in as well
};
Access Public();
Access Customers();
Access Services(std::vector<std::string> names);
Access Operators();

// A mutating method (docs/architecture.md, "Every mutating call"):
//   prepare  optional: talks to other processes, under keys derived from request_id, so that it may be done
//            again; changes nothing here. Not run when the request was answered before, unless it only asks.
//   commit   the effect, in one local transaction with the record of the request. May run more than once.
//            What it leaves in `prepared`, finish of this very call finds there.
//   finish   optional: drives what commit made durable (asks the gateway, say) and gives the final answer.
//            Run as well when the request was answered before: a repeat goes on where a killed process
//            stopped. `prepared` is null then: what was committed is another call's.
template <typename Request, typename Response, typename Prepared = std::monostate>
struct Mutation {
  std::function<absl::StatusOr<Prepared>(const Call&, const Request&)> prepare;
  std::function<absl::StatusOr<Response>(const Call&, const Request&, Prepared&)> commit;
  std::function<absl::StatusOr<Response>(const Call&, const Request&, const Response& committed, Prepared*)>
      finish;
  // Optional: paths of string fields that must leave no trace (R21), e.g. "card.number". They are not part of
  // the remembered hash, which is quick to compute, so a password could be guessed from it; and are wiped
  // when the call is done. Every field that is called a password must be named here.
  std::vector<std::string> secrets = {};
  // Optional: whether a repeat has the secrets of the request that was answered, which no hash tells. Refuses
  // with REQUEST_ID_REUSED if not: else the answer would be had by whoever knows a request_id.
  std::function<absl::Status(const Call&, const Request&, const Response& answer)> check_repeat = {};
};

// The handlers of one proto service.
class Service {
 public:
  // `full_name`: "perennial.account.v1.AccountService". Its descriptor must be linked in.
  explicit Service(std::string full_name) : full_name_(std::move(full_name)) {}

  // A method that changes nothing.
  template <typename Request, typename Response>
  void Read(const std::string& method, Access access,
            std::function<absl::StatusOr<Response>(const Call&, const Request&)> handler) {
    Method& added = Add<Request, Response>(method, std::move(access));
    added.read = [handler = std::move(handler)](const Call& call, const Message& request, Message& response) {
      return Store(handler(call, static_cast<const Request&>(request)), response);
    };
  }

  template <typename Request, typename Response, typename Prepared = std::monostate>
  void Mutate(const std::string& method, Access access, Mutation<Request, Response, Prepared> mutation) {
    Method& added = Add<Request, Response>(method, std::move(access));
    added.is_mutation = true;
    added.secrets = mutation.secrets;
    if (mutation.check_repeat) {
      added.check_repeat = [check = mutation.check_repeat](const Call& call, const Message& request,
                                                           const Message& answer) {
        return check(call, static_cast<const Request&>(request), static_cast<const Response&>(answer));
      };
    }
    added.prepare = [prepare = mutation.prepare](
                        const Call& call, const Message& request) -> absl::StatusOr<std::shared_ptr<void>> {
      if (!prepare) return std::make_shared<Prepared>();
      ASSIGN_OR_RETURN(Prepared prepared, prepare(call, static_cast<const Request&>(request)));
      return std::make_shared<Prepared>(std::move(prepared));
    };
    added.prepares_outside = mutation.prepare != nullptr;
    added.commit = [commit = mutation.commit](const Call& call, const Message& request, void* prepared,
                                              Message& response) {
      return Store(commit(call, static_cast<const Request&>(request), *static_cast<Prepared*>(prepared)),
                   response);
    };
    if (!mutation.finish) return;
    added.finish = [finish = mutation.finish](const Call& call, const Message& request, void* prepared,
                                              Message& response) {
      return Store(finish(call, static_cast<const Request&>(request), static_cast<const Response&>(response),
                          static_cast<Prepared*>(prepared)),
                   response);
    };
  }

  // A mutating method that is all commit.
  template <typename Request, typename Response>
  void Mutate(const std::string& method, Access access,
              std::function<absl::StatusOr<Response>(const Call&, const Request&)> commit) {
    Mutate<Request, Response>(
        method, std::move(access),
        Mutation<Request, Response>{
            .prepare = {},
            .commit = [commit = std::move(commit)](const Call& call, const Request& request,
                                                   const std::monostate&) { return commit(call, request); },
            .finish = {}});
  }

 private:
  friend class Server;
  using Message = google::protobuf::Message;

  struct Method {
    std::string name;
    Access access;
    const Message* request_prototype;
    const Message* response_prototype;
    bool is_mutation = false;
    std::function<absl::Status(const Call&, const Message&, Message&)> read;
    bool prepares_outside = false;  // so that a request is prepared only if it was not answered before
    std::function<absl::StatusOr<std::shared_ptr<void>>(const Call&, const Message&)> prepare;
    std::function<absl::Status(const Call&, const Message&, void*, Message&)> commit;
    std::function<absl::Status(const Call&, const Message&, void*, Message&)> finish;
    std::vector<std::string> secrets;
    std::function<absl::Status(const Call&, const Message&, const Message&)> check_repeat;
  };

  template <typename Request, typename Response>
  Method& Add(const std::string& method, Access access) {
    methods_.push_back(std::make_unique<Method>(Method{.name = method,
                                                       .access = std::move(access),
                                                       .request_prototype = &Request::default_instance(),
                                                       .response_prototype = &Response::default_instance(),
                                                       .is_mutation = false,
                                                       .read = {},
                                                       .prepares_outside = false,
                                                       .prepare = {},
                                                       .commit = {},
                                                       .finish = {},
                                                       .secrets = {},
                                                       .check_repeat = {}}));
    return *methods_.back();
  }

  template <typename Response>
  static absl::Status Store(absl::StatusOr<Response> result, Message& response) {
    RETURN_IF_ERROR(result.status());
    static_cast<Response&>(response) = *std::move(result);
    return absl::OkStatus();
  }

  // Aborts, naming them, if the descriptor has methods without a handler or the other way round, or if a
  // handler takes other messages, or changes something though its request has no request_id, or names secrets
  // that are no text fields, or leaves out a password.
  void CheckComplete() const;
  bool TakesTheMessagesOf(const google::protobuf::MethodDescriptor& declared) const;

  std::string full_name_;
  std::vector<std::unique_ptr<Method>> methods_;
};

}  // namespace perennial::rpc
