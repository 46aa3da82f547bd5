// The books on disk: one file, appended to and never changed, read again at start.
//
// Owns: durability and the form of a line. Does not own: what an entry means.
// A line is a JSON object. An unreadable last line is a write that was cut off and never answered: it
// is dropped. Damage anywhere else stops the start.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace perennial::gateway_simulator {

class Journal {
 public:
  // Opens `folder`/books.journal, creating folder (mode 700) and file (600) if missing, and locks it
  // against a second process. FAILED_PRECONDITION if it is locked, DATA_LOSS if it is damaged.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& folder);
  ~Journal();

  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // The entries found when it was opened, oldest first; once.
  std::vector<nlohmann::json> TakeEntries() { return std::move(entries_); }

  // Writes the entry, a JSON object without line breaks, into the file. On an error nothing of it is left
  // there.
  absl::Status Append(std::string entry);
  // Returns when all entries are on disk. If the disk refuses, nobody knows what it holds, and the process
  // aborts.
  void Sync();

 private:
  Journal(int fd, int64_t size, std::vector<nlohmann::json> entries);

  int fd_;
  int64_t size_;
  bool is_synced_ = true;
  std::vector<nlohmann::json> entries_;
};

// 32 random bytes in `folder`/hash.key (mode 600), made at the first start: the key of fingerprints
// and parameter hashes, so that no card number can be guessed from the journal.
absl::StatusOr<std::string> LoadHashKey(const std::string& folder);

}  // namespace perennial::gateway_simulator
