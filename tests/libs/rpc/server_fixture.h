#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "libs/base/request_log.h"
#include "libs/crypto/access_token.h"
#include "libs/rpc/server.h"
#include "libs/rpc/service.h"
#include "perennial/account/v1/account_service.pb.h"
#include "tests/support/fakes.h"

namespace perennial::rpc {

namespace v1 = account::v1;

// Certificates as deploy/dev-certificates makes them, made once a run. `who`: "account", "billing",
// "operator".
Tls TlsOf(const std::string& who);
// The same from an authority that nobody trusts, but for the authority itself.
Tls StrangerTls();

// An answer as a client sees it.
struct Answer {
  grpc::Status status;
  std::string bytes;

  // Of the only ErrorInfo; empty when OK. Fails the test if an error has none, two, or another domain.
  std::string Reason() const;
  std::optional<google::rpc::RetryInfo> Retry() const;
  google::rpc::BadRequest Violations() const;
  // What a person is told; of an error that says nothing to people, an empty one.
  google::rpc::LocalizedMessage ForPeople() const;
};

// Any bytes to any method, over TLS.
class Client {
 public:
  explicit Client(int port, const std::string& who = "");  // empty: no certificate
  Client(int port, const Tls& tls);

  Answer Call(const std::string& method, const std::string& bytes, const std::string& token = "",
              absl::Duration timeout = absl::Seconds(20));
  // Sent as accept-language.
  void Accept(const std::string& languages) { accept_language_ = languages; }
  Answer Call(const std::string& method, const google::protobuf::Message& request,
              const std::string& token = "") {
    return Call(method, request.SerializeAsString(), token);
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  std::string accept_language_;
};

// In memory. Not for concurrent calls with one id.
class FakeRequestLog final : public RequestLog {
 public:
  absl::StatusOr<std::optional<std::string>> Find(const RequestKey& key) override;
  absl::StatusOr<std::string> Once(const RequestKey& key,
                                   absl::FunctionRef<absl::StatusOr<std::string>()> effect) override;

  std::map<std::pair<std::string, Uuid>, std::pair<RequestKey, std::string>> stored;

 private:
  std::mutex mutex_;
};

// A server on a free port with AccountService, whose methods do what a test tells them.
class ServerFixture {
 public:
  // account/AccountService methods: GetAccount is for customers, ListAccessLogEntries for the service
  // billing, DeleteAccount for operators, the others are public.
  explicit ServerFixture(int workers = 4, int queue_limit = 64);
  ~ServerFixture() { server.Stop(absl::Seconds(5)); }

  std::string Token(absl::Duration lifetime = absl::Minutes(10), const std::string& language = "");
  v1::CreateAccountRequest NewRequest();
  // `secrets`: of ChangePassword.
  Service MakeService(const std::vector<std::string>& secrets = {"current_password", "new_password"});

  using Read = std::function<absl::StatusOr<v1::Account>(const Call&, const v1::GetAccountRequest&)>;
  using Commit = std::function<absl::StatusOr<v1::Account>(const Call&, const v1::CreateAccountRequest&)>;

  testing::FakeClock clock;
  testing::CountingIds ids;
  crypto::SigningKey key;
  crypto::AccessTokenVerifier tokens;
  telemetry::Metrics metrics;
  work::Pool pool;
  FakeRequestLog requests;
  Server server;
  Read get;       // GetAccount; as it is: echoes the name
  Commit commit;  // CreateAccount's commit; as it is: echoes the e-mail address
  absl::Status finish_status;
  std::atomic<int> prepares{0};
  std::atomic<int> commits{0};
  std::atomic<int> finishes{0};
  std::atomic<int> own_finishes{0};  // of what the same call committed
};

inline constexpr char kGet[] = "perennial.account.v1.AccountService/GetAccount";
inline constexpr char kCreate[] = "perennial.account.v1.AccountService/CreateAccount";
inline constexpr char kChangePassword[] = "perennial.account.v1.AccountService/ChangePassword";
inline constexpr char kDelete[] = "perennial.account.v1.AccountService/DeleteAccount";
inline constexpr char kListEntries[] = "perennial.account.v1.AccountService/ListAccessLogEntries";

}  // namespace perennial::rpc
