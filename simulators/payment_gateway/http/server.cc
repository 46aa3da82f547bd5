#include "simulators/payment_gateway/http/server.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <httplib.h>
#include <sodium.h>
#include <sys/socket.h>

#include <chrono>
#include <iostream>
#include <optional>
#include <string_view>
#include <utility>

namespace perennial::gateway_simulator {
namespace {

using nlohmann::json;

// httplib gives each connection a thread for as long as it is kept alive.
constexpr size_t kThreads = 128;
constexpr int kKeepAliveSeconds = 10;
constexpr int kBacklog = 256;
constexpr int kMaxOpenFiles = 4096;

struct Peer {
  std::string address;
  int port = 0;

  bool operator==(const Peer&) const = default;
};

// Who is at the other end of a connection; nothing if the descriptor is none.
std::optional<Peer> PeerOf(int fd) {
  sockaddr_in peer{};
  socklen_t size = sizeof(peer);
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.sin_family != AF_INET) {
    return std::nullopt;
  }
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &peer.sin_addr, text, sizeof(text));
  return Peer{text, ntohs(peer.sin_port)};
}

// Closes the connection under httplib, which has no call for it and no way to its socket: the one
// whose peer sent this request.
void DropConnection(const httplib::Request& request) {
  for (int fd = 3; fd < kMaxOpenFiles; ++fd) {
    if (PeerOf(fd) == Peer{request.remote_addr, request.remote_port}) shutdown(fd, SHUT_RDWR);
  }
}

// Writes to the connection under httplib, past it: the answer of this request once more.
void WriteAgain(const httplib::Request& request, const httplib::Response& response) {
  std::string text = absl::StrCat("HTTP/1.1 ", response.status, " Again\r\n");
  for (const auto& [name, value] : response.headers) absl::StrAppend(&text, name, ": ", value, "\r\n");
  absl::StrAppend(&text, "\r\n", response.body);
  for (int fd = 3; fd < kMaxOpenFiles; ++fd) {
    if (PeerOf(fd) == Peer{request.remote_addr, request.remote_port})
      send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  }
}

// Ends the connections that wait for a next request. None may have an answer under way: httplib writes
// nothing to a peer it cannot read from.
void CloseForReading() {
  for (int fd = 3; fd < kMaxOpenFiles; ++fd) {
    if (PeerOf(fd)) shutdown(fd, SHUT_RD);
  }
}

core::Form ToForm(const httplib::Params& params) {
  core::Form form;
  for (const auto& [name, value] : params) form[name] = value;
  return form;
}

bool Equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string RequestId() {
  unsigned char bytes[8];
  randombytes_buf(bytes, sizeof(bytes));
  char hex[2 * sizeof(bytes) + 1];
  return std::string("req_") + sodium_bin2hex(hex, sizeof(hex), bytes, sizeof(bytes));
}

void Log(const httplib::Request& request, const GatewayReply& reply, const std::string& request_id,
         int64_t ms) {
  const json line = {{"severity", "INFO"},
                     {"message", "request"},
                     {"method", request.method},
                     {"route", reply.route},
                     {"status", reply.drop ? 0 : reply.answer.status},
                     {"replayed", reply.replayed},
                     {"dropped", reply.drop},
                     {"ms", ms},
                     {"request_id", request_id}};
  std::cout << line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n" << std::flush;
}

}  // namespace

// httplib listens with a backlog of 5, which makes bursts of new connections wait for a second.
class Server::Listener : public httplib::Server {
 public:
  void WidenBacklog() { ::listen(svr_sock_, kBacklog); }
};

Server::Server(Gateway& gateway, std::string api_key)
    : gateway_(gateway), api_key_(std::move(api_key)), listener_(std::make_unique<Listener>()) {
  const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
    Handle(request, response);
  };
  listener_->Get(".*", handle);
  listener_->Post(".*", handle);
  listener_->Delete(".*", handle);
  listener_->set_logger([this](const httplib::Request& request, const httplib::Response& response) {
    Answered(request, response);
  });
  listener_->new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  listener_->set_tcp_nodelay(true);
  listener_->set_keep_alive_max_count(1'000'000);
  listener_->set_keep_alive_timeout(kKeepAliveSeconds);
  listener_->set_payload_max_length(64 * 1024);
  listener_->set_exception_handler(
      [](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
        response.status = 500;
        response.set_content(core::ServerError().body.dump(), "application/json");
      });
}

Server::~Server() = default;

int Server::Bind(const std::string& host, int port) {
  if (port == 0) {
    port = listener_->bind_to_any_port(host);
  } else if (!listener_->bind_to_port(host, port)) {
    port = -1;
  }
  if (port > 0) listener_->WidenBacklog();
  return port;
}

void Server::Run() {
  listener_->listen_after_bind();
}

void Server::Stop() {
  listener_->stop();
  std::unique_lock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return busy_.empty(); });
  CloseForReading();
}

// httplib calls this once an answer is written, or could not be.
void Server::Answered(const httplib::Request& request, const httplib::Response& response) {
  const Address peer(request.remote_addr, request.remote_port);
  std::unique_lock lock(mutex_);
  if (const auto again = again_after_ms_.extract(peer)) {
    lock.unlock();
    Wait(again.mapped());
    WriteAgain(request, response);
    lock.lock();
  }
  busy_.erase(peer);
  changed_.notify_all();
}

void Server::Wait(int64_t ms) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(ms), [this] { return stopped_; });
}

// As Stripe: the key as a bearer token, or as the user name of basic authentication.
bool Server::Authorized(const httplib::Request& request) const {
  const std::string header = request.get_header_value("Authorization");
  const std::string_view view = header;
  if (view.starts_with("Bearer ")) return Equal(view.substr(7), api_key_);
  if (!view.starts_with("Basic ")) return false;
  std::string decoded;
  if (!absl::Base64Unescape(header.substr(6), &decoded)) return false;
  return Equal(std::string_view(decoded).substr(0, decoded.find(':')), api_key_);
}

GatewayReply Server::Reply(const httplib::Request& request) {
  if (request.path == "/healthz") return {.answer = {200, {{"status", "ok"}}}, .route = "/healthz"};
  if (!Authorized(request)) return {.answer = core::Unauthorized(), .route = "unauthorized"};
  return gateway_.Handle(
      {.request = {.method = request.method, .path = request.path, .form = ToForm(request.params)},
       .idempotency_key = request.get_header_value("Idempotency-Key"),
       .body = request.body});
}

void Server::Handle(const httplib::Request& request, httplib::Response& response) {
  {
    const std::lock_guard lock(mutex_);
    busy_.emplace(request.remote_addr, request.remote_port);
  }
  const auto begin = std::chrono::steady_clock::now();
  const GatewayReply reply = Reply(request);
  if (reply.wait_ms > 0) Wait(reply.wait_ms);
  if (!reply.held_key.empty()) gateway_.Release(reply.held_key);
  const std::string request_id = RequestId();
  const auto took = std::chrono::steady_clock::now() - begin;
  Log(request, reply, request_id, std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  if (reply.drop) {
    DropConnection(request);
    return;
  }
  if (reply.again_after_ms) {
    const std::lock_guard lock(mutex_);
    again_after_ms_[{request.remote_addr, request.remote_port}] = *reply.again_after_ms;
  }
  response.status = reply.answer.status;
  response.set_header("Request-Id", request_id);
  if (reply.replayed) response.set_header("Idempotent-Replayed", "true");
  const std::string key = request.get_header_value("Idempotency-Key");
  if (!key.empty()) response.set_header("Idempotency-Key", key);
  response.set_content(reply.answer.body.dump(-1, ' ', false, json::error_handler_t::replace),
                       "application/json");
}

}  // namespace perennial::gateway_simulator
