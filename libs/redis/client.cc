#include "libs/redis/client.h"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace perennial::redis {
namespace {

constexpr timeval kTimeout = {.tv_sec = 2, .tv_usec = 0};

Reply ToReply(const redisReply& raw) {
  Reply reply;
  switch (raw.type) {
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::kInteger;
      reply.integer = raw.integer;
      break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      reply.kind = Reply::Kind::kText;
      reply.text.assign(raw.str, raw.len);
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::kArray;
      for (size_t i = 0; i < raw.elements; ++i) reply.array.push_back(ToReply(*raw.element[i]));
      break;
    default:
      break;
  }
  return reply;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::ForUrl(absl::string_view url) {
  const std::vector<std::string> parts = absl::StrSplit(absl::StripPrefix(url, "redis://"), ':');
  int port = 6379;
  const bool read = parts.size() == 1 || (parts.size() == 2 && absl::SimpleAtoi(parts[1], &port));
  if (!read || parts[0].empty() || port < 1 || port > 65535) {
    return absl::InvalidArgumentError("a Redis URL is redis://host:port");
  }
  return std::unique_ptr<Client>(new Client(parts[0], port));
}

Client::~Client() {
  if (context_ != nullptr) redisFree(context_);
}

absl::Status Client::Lost(absl::string_view why) {
  absl::Status status = Unavailable("SERVICE_UNAVAILABLE", absl::StrCat("Redis cannot be reached: ", why));
  if (context_ != nullptr) redisFree(context_);  // `why` may be its own
  context_ = nullptr;
  return status;
}

absl::Status Client::Connect() {
  if (context_ != nullptr) return absl::OkStatus();
  context_ = redisConnectWithTimeout(host_.c_str(), port_, kTimeout);
  if (context_ == nullptr) return Lost("out of memory");
  if (context_->err != 0) return Lost(context_->errstr);
  if (redisSetTimeout(context_, kTimeout) != REDIS_OK) return Lost("no time-out can be set");
  return absl::OkStatus();
}

absl::StatusOr<Reply> Client::ReadReply() {
  void* raw = nullptr;
  if (redisGetReply(context_, &raw) != REDIS_OK) return Lost(context_->errstr);
  const std::unique_ptr<void, void (*)(void*)> owner(raw, freeReplyObject);
  const auto& reply = *static_cast<redisReply*>(raw);
  if (reply.type == REDIS_REPLY_ERROR) return Lost(absl::string_view(reply.str, reply.len));
  return ToReply(reply);
}

absl::StatusOr<Reply> Client::Run(const Command& command) {
  ASSIGN_OR_RETURN(std::vector<Reply> replies, RunAll({command}));
  return std::move(replies.front());
}

absl::StatusOr<std::vector<Reply>> Client::RunAll(const std::vector<Command>& commands) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Connect());
  for (const Command& command : commands) {
    std::vector<const char*> parts;
    std::vector<size_t> lengths;
    for (const std::string& part : command) {
      parts.push_back(part.data());
      lengths.push_back(part.size());
    }
    if (redisAppendCommandArgv(context_, static_cast<int>(parts.size()), parts.data(), lengths.data()) !=
        REDIS_OK) {
      return Lost(context_->errstr);
    }
  }
  std::vector<Reply> replies;
  for (size_t i = 0; i < commands.size(); ++i) {
    ASSIGN_OR_RETURN(Reply reply, ReadReply());
    replies.push_back(std::move(reply));
  }
  return replies;
}

}  // namespace perennial::redis
