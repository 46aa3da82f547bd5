#include "simulators/payment_gateway/http/server.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sodium.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <utility>

namespace perennial::gateway_simulator {
namespace {

constexpr int kBacklog = 1024;
constexpr size_t kReadAtOnce = 16 * 1024;
constexpr int kWriteTimeoutMs = 2000;
// Of the event loop; connections count on from there.
constexpr uint64_t kListener = 0;
constexpr uint64_t kStop = 1;
constexpr uint64_t kFirstConnection = 2;

bool Equal(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string RequestId() {
  unsigned char bytes[8];
  randombytes_buf(bytes, sizeof(bytes));
  char hex[2 * sizeof(bytes) + 1];
  return std::string("req_") + sodium_bin2hex(hex, sizeof(hex), bytes, sizeof(bytes));
}

absl::string_view ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 404:
      return "Not Found";
    case 409:
      return "Conflict";
    case 413:
      return "Payload Too Large";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Internal Server Error";
  }
}

// A header's value must not end the header.
std::string OneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return text;
}

}  // namespace

struct Server::Connection {
  uint64_t id = 0;
  int fd = -1;
  std::string in;
  bool busy = false;  // a request is under way: the next waits in `in`
};

Server::Server(Gateway& gateway, std::string api_key)
    : gateway_(gateway), api_key_(std::move(api_key)), next_id_(kFirstConnection) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  stop_ = eventfd(0, EFD_CLOEXEC);
  if (epoll_ < 0 || stop_ < 0) std::abort();
  Watch(stop_, kStop, EPOLLIN, true);
}

Server::~Server() {
  for (const auto& [id, connection] : connections_) close(connection->fd);
  for (const int fd : {listener_, stop_, epoll_}) {
    if (fd >= 0) close(fd);
  }
}

int Server::Bind(const std::string& host, int port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  socklen_t size = sizeof(address);
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  const bool bound = listener_ >= 0 && inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1 &&
                     setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                     bind(listener_, raw, size) == 0 && listen(listener_, kBacklog) == 0 &&
                     getsockname(listener_, raw, &size) == 0;
  if (!bound) return -1;
  Watch(listener_, kListener, EPOLLIN, true);
  return ntohs(address.sin_port);
}

void Server::Stop() {
  eventfd_write(stop_, 1);
}

void Server::Run() {
  std::array<epoll_event, 256> events;
  while (true) {
    const int count = epoll_wait(epoll_, events.data(), events.size(), MsUntilTimer());
    bool stopping = false;
    for (int i = 0; i < count; ++i) {
      const uint64_t id = events[i].data.u64;
      stopping = stopping || id == kStop;
      if (id == kListener) Accept();
      if (Connection* connection = Find(id)) Read(*connection);
    }
    RunTimers(stopping);
    while (!round_.empty()) {
      EndRound();  // what waited behind an answer makes the next
      RunTimers(stopping);
    }
    if (stopping) return;
  }
}

void Server::Watch(int fd, uint64_t id, uint32_t events, bool is_new) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (epoll_ctl(epoll_, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0) std::abort();
}

void Server::Accept() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    auto connection = std::make_unique<Connection>();
    connection->id = next_id_++;
    connection->fd = fd;
    Watch(fd, connection->id, EPOLLIN, true);
    connections_.emplace(connection->id, std::move(connection));
  }
}

void Server::Read(Connection& connection) {
  char buffer[kReadAtOnce];
  const ssize_t count = recv(connection.fd, buffer, sizeof(buffer), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    Close(connection.id);
    return;
  }
  connection.in.append(buffer, static_cast<size_t>(count));
  ServeNext(connection);
}

void Server::ServeNext(Connection& connection) {
  if (connection.busy || connection.in.empty()) return;
  Parsed parsed = ParseRequest(connection.in);
  if (parsed.mistake != 0) {
    Write(connection, absl::StrCat("HTTP/1.1 ", parsed.mistake, " ", ReasonOf(parsed.mistake),
                                   "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    Close(connection.id);
  } else if (parsed.size > 0) {
    connection.in.erase(0, parsed.size);
    Execute(connection, parsed.request);
  }
}

void Server::Execute(Connection& connection, const HttpRequest& request) {
  connection.busy = true;
  Answer& answer = round_.emplace_back();
  answer.connection = connection.id;
  answer.begun = Clock::now();
  answer.method = request.method;
  answer.key = OneLine(request.Header("idempotency-key"));
  answer.keep_alive = request.keep_alive;
  answer.reply = Reply(request);
}

// As Stripe: the key as a bearer token, or as the user name of basic authentication.
bool Server::Authorized(const HttpRequest& request) const {
  const std::string header = request.Header("authorization");
  absl::string_view credentials = header;
  if (absl::ConsumePrefix(&credentials, "Bearer ")) return Equal(credentials, api_key_);
  if (!absl::ConsumePrefix(&credentials, "Basic ")) return false;
  std::string decoded;
  if (!absl::Base64Unescape(credentials, &decoded)) return false;
  return Equal(absl::string_view(decoded).substr(0, decoded.find(':')), api_key_);
}

GatewayReply Server::Reply(const HttpRequest& request) {
  if (request.path == "/healthz") return {.text = R"({"status":"ok"})", .route = "/healthz"};
  if (!Authorized(request)) {
    core::Answer refusal = core::Unauthorized();
    return {.answer = refusal, .text = core::Dump(refusal.body), .route = "unauthorized"};
  }
  return gateway_.Handle({.request = {.method = request.method, .path = request.path, .form = request.form},
                          .idempotency_key = request.Header("idempotency-key"),
                          .body = request.body});
}

// Nothing is answered, now or later, before what it rests on is on disk.
void Server::EndRound() {
  gateway_.Sync();
  ended_.swap(round_);
  for (Answer& answer : ended_) {
    if (answer.reply.wait_ms > 0)
      After(answer.reply.wait_ms, [this, answer = std::move(answer)] { Send(answer); });
    else
      Send(answer);
  }
  ended_.clear();
  std::cout << std::flush;
}

void Server::Send(const Answer& answer) {
  const GatewayReply& reply = answer.reply;
  if (!reply.held_key.empty()) gateway_.Release(reply.held_key);
  const std::string request_id = RequestId();
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - answer.begun).count();
  const bool is_known = answer.method == "GET" || answer.method == "POST" || answer.method == "DELETE";
  const absl::string_view method = is_known ? absl::string_view(answer.method) : "another";
  std::cout << absl::StrCat(
      R"({"severity":"INFO","message":"request","method":")", method, R"(","route":")", reply.route,
      R"(","status":)", reply.drop ? 0 : reply.answer.status, R"(,"fault":")", reply.fault,
      R"(","replayed":)", reply.replayed ? "true" : "false", R"(,"dropped":)", reply.drop ? "true" : "false",
      R"(,"ms":)", took, R"(,"request_id":")", request_id, "\"}\n");
  Connection* const connection = Find(answer.connection);
  if (connection == nullptr) return;  // it hung up
  if (reply.drop) {
    Close(answer.connection);
    return;
  }
  const std::string text =
      absl::StrCat("HTTP/1.1 ", reply.answer.status, " ", ReasonOf(reply.answer.status),
                   "\r\nRequest-Id: ", request_id, reply.replayed ? "\r\nIdempotent-Replayed: true" : "",
                   answer.key.empty() ? "" : "\r\nIdempotency-Key: ", answer.key,
                   "\r\nContent-Type: application/json\r\nContent-Length: ", reply.text.size(),
                   answer.keep_alive ? "" : "\r\nConnection: close", "\r\n\r\n", reply.text);
  Write(*connection, text);
  if (!reply.again_after_ms) {
    Finish(answer.connection, answer.keep_alive);
    return;
  }
  After(*reply.again_after_ms, [this, text, id = answer.connection, keep_alive = answer.keep_alive] {
    if (Connection* const again = Find(id)) Write(*again, text);
    Finish(id, keep_alive);
  });
}

// Answers are small, so a peer that does not take one within the time has gone away.
void Server::Write(Connection& connection, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(connection.fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      text.remove_prefix(static_cast<size_t>(sent));
    } else {
      pollfd writable{.fd = connection.fd, .events = POLLOUT, .revents = 0};
      if ((errno != EAGAIN && errno != EINTR) || poll(&writable, 1, kWriteTimeoutMs) <= 0) return;
    }
  }
}

void Server::Finish(uint64_t id, bool keep_alive) {
  Connection* const connection = Find(id);
  if (connection == nullptr) return;
  connection->busy = false;
  if (keep_alive)
    ServeNext(*connection);
  else
    Close(id);
}

void Server::After(int64_t ms, std::function<void()> action) {
  timers_.emplace(Clock::now() + std::chrono::milliseconds(ms), std::move(action));
}

void Server::RunTimers(bool all) {
  while (!timers_.empty() && (all || timers_.begin()->first <= Clock::now())) {
    const auto timer = timers_.extract(timers_.begin());
    timer.mapped()();
  }
  std::cout << std::flush;
}

int Server::MsUntilTimer() const {
  if (timers_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - Clock::now());
  return static_cast<int>(std::max<int64_t>(0, left.count()));
}

void Server::Close(uint64_t id) {
  const auto connection = connections_.extract(id);
  if (!connection.empty()) close(connection.mapped()->fd);
}

Server::Connection* Server::Find(uint64_t id) {
  const auto it = connections_.find(id);
  return it == connections_.end() ? nullptr : it->second.get();
}

}  // namespace perennial::gateway_simulator
