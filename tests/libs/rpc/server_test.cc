#include "libs/rpc/server.h"

#include <arpa/inet.h>
#include <rapidcheck.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "grpc/health/v1/health.pb.h"
#include "libs/base/call_scope.h"
#include "libs/base/error.h"
#include "tests/libs/rpc/server_fixture.h"
#include "tests/support/status_matchers.h"

namespace perennial::rpc {
namespace {

v1::GetAccountRequest Named(const std::string& name) {
  v1::GetAccountRequest request;
  request.set_name(name);
  return request;
}

TEST_CASE("a call is answered") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const Answer answer = client.Call(kGet, Named("accounts/é"), fixture.Token());
  REQUIRE(answer.status.ok());
  v1::Account account;
  REQUIRE(account.ParseFromString(answer.bytes));
  CHECK(account.name() == "accounts/é");
}

TEST_CASE("a method that does not exist is told so, in a known service or not") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  for (const char* method :
       {"perennial.account.v1.AccountService/Get", "perennial.nothing.v1.No/No", "x/y"}) {
    const Answer answer = client.Call(method, "", fixture.Token());
    CHECK(answer.status.error_code() == grpc::StatusCode::UNIMPLEMENTED);
    CHECK(answer.Reason() == "METHOD_NOT_FOUND");
  }
}

TEST_CASE("bytes that are no message are malformed, not a fault of ours") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const std::string token = fixture.Token();
  const std::string bad_utf8 = Named("accounts/\xc3\x28").SerializeAsString();
  for (const std::string& bytes :
       {std::string("\xff\xff\xff"), std::string("\x0a\x7f"), std::string(10'000, '\xff'), bad_utf8}) {
    const Answer answer = client.Call(kGet, bytes, token);
    CHECK(answer.status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK(answer.Reason() == "REQUEST_MALFORMED");
  }
  CHECK(rc::check("any bytes", [&] {
    const auto bytes = *rc::gen::arbitrary<std::string>();
    const Answer answer = client.Call(kGet, bytes, token);
    const bool expected = answer.status.ok() || answer.Reason() == "REQUEST_MALFORMED" ||
                          answer.Violations().field_violations_size() > 0;
    RC_ASSERT(expected);
  }));
}

TEST_CASE("a NUL in a text is refused, with the field's path") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const Answer answer = client.Call(kGet, Named(std::string("accounts/\0", 10)), fixture.Token());
  CHECK(answer.Reason() == "REQUEST_INVALID");
  REQUIRE(answer.Violations().field_violations_size() == 1);
  CHECK(answer.Violations().field_violations(0).field() == "name");
}

TEST_CASE("more than 1 MiB is too large") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const std::string token = fixture.Token();
  CHECK(client.Call(kGet, Named(std::string((1 << 20) - 10, 'a')), token).status.ok());
  const Answer answer = client.Call(kGet, Named(std::string(1 << 20, 'a')), token);
  CHECK(answer.status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(answer.Reason() == "REQUEST_TOO_LARGE");
}

TEST_CASE("customers are known by their token and by nothing else") {
  ServerFixture fixture;
  fixture.get = [](const Call& call, const auto&) -> absl::StatusOr<v1::Account> {
    v1::Account account;
    account.set_name(call.caller.account_id.ToString());
    return account;
  };
  Client client(fixture.server.port());
  const Uuid account = fixture.ids.Next();
  const std::string own = fixture.key.Sign(
      {account, fixture.ids.Next(), fixture.clock.Now(), fixture.clock.Now() + absl::Minutes(1)});
  v1::Account seen;
  REQUIRE(seen.ParseFromString(client.Call(kGet, "", "Bearer " + own).bytes));
  CHECK(seen.name() == account.ToString());
  for (const auto& [header, reason] : std::vector<std::pair<std::string, std::string>>{
           {"", "ACCESS_TOKEN_MISSING"},
           {"Basic abc", "ACCESS_TOKEN_MISSING"},
           {own, "ACCESS_TOKEN_MISSING"},
           {"Bearer x", "ACCESS_TOKEN_INVALID"},
           {"Bearer " + own + "x", "ACCESS_TOKEN_INVALID"},
           {fixture.Token(absl::ZeroDuration()), "ACCESS_TOKEN_EXPIRED"}}) {
    INFO(header);
    const Answer answer = client.Call(kGet, "", header);
    CHECK(answer.status.error_code() == grpc::StatusCode::UNAUTHENTICATED);
    CHECK(answer.Reason() == reason);
  }
  // A service's certificate is no way around the token.
  CHECK(Client(fixture.server.port(), "billing").Call(kGet, "").Reason() == "ACCESS_TOKEN_MISSING");
}

TEST_CASE("services and operators are known by their certificate, and let in by name") {
  ServerFixture fixture;
  const int port = fixture.server.port();
  v1::DeleteAccountRequest deletion;
  deletion.set_request_id(fixture.ids.Next().ToString());
  const Answer billing = Client(port, "billing").Call(kListEntries, "");
  v1::ListAccessLogEntriesResponse response;
  REQUIRE(billing.status.ok());
  REQUIRE(response.ParseFromString(billing.bytes));
  CHECK(response.next_page_token() == "billing");
  CHECK(Client(port, "operator").Call(kListEntries, "").status.ok());
  CHECK(Client(port, "subscription").Call(kListEntries, "").Reason() == "CALLER_NOT_ALLOWED");
  CHECK(Client(port).Call(kListEntries, "", fixture.Token()).Reason() == "CALLER_NOT_ALLOWED");
  CHECK(Client(port, "operator").Call(kDelete, deletion).status.ok());
  CHECK(Client(port, "billing").Call(kDelete, deletion).Reason() == "CALLER_NOT_ALLOWED");
}

TEST_CASE("a certificate of another authority does not get through") {
  ServerFixture fixture;
  const Answer answer =
      Client(fixture.server.port(), StrangerTls()).Call(kListEntries, "", "", absl::Seconds(5));
  CHECK(answer.status.error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("an exception in a handler is an internal error that says nothing, and the server goes on") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const std::string token = fixture.Token();
  fixture.get = [](const auto&, const auto& request) -> absl::StatusOr<v1::Account> {
    if (request.name() == "number") throw 42;
    throw std::runtime_error("secret of the house");
  };
  for (const char* name : {"text", "number"}) {
    const Answer answer = client.Call(kGet, Named(name), token);
    CHECK(answer.status.error_code() == grpc::StatusCode::INTERNAL);
    CHECK(answer.Reason() == "INTERNAL_ERROR");
    CHECK_FALSE(absl::StrContains(answer.status.error_details(), "secret"));
  }
  fixture.get = [](const auto&, const auto&) -> absl::StatusOr<v1::Account> { return v1::Account(); };
  CHECK(client.Call(kGet, "", token).status.ok());
}

TEST_CASE("an error always reaches the client whole, however much is wrong") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  fixture.get = [](const auto&, const auto&) -> absl::StatusOr<v1::Account> {
    FieldViolations violations;
    for (int i = 0; i < 1000; ++i)
      violations.Add(absl::StrCat("lines[", i, "].product"), std::string(1000, 'x'));
    return violations.ToStatus();
  };
  Answer answer = client.Call(kGet, "", fixture.Token());
  CHECK(answer.status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(answer.Reason() == "REQUEST_INVALID");
  CHECK(answer.Violations().field_violations_size() == 10);
  fixture.get = [](const auto&, const auto&) -> absl::StatusOr<v1::Account> {
    std::string accents;
    for (int i = 0; i < 100'000; ++i) accents += "é";
    return Refusal(absl::StatusCode::kNotFound, "ACCOUNT_NOT_FOUND", accents, {{"name", accents}});
  };
  answer = client.Call(kGet, "", fixture.Token());
  CHECK(answer.status.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(answer.Reason() == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("past the queue a caller is turned away at once, with a time to come back") {
  ServerFixture fixture(1, 1);
  absl::Notification running;
  absl::Notification release;
  fixture.get = [&](const auto&, const auto& request) -> absl::StatusOr<v1::Account> {
    if (request.name() == "first") {
      running.Notify();
      release.WaitForNotification();
    }
    return v1::Account();
  };
  const std::string token = fixture.Token();
  std::vector<std::thread> callers;
  const auto call = [&](const std::string& name) {
    callers.emplace_back([&, name] { Client(fixture.server.port()).Call(kGet, Named(name), token); });
  };
  call("first");
  running.WaitForNotification();
  call("waits");
  Client client(fixture.server.port());
  // Until the second has arrived in the queue, calls get through to it themselves, and wait until they time
  // out.
  Answer answer;
  const absl::Time give_up = absl::Now() + absl::Seconds(20);
  do {
    answer = client.Call(kGet, Named("third").SerializeAsString(), token, absl::Milliseconds(300));
  } while (answer.status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED && absl::Now() < give_up);
  CHECK(answer.Reason() == "OVERLOADED");
  REQUIRE(answer.Retry());
  CHECK(answer.Retry()->retry_delay().nanos() > 0);
  release.Notify();
  for (std::thread& caller : callers) caller.join();
  CHECK(client.Call(kGet, Named("later"), token).status.ok());
}

TEST_CASE("what nobody waits for any more is not begun") {
  ServerFixture fixture(1, 10);
  absl::Notification running;
  absl::Notification late_began;
  absl::Notification release;
  std::atomic<int> begun{0};
  fixture.get = [&](const auto&, const auto& request) -> absl::StatusOr<v1::Account> {
    ++begun;
    if (request.name() == "late") late_began.Notify();
    if (request.name() == "first") {
      running.Notify();
      release.WaitForNotification();
    }
    return v1::Account();
  };
  const std::string token = fixture.Token();
  std::thread first([&] { Client(fixture.server.port()).Call(kGet, Named("first"), token); });
  running.WaitForNotification();
  Client client(fixture.server.port());
  const Answer late = client.Call(kGet, Named("late").SerializeAsString(), token, absl::Milliseconds(300));
  CHECK(late.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  // The server counts from when the call arrived.
  CHECK_FALSE(late_began.WaitForNotificationWithTimeout(absl::Milliseconds(400)));
  release.Notify();
  first.join();
  CHECK(client.Call(kGet, Named("after"), token).status.ok());  // the queue is in order: "late" was had
  CHECK(begun == 2);
}

TEST_CASE("a handler knows until when it is wanted, and the trace of its caller") {
  ServerFixture fixture;
  absl::Duration left;
  std::string trace;
  fixture.get = [&](const auto&, const auto&) -> absl::StatusOr<v1::Account> {
    left = CallScope::Current()->deadline() - absl::Now();
    trace = CallScope::Current()->TraceId();
    return v1::Account();
  };
  Client client(fixture.server.port());
  REQUIRE(client.Call(kGet, "", fixture.Token(), absl::Seconds(7)).status.ok());
  CHECK(left > absl::Seconds(1));
  CHECK(left <= absl::Seconds(8));
  CHECK(trace.size() == 32);
  // A client that would wait for ever is bounded.
  REQUIRE(client.Call(kGet, "", fixture.Token(), absl::Hours(1000)).status.ok());
  CHECK(left <= absl::Seconds(60));
}

TEST_CASE("health says what the service is, and stopping finishes what was begun") {
  ServerFixture fixture;
  Client client(fixture.server.port());
  const auto health = [&](const std::string& service) {
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    response.ParseFromString(client.Call("grpc.health.v1.Health/Check", request).bytes);
    return grpc::health::v1::HealthCheckResponse::ServingStatus_Name(response.status());
  };
  for (const char* service : {"", "readiness", "liveness", "perennial.account.v1.AccountService"})
    CHECK(health(service) == "SERVING");
  fixture.server.SetReady(false);
  for (const char* service : {"", "readiness", "perennial.account.v1.AccountService"})
    CHECK(health(service) == "NOT_SERVING");
  CHECK(health("liveness") == "SERVING");

  absl::Notification running;
  absl::Notification release;
  fixture.get = [&](const auto&, const auto&) -> absl::StatusOr<v1::Account> {
    running.Notify();
    release.WaitForNotification();
    return v1::Account();
  };
  Answer answer;
  const std::string token = fixture.Token();
  std::thread caller([&] { answer = client.Call(kGet, "", token); });
  running.WaitForNotification();
  std::thread stopper([&] { fixture.server.Stop(absl::Seconds(20)); });
  release.Notify();
  caller.join();
  stopper.join();
  CHECK(answer.status.ok());
}

int FreePort() {
  const int one = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  REQUIRE(bind(one, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(one, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(one);
  return ntohs(address.sin_port);
}

TEST_CASE("who watches the health at the plain port does not hold up the end") {
  ServerFixture fixture;
  const int port = FreePort();
  Server watched({"127.0.0.1:0", absl::StrCat("127.0.0.1:", port), TlsOf("account"), std::string(32, 'k')},
                 fixture.pool, fixture.requests, fixture.tokens, fixture.metrics);
  REQUIRE_OK(watched.Start());
  grpc::GenericStub stub(
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto next_is_ok = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto watch = stub.PrepareCall(&context, "/grpc.health.v1.Health/Watch", &queue);
  const grpc::Slice nothing("");
  const grpc::ByteBuffer all_of_it(&nothing, 1);  // "": the service as a whole
  grpc::ByteBuffer answer;
  watch->StartCall(nullptr);
  REQUIRE(next_is_ok());
  watch->WriteLast(all_of_it, grpc::WriteOptions(), nullptr);
  REQUIRE(next_is_ok());
  watch->Read(&answer, nullptr);
  REQUIRE(next_is_ok());
  absl::Notification stopped;
  std::thread stopper([&] {
    watched.Stop(absl::Seconds(1));
    stopped.Notify();
  });
  CHECK(stopped.WaitForNotificationWithTimeout(absl::Seconds(15)));
  context.TryCancel();
  stopper.join();
  queue.Shutdown();
}

TEST_CASE("a certificate says when it ends") {
  const auto end = CertificateEnd(TlsOf("account").certificate_chain);
  REQUIRE_OK(end);
  CHECK(*end > absl::Now());
  CHECK_FALSE(CertificateEnd("").ok());
  CHECK_FALSE(CertificateEnd("nonsense").ok());
}

TEST_CASE("a taken port or an unusable certificate is said at start") {
  ServerFixture fixture;
  telemetry::Metrics metrics;
  work::Pool pool(1, 1, metrics);
  Server twin({absl::StrCat("127.0.0.1:", fixture.server.port()), "", TlsOf("account"), std::string(32, 'k')},
              pool, fixture.requests, fixture.tokens, metrics);
  CHECK(absl::StrContains(std::string(twin.Start().message()), "cannot listen"));
  Tls broken = TlsOf("account");
  broken.private_key = "nonsense";
  Server naked({"127.0.0.1:0", "", broken, std::string(32, 'k')}, pool, fixture.requests, fixture.tokens,
               metrics);
  CHECK_FALSE(naked.Start().ok());
}

// Whether `Add`ing the service stops the process.
bool StopsTheProcess(Service service) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
    telemetry::Metrics metrics;
    work::Pool pool(0, 1, metrics);
    testing::FakeClock clock;
    FakeRequestLog requests;
    crypto::AccessTokenVerifier tokens({}, clock);
    Server server({"127.0.0.1:0", "", {}, ""}, pool, requests, tokens, metrics);
    server.Add(std::move(service));
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

TEST_CASE("a service that does not match its contract stops the process at start") {
  const auto ok = [](const auto&, const auto&) -> absl::StatusOr<v1::Account> { return v1::Account(); };
  Service incomplete("perennial.account.v1.AccountService");
  incomplete.Read<v1::GetAccountRequest, v1::Account>("GetAccount", Public(), ok);
  CHECK(StopsTheProcess(std::move(incomplete)));
  CHECK(StopsTheProcess(Service("perennial.account.v1.NoSuchService")));
  const auto entries = [](const auto&, const auto&) -> absl::StatusOr<grpc::health::v1::HealthCheckResponse> {
    return grpc::health::v1::HealthCheckResponse();
  };
  const std::string health = "grpc.health.v1.Health";
  Service complete(health);
  complete.Read<grpc::health::v1::HealthCheckRequest, grpc::health::v1::HealthCheckResponse>(
      "Check", Public(), entries);
  complete.Read<grpc::health::v1::HealthCheckRequest, grpc::health::v1::HealthCheckResponse>(
      "Watch", Public(), entries);
  CHECK_FALSE(StopsTheProcess(std::move(complete)));
  Service other_messages(health);
  other_messages.Read<v1::GetAccountRequest, grpc::health::v1::HealthCheckResponse>("Check", Public(),
                                                                                    entries);
  other_messages.Read<grpc::health::v1::HealthCheckRequest, grpc::health::v1::HealthCheckResponse>(
      "Watch", Public(), entries);
  CHECK(StopsTheProcess(std::move(other_messages)));
  Service not_repeatable(health);
  not_repeatable.Mutate<grpc::health::v1::HealthCheckRequest, grpc::health::v1::HealthCheckResponse>(
      "Check", Public(), entries);
  not_repeatable.Read<grpc::health::v1::HealthCheckRequest, grpc::health::v1::HealthCheckResponse>(
      "Watch", Public(), entries);
  CHECK(StopsTheProcess(std::move(not_repeatable)));
}

TEST_CASE("a secret that is no text field stops the process at start, not the first call") {
  ServerFixture fixture;
  CHECK_FALSE(StopsTheProcess(fixture.MakeService()));
  for (const char* path : {"pasword", "new_password.text", ""})
    CHECK(StopsTheProcess(fixture.MakeService({path})));
}

}  // namespace
}  // namespace perennial::rpc
