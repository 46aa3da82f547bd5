#include "tests/libs/rpc/server_fixture.h"

#include <google/protobuf/empty.pb.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "google/rpc/status.pb.h"
#include "libs/base/error.h"

namespace perennial::rpc {
namespace {

constexpr int kLeft = -7;  // what a commit leaves for its finish

std::string Content(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  if (content.str().empty()) FAIL("no certificate at " << path);
  return content.str();
}

// A folder of certificates that goes with the process.
class Certificates {
 public:
  Certificates() {
    std::string pattern = std::filesystem::temp_directory_path() / "perennial-certificates.XXXXXX";
    folder_ = mkdtemp(pattern.data());
    const std::string command =
        absl::StrCat(PERENNIAL_SOURCE_DIR, "/deploy/dev-certificates ", folder_.string(), " >/dev/null 2>&1");
    if (std::system(command.c_str()) != 0) FAIL("deploy/dev-certificates failed; is openssl there?");
  }
  ~Certificates() { std::filesystem::remove_all(folder_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  Tls Of(const std::string& who) const {
    return {Content(folder_ / (who + ".crt")), Content(folder_ / (who + ".key")),
            Content(folder_ / "authority.crt")};
  }

 private:
  std::filesystem::path folder_;
};

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  REQUIRE(details.ParseFromString(status.error_details()));
  CHECK(details.code() == status.error_code());
  CHECK(details.message() == status.error_message());
  return details;
}

}  // namespace

Tls TlsOf(const std::string& who) {
  static const Certificates certificates;
  return certificates.Of(who);
}

Tls StrangerTls() {
  static const Certificates certificates;
  Tls tls = certificates.Of("billing");
  tls.authority = TlsOf("billing").authority;
  return tls;
}

std::string Answer::Reason() const {
  if (status.ok()) return "";
  std::string reason;
  int count = 0;
  const google::rpc::Status all = DetailsOf(status);
  for (const auto& detail : all.details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info)) continue;
    ++count;
    CHECK(info.domain() == "perennial");
    reason = info.reason();
  }
  CHECK(count == 1);
  return reason;
}

std::optional<google::rpc::RetryInfo> Answer::Retry() const {
  google::rpc::RetryInfo retry;
  const google::rpc::Status all = DetailsOf(status);
  for (const auto& detail : all.details()) {
    if (detail.UnpackTo(&retry)) return retry;
  }
  return std::nullopt;
}

google::rpc::BadRequest Answer::Violations() const {
  google::rpc::BadRequest violations;
  const google::rpc::Status all = DetailsOf(status);
  for (const auto& detail : all.details()) {
    if (detail.UnpackTo(&violations)) break;
  }
  return violations;
}

google::rpc::LocalizedMessage Answer::ForPeople() const {
  google::rpc::LocalizedMessage message;
  const google::rpc::Status all = DetailsOf(status);
  for (const auto& detail : all.details()) {
    if (detail.UnpackTo(&message)) break;
  }
  return message;
}

Client::Client(int port, const std::string& who)
    : Client(port, who.empty() ? Tls{"", "", TlsOf("account").authority} : TlsOf(who)) {}

Client::Client(int port, const Tls& tls)
    : channel_([&] {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // or tests would share connections
        const grpc::SslCredentialsOptions options{tls.authority, tls.private_key, tls.certificate_chain};
        return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port), grpc::SslCredentials(options),
                                         arguments);
      }()),
      stub_(channel_) {}

Answer Client::Call(const std::string& method, const std::string& bytes, const std::string& token,
                    absl::Duration timeout) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  if (!token.empty()) context.AddMetadata("authorization", token);
  if (!accept_language_.empty()) context.AddMetadata("accept-language", accept_language_);
  const grpc::Slice slice(bytes);
  grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  absl::Notification done;
  Answer answer;
  stub_.UnaryCall(&context, "/" + method, grpc::StubOptions(), &request, &response, [&](grpc::Status status) {
    answer.status = std::move(status);
    done.Notify();
  });
  done.WaitForNotification();
  std::vector<grpc::Slice> slices;
  if (answer.status.ok() && response.Dump(&slices).ok()) {
    for (const grpc::Slice& part : slices)
      answer.bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
  }
  return answer;
}

absl::StatusOr<std::optional<std::string>> FakeRequestLog::Find(const RequestKey& key) {
  std::lock_guard lock(mutex_);
  const auto it = stored.find({key.scope, key.request_id});
  if (it == stored.end()) return std::nullopt;
  const RequestKey& known = it->second.first;
  if (known.method != key.method || known.hash != key.hash) return Precondition("REQUEST_ID_REUSED", "");
  return it->second.second;
}

absl::StatusOr<std::string> FakeRequestLog::Once(const RequestKey& key,
                                                 absl::FunctionRef<absl::StatusOr<std::string>()> effect) {
  const absl::StatusOr<std::string> answer = effect();
  ASSIGN_OR_RETURN(const auto given, Find(key));
  if (given) return *given;
  RETURN_IF_ERROR(answer.status());
  std::lock_guard lock(mutex_);
  stored[{key.scope, key.request_id}] = {key, *answer};
  return answer;
}

ServerFixture::ServerFixture(int workers, int queue_limit)
    : key("k1", std::string(32, 's')),
      tokens(
          [this]() -> absl::StatusOr<std::vector<crypto::VerifyingKey>> {
            return std::vector<crypto::VerifyingKey>{{"k1", key.public_key()}};
          },
          clock),
      pool(workers, queue_limit, metrics),
      server({"127.0.0.1:0", "", TlsOf("account"), std::string(32, 'k')}, pool, requests, tokens, metrics) {
  get = [](const auto&, const auto& request) -> absl::StatusOr<v1::Account> {
    v1::Account account;
    account.set_name(request.name());
    return account;
  };
  commit = [](const auto&, const auto& request) -> absl::StatusOr<v1::Account> {
    v1::Account account;
    account.set_email(request.email());
    return account;
  };
  server.Add(MakeService());
  const absl::Status started = server.Start();
  INFO(started);
  REQUIRE(started.ok());
  server.SetReady(true);
}

Service ServerFixture::MakeService(const std::vector<std::string>& secrets) {
  Service service("perennial.account.v1.AccountService");
  service.Read<v1::GetAccountRequest, v1::Account>(
      "GetAccount", Customers(),
      [this](const auto& call, const auto& request) { return get(call, request); });
  service.Mutate<v1::CreateAccountRequest, v1::Account, int>(
      "CreateAccount", Public(),
      {.prepare = [this](const auto&, const auto&) -> absl::StatusOr<int> { return ++prepares; },
       .commit = [this](const auto& call, const auto& request, int& prepared) -> absl::StatusOr<v1::Account> {
         ++commits;
         // No assertion: Catch2's are for one thread only.
         if (prepared != prepares && prepared != kLeft)
           return absl::InternalError("what was prepared is not what is committed");
         prepared = kLeft;
         return commit(call, request);
       },
       .finish = [this](const auto&, const auto&, const auto& committed,
                        const int* left) -> absl::StatusOr<v1::Account> {
         ++finishes;
         if (left != nullptr && *left != kLeft) return absl::InternalError("what commit left is lost");
         own_finishes += left != nullptr ? 1 : 0;
         RETURN_IF_ERROR(finish_status);
         return committed;
       },
       .secrets = {"password"}});
  service.Mutate<v1::UpdateAccountRequest, v1::Account>(
      "UpdateAccount", Public(),
      [](const auto&, const auto&) -> absl::StatusOr<v1::Account> { return v1::Account(); });
  service.Mutate<v1::ChangePasswordRequest, v1::Account>(
      "ChangePassword", Public(),
      {.prepare = {},
       .commit = [](const auto&, const auto& request, const auto&) -> absl::StatusOr<v1::Account> {
         v1::Account account;
         account.set_display_name(request.new_password());
         return account;
       },
       .finish = {},
       .secrets = secrets,
       .check_repeat =
           [](const auto&, const auto& request, const auto& answer) {
             return request.new_password() == answer.display_name() ? absl::OkStatus()
                                                                    : Precondition("REQUEST_ID_REUSED", "");
           }});
  service.Mutate<v1::DeleteAccountRequest, google::protobuf::Empty>(
      "DeleteAccount", Operators(),
      {.prepare = {},
       .commit = [](const auto&, const auto&, const auto&) -> absl::StatusOr<google::protobuf::Empty> {
         return google::protobuf::Empty();
       },
       .finish = {},
       .secrets = {"password"}});
  service.Read<v1::ListAccessLogEntriesRequest, v1::ListAccessLogEntriesResponse>(
      "ListAccessLogEntries", Services({"billing"}),
      [](const Call& call, const auto& request) -> absl::StatusOr<v1::ListAccessLogEntriesResponse> {
        if (request.page_size() < 0) return InvalidField("page_size", "must not be negative");
        v1::ListAccessLogEntriesResponse response;
        response.set_next_page_token(call.caller.name);
        return response;
      });
  return service;
}

std::string ServerFixture::Token(absl::Duration lifetime, const std::string& language) {
  return "Bearer " + key.Sign({ids.Next(), ids.Next(), clock.Now(), clock.Now() + lifetime, language});
}

v1::CreateAccountRequest ServerFixture::NewRequest() {
  v1::CreateAccountRequest request;
  request.set_email("somebody@example.org");
  request.set_request_id(ids.Next().ToString());
  return request;
}

}  // namespace perennial::rpc
