#include "services/payment_token/gateways/http_client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <optional>
#include <stdexcept>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/call_scope.h"
#include "tests/services/payment_token/gateways/slow_server.h"

namespace perennial::payment_token {
namespace {

// A listening socket on a free port of this machine.
struct Listener {
  Listener() {
    fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    const bool ok = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(fd, 8) == 0 &&
                    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (!ok) std::abort();
    url = absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port));
  }
  ~Listener() { Close(); }
  void Close() {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  int fd = -1;
  std::string url;
};

void ReadRequest(int connection) {
  char buffer[8192];
  std::string seen;
  while (seen.find("\r\n\r\n") == std::string::npos) {
    const ssize_t n = read(connection, buffer, sizeof(buffer));
    if (n <= 0) return;
    seen.append(buffer, static_cast<size_t>(n));
  }
}

void Write(int connection, const std::string& text) {
  if (write(connection, text.data(), text.size()) < 0) std::abort();
}

HttpResult PostTo(HttpClient& client, const std::string& key = "key-1") {
  Form form;
  form.Add("amount", "1999");
  return client.Post("/v1/payment_intents", form, key);
}

std::string AnswerOf(const std::string& key) {
  return absl::StrCat("HTTP/1.1 200 OK\r\nIdempotency-Key: ", key, "\r\nContent-Length: ", key.size(),
                      "\r\n\r\n", key);
}

bool MayHaveArrived(const HttpResult& result) {
  REQUIRE(std::holds_alternative<HttpFailure>(result));
  return std::get<HttpFailure>(result).may_have_arrived;
}

TEST_CASE("where nobody listens, nothing arrived") {
  Listener listener;
  listener.Close();
  HttpClient client({listener.url, "sk_test", absl::Seconds(2), 2});
  CHECK_FALSE(MayHaveArrived(PostTo(client)));
}

TEST_CASE("a request without an answer may have arrived") {
  Listener listener;
  HttpClient client({listener.url, "sk_test", absl::Milliseconds(100), 2});
  CHECK(MayHaveArrived(PostTo(client)));  // the kernel accepts; nobody reads
}

// The trap: libcurl sends again over a new connection when a kept one breaks. That the new one is refused
// says nothing about the request that broke the old one.
TEST_CASE(
    "a kept connection that breaks with the request on it may have delivered it, though nobody listens now") {
  Listener listener;
  std::thread server([&] {
    const int connection = accept(listener.fd, nullptr, nullptr);
    ReadRequest(connection);
    Write(connection,
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nRequest-Id: req_7\r\nIdempotent-Replayed: true\r\n\r\n{}");
    ReadRequest(connection);
    listener.Close();
    close(connection);
  });
  HttpClient client({listener.url, "sk_test", absl::Seconds(5), 2});
  const HttpResult first = PostTo(client);
  REQUIRE(std::holds_alternative<HttpAnswer>(first));
  CHECK(std::get<HttpAnswer>(first).status == 200);
  CHECK(std::get<HttpAnswer>(first).request_id == "req_7");
  CHECK(std::get<HttpAnswer>(first).replayed);
  CHECK(MayHaveArrived(PostTo(client)));
  server.join();
}

TEST_CASE("an answer that bears another key is not ours, and its connection is not used again (R23)") {
  Listener listener;
  std::thread server([&] {
    const int first = accept(listener.fd, nullptr, nullptr);
    ReadRequest(first);
    Write(first, AnswerOf("key-1"));
    ReadRequest(first);
    Write(first, AnswerOf("key-1") + AnswerOf("key-2"));
    const int second = accept(listener.fd, nullptr, nullptr);
    ReadRequest(second);
    Write(second, AnswerOf("key-3"));
    close(first);
    close(second);
  });
  HttpClient client({listener.url, "sk_test", absl::Seconds(5), 2});
  CHECK(std::get<HttpAnswer>(PostTo(client, "key-1")).body == "key-1");
  CHECK(MayHaveArrived(PostTo(client, "key-2")));
  CHECK(std::get<HttpAnswer>(PostTo(client, "key-3")).body == "key-3");
  server.join();
}

TEST_CASE("a request without a key gets a connection of its own") {
  Listener listener;
  std::thread server([&] {
    for (const char* key : {"key-1", "", ""}) {
      const int connection = accept(listener.fd, nullptr, nullptr);
      ReadRequest(connection);
      Write(connection, AnswerOf(key));
    }
  });
  HttpClient client({listener.url, "sk_test", absl::Seconds(5), 2});
  CHECK(std::holds_alternative<HttpAnswer>(PostTo(client, "key-1")));
  CHECK(std::holds_alternative<HttpAnswer>(client.Get("/v1/charges")));
  CHECK(std::holds_alternative<HttpAnswer>(client.Get("/v1/charges")));
  server.join();
}

TEST_CASE("a request that libcurl sent again says so") {
  Listener listener;
  std::thread server([&] {
    const int kept = accept(listener.fd, nullptr, nullptr);
    ReadRequest(kept);
    Write(kept, AnswerOf("key-1"));
    ReadRequest(kept);
    close(kept);
    const int again = accept(listener.fd, nullptr, nullptr);
    ReadRequest(again);
    Write(again, AnswerOf("key-2"));
    close(again);
  });
  HttpClient client({listener.url, "sk_test", absl::Seconds(5), 2});
  CHECK(std::get<HttpAnswer>(PostTo(client, "key-1")).times_sent == 1);
  CHECK(std::get<HttpAnswer>(PostTo(client, "key-2")).times_sent == 2);
  server.join();
}

TEST_CASE("a call without time left sends nothing, and a call with little time waits no longer than that") {
  Listener listener;
  HttpClient client({listener.url, "sk_test", absl::Seconds(10), 2});
  {
    const CallScope scope(absl::Now() + absl::Milliseconds(100), "");
    CHECK_FALSE(MayHaveArrived(PostTo(client)));
  }
  const absl::Time begin = absl::Now();
  const CallScope scope(begin + absl::Milliseconds(700), "");
  CHECK(MayHaveArrived(PostTo(client)));
  CHECK(absl::Now() - begin < absl::Milliseconds(700));
}

std::vector<HttpRequest> Posts(int count, const std::string& path = "/") {
  std::vector<HttpRequest> requests;
  for (int i = 0; i < count; ++i) requests.push_back({"POST", absl::StrCat(path, i), "a=b", "key"});
  return requests;
}

// Each place once; else it throws, as Catch's assertions are not for threads side by side.
std::vector<HttpResult> SendAll(HttpClient& client, const std::vector<HttpRequest>& requests,
                                absl::Duration within = absl::Seconds(10)) {
  std::vector<std::optional<HttpResult>> results(requests.size());
  client.SendAll(requests, absl::Now() + within, [&](const std::vector<HttpDone>& done) {
    for (const HttpDone& each : done) {
      if (results[each.place]) throw std::logic_error("answered twice");
      results[each.place] = each.result;
    }
  });
  std::vector<HttpResult> all;
  for (const auto& result : results) all.push_back(result.value());
  return all;
}

TEST_CASE("many requests side by side take little longer than one, and get each its own answer") {
  SlowServer server(absl::Milliseconds(200));
  HttpClient client({server.url, "sk_test", absl::Seconds(10), 300});
  const absl::Time begin = absl::Now();
  const std::vector<HttpResult> results = SendAll(client, Posts(300));
  CHECK(absl::Now() - begin < absl::Seconds(3));  // 60 s one after the other
  for (size_t i = 0; i < results.size(); ++i)
    CHECK(std::get<HttpAnswer>(results[i]).body == absl::StrCat("/", i));
}

TEST_CASE("no more requests are under way than there may be connections, and these are kept") {
  SlowServer server(absl::Milliseconds(5));
  HttpClient client({server.url, "sk_test", absl::Seconds(10), 4});
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) threads.emplace_back([&] { SendAll(client, Posts(20)); });
  for (std::thread& thread : threads) thread.join();
  CHECK(std::holds_alternative<HttpAnswer>(PostTo(client)));
  CHECK(server.most_at_once <= 4);
  CHECK(server.accepted == 4);
  CHECK(server.paths().size() == 61);
}

TEST_CASE("a request that comes alone does not wait for a batch") {
  SlowServer server(absl::Milliseconds(20));
  HttpClient client({server.url, "sk_test", absl::Seconds(10), 1});
  std::thread batch([&] { SendAll(client, Posts(50)); });
  server.AwaitRequest();
  CHECK(std::holds_alternative<HttpAnswer>(client.Get("/alone")));
  CHECK(server.paths().size() < 50);
  batch.join();
}

TEST_CASE(
    "when the time of a batch runs out, what was not begun was surely not sent, and the rest may have") {
  SlowServer server(absl::Milliseconds(300));
  HttpClient client({server.url, "sk_test", absl::Seconds(10), 10});
  const absl::Time begin = absl::Now();
  const std::vector<HttpResult> results = SendAll(client, Posts(100), absl::Milliseconds(450));
  CHECK(absl::Now() - begin < absl::Seconds(3));  // all of them take as long
  int answered = 0;
  int maybe = 0;
  for (const HttpResult& result : results) {
    const auto* failure = std::get_if<HttpFailure>(&result);
    answered += failure == nullptr ? 1 : 0;
    maybe += failure != nullptr && failure->may_have_arrived ? 1 : 0;
  }
  CHECK(answered <= 10);
  CHECK(maybe >= 1);
  CHECK(answered + maybe <= 20);
  CHECK(server.paths().size() <= static_cast<size_t>(answered + maybe));
}

TEST_CASE("connections that break in the midst of a batch leave the others alone") {
  SlowServer server(absl::Milliseconds(5));
  HttpClient client({server.url, "sk_test", absl::Seconds(10), 8});
  std::vector<HttpRequest> requests = Posts(60);
  for (size_t i = 0; i < requests.size(); i += 7) requests[i].path = absl::StrCat("/drop", i);
  const std::vector<HttpResult> results = SendAll(client, requests);
  for (size_t i = 0; i < results.size(); ++i) {
    INFO(i);
    if (i % 7 == 0) {
      CHECK(MayHaveArrived(results[i]));
    } else {
      CHECK(std::get<HttpAnswer>(results[i]).body == absl::StrCat("/", i));
    }
  }
}

TEST_CASE("when the gateway says that it gets too much, a batch pauses, and what comes alone does not") {
  SlowServer server(absl::ZeroDuration());
  HttpClient client({server.url, "sk_test", absl::Seconds(10), 5});
  std::vector<HttpRequest> requests = Posts(25);
  for (size_t i = 0; i < 10; ++i) requests[i].path = absl::StrCat("/busy", i);
  const absl::Time begin = absl::Now();
  const std::vector<HttpResult> results = SendAll(client, requests);
  CHECK(absl::Now() - begin >= absl::Milliseconds(500));
  for (size_t i = 0; i < results.size(); ++i)
    CHECK(std::get<HttpAnswer>(results[i]).status == (i < 10 ? 429 : 200));
  HttpClient hurried({server.url, "sk_test", absl::Milliseconds(400), 5});
  CHECK(std::get<HttpAnswer>(hurried.Get("/busy")).status == 429);
  CHECK(std::get<HttpAnswer>(hurried.Get("/")).status == 200);
}

TEST_CASE("a batch whose taker throws is left only when nothing of it is under way any more") {
  SlowServer server(absl::Milliseconds(300));
  HttpClient client({server.url, "sk_test", absl::Seconds(10), 5});
  std::vector<HttpRequest> requests = Posts(20);
  int taken = 0;
  const auto take = [&](const std::vector<HttpDone>&) {
    ++taken;
    throw std::runtime_error("a row that cannot be read");
  };
  CHECK_THROWS_AS(client.SendAll(requests, absl::Now() + absl::Seconds(10), take), std::runtime_error);
  CHECK(taken == 1);
  CHECK(server.paths().size() <= 10);  // what was not begun is not sent any more
  // The loop goes on, with nothing of that batch in it.
  CHECK(std::holds_alternative<HttpAnswer>(PostTo(client)));
}

TEST_CASE("what has come is given while the rest is waited for") {
  SlowServer quick(absl::ZeroDuration());
  HttpClient client({quick.url, "sk_test", absl::Seconds(10), 10});
  SlowServer slow(absl::Milliseconds(400));
  HttpClient trickle({slow.url, "sk_test", absl::Seconds(10), 5});
  std::vector<size_t> parts;
  const auto count = [&](const std::vector<HttpDone>& done) { parts.push_back(done.size()); };
  client.SendAll(Posts(5), absl::Now() + absl::Seconds(5), count);
  CHECK(parts == std::vector<size_t>{5});
  parts.clear();
  trickle.SendAll(Posts(10), absl::Now() + absl::Seconds(5), count);
  CHECK(parts.size() >= 2);
}

}  // namespace
}  // namespace perennial::payment_token
