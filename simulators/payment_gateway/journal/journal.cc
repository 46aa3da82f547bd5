#include "simulators/payment_gateway/journal/journal.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace perennial::gateway_simulator {
namespace {

using nlohmann::json;

absl::Status Failure(const char* what, const std::string& path) {
  return absl::InternalError(absl::StrCat(what, " ", path, ": ", std::strerror(errno)));
}

absl::Status MakeFolder(const std::string& folder) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(folder, error);
  if (error) return absl::InternalError(absl::StrCat("cannot make ", folder, ": ", error.message()));
  if (made) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  return absl::OkStatus();
}

// A new file's name is durable only once its folder is synced.
absl::Status SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failure("cannot open", folder);
  const int synced = fsync(fd);
  close(fd);
  return synced == 0 ? absl::OkStatus() : Failure("cannot sync", folder);
}

bool WriteAll(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// The entries, and how much of the file they are; the rest is a write that was cut off.
struct Replay {
  std::vector<json> entries;
  int64_t size = 0;
};

absl::StatusOr<Replay> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  Replay replay;
  size_t begin = 0;
  while (begin < content.size()) {
    const size_t end = content.find('\n', begin);
    if (end == std::string::npos) break;
    json entry = json::parse(content.begin() + static_cast<int64_t>(begin),
                             content.begin() + static_cast<int64_t>(end), nullptr, false);
    if (!entry.is_object()) {
      if (end + 1 == content.size()) break;
      return absl::DataLossError(absl::StrCat(path, " is damaged at byte ", begin));
    }
    replay.entries.push_back(std::move(entry));
    begin = end + 1;
  }
  replay.size = static_cast<int64_t>(begin);
  return replay;
}

}  // namespace

Journal::Journal(int fd, int64_t size, std::vector<json> entries)
    : fd_(fd), size_(size), entries_(std::move(entries)) {}

Journal::~Journal() {
  close(fd_);
}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& folder) {
  if (absl::Status made = MakeFolder(folder); !made.ok()) return made;
  const std::string path = folder + "/books.journal";
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return Failure("cannot open", path);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return absl::FailedPreconditionError(absl::StrCat(path, " is in use by another process"));
  }
  absl::StatusOr<Replay> replay = Read(path);
  absl::Status status = replay.status();
  if (status.ok() && ftruncate(fd, replay->size) != 0) status = Failure("cannot truncate", path);
  if (status.ok()) status = SyncFolder(folder);
  if (!status.ok()) {
    close(fd);
    return status;
  }
  return std::unique_ptr<Journal>(new Journal(fd, replay->size, std::move(replay->entries)));
}

absl::Status Journal::Append(std::string entry) {
  entry.push_back('\n');
  if (!WriteAll(fd_, entry)) {
    const absl::Status failure = Failure("cannot write", "books.journal");
    if (ftruncate(fd_, size_) != 0) std::abort();
    return failure;
  }
  is_synced_ = false;
  size_ += static_cast<int64_t>(entry.size());
  return absl::OkStatus();
}

void Journal::Sync() {
  if (is_synced_) return;
  if (fdatasync(fd_) != 0) std::abort();
  is_synced_ = true;
}

absl::StatusOr<std::string> LoadHashKey(const std::string& folder) {
  const std::string path = folder + "/hash.key";
  std::string key(crypto_generichash_KEYBYTES, '\0');
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Failure("cannot open", path);
  const ssize_t found = read(fd, key.data(), key.size());
  absl::Status status;
  if (found == 0) {
    randombytes_buf(key.data(), key.size());
    if (!WriteAll(fd, key) || fsync(fd) != 0) status = Failure("cannot write", path);
    if (status.ok()) status = SyncFolder(folder);
  } else if (found != static_cast<ssize_t>(key.size())) {
    status = absl::DataLossError(absl::StrCat(path, " does not hold a key"));
  }
  close(fd);
  if (!status.ok()) return status;
  return key;
}

}  // namespace perennial::gateway_simulator
