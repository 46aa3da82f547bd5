#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace perennial::payment_token {

// Answers each request after `latency`, with its path; with 429 where that begins with "/busy", and closes
// the connection instead where it begins with "/drop".
class SlowServer {
 public:
  explicit SlowServer(absl::Duration latency) : latency_(latency) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    const bool ok = bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                    listen(listener_, 1000) == 0 &&
                    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (!ok) std::abort();
    url = absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port));
    thread_ = std::thread([this] { Run(); });
  }
  ~SlowServer() {
    stopping_ = true;
    thread_.join();
    for (const auto& [fd, connection] : connections_) close(fd);
    close(listener_);
  }

  std::string url;
  std::atomic<int> accepted = 0;
  std::atomic<int> most_at_once = 0;
  void AwaitRequest() {
    std::unique_lock lock(mutex_);
    requested_.wait(lock, [&] { return !paths_.empty(); });
  }
  std::vector<std::string> paths() {
    std::lock_guard lock(mutex_);
    return paths_;
  }

 private:
  struct Connection {
    std::string seen;
    std::string path;  // of the request that waits for its answer
    absl::Time answer_at = absl::InfiniteFuture();
  };

  void Run() {
    while (!stopping_) {
      std::vector<pollfd> polled = {{listener_, POLLIN, 0}};
      for (const auto& [fd, connection] : connections_) polled.push_back({fd, POLLIN, 0});
      poll(polled.data(), polled.size(), 1);
      for (int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK); fd >= 0;
           fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) {
        ++accepted;
        connections_[fd];
      }
      int waiting = 0;
      for (auto it = connections_.begin(); it != connections_.end();) {
        const bool stays = Serve(it->first, it->second);
        if (stays && it->second.answer_at != absl::InfiniteFuture()) ++waiting;
        if (!stays) close(it->first);
        it = stays ? std::next(it) : connections_.erase(it);
      }
      most_at_once = std::max(most_at_once.load(), waiting);
    }
  }

  // False if the connection is to be closed.
  bool Serve(int fd, Connection& connection) {
    char buffer[4096];
    const ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n == 0) return false;
    if (n > 0) connection.seen.append(buffer, static_cast<size_t>(n));
    const size_t end = connection.seen.find("\r\n\r\n");
    if (end != std::string::npos) {  // bodies are small: they come with their headers
      const size_t begin = connection.seen.find(' ') + 1;
      connection.path = connection.seen.substr(begin, connection.seen.find(' ', begin) - begin);
      connection.seen.clear();
      connection.answer_at = absl::Now() + latency_;
      std::lock_guard lock(mutex_);
      paths_.push_back(connection.path);
      requested_.notify_all();
    }
    if (connection.answer_at > absl::Now()) return true;
    connection.answer_at = absl::InfiniteFuture();
    if (absl::StartsWith(connection.path, "/drop")) return false;
    const bool is_busy = absl::StartsWith(connection.path, "/busy");
    const std::string answer =
        absl::StrCat("HTTP/1.1 ", is_busy ? "429 Too Many Requests" : "200 OK",
                     "\r\nContent-Length: ", connection.path.size(), "\r\n\r\n", connection.path);
    return send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) > 0;
  }

  const absl::Duration latency_;
  int listener_ = -1;
  std::map<int, Connection> connections_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::condition_variable requested_;
  std::vector<std::string> paths_;
  std::thread thread_;
};

}  // namespace perennial::payment_token
