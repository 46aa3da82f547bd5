#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct redisContext;

namespace perennial::redis {

// A reply of RESP2. Errors of the server are statuses, not replies.
struct Reply {
  enum class Kind { kNil, kInteger, kText, kArray };
  Kind kind = Kind::kNil;
  int64_t integer = 0;
  std::string text;
  std::vector<Reply> array;
};

using Command = std::vector<std::string>;

// Thread-safe; one command or pipeline at a time. Any failure to reach the server is UNAVAILABLE and drops
// the connection; the next use makes a new one. Waits at most 2 seconds.
class Client {
 public:
  // `url`: redis://host:port
  static absl::StatusOr<std::unique_ptr<Client>> ForUrl(absl::string_view url);
  ~Client();

  absl::StatusOr<Reply> Run(const Command& command);
  // Sends all, then reads all: one round trip. Fails if any fails.
  absl::StatusOr<std::vector<Reply>> RunAll(const std::vector<Command>& commands);

 private:
  Client(std::string host, int port) : host_(std::move(host)), port_(port) {}
  absl::Status Connect();
  absl::StatusOr<Reply> ReadReply();
  absl::Status Lost(absl::string_view why);

  const std::string host_;
  const int port_;
  std::mutex mutex_;
  redisContext* context_ = nullptr;
};

}  // namespace perennial::redis
