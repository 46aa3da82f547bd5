#include "libs/crypto/password.h"

#include <sodium.h>

#include <cstdlib>
#include <semaphore>

namespace perennial::crypto {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr size_t kMemoryBytes = 19456 * 1024;
constexpr std::ptrdiff_t kParallel = 2;

class Turn {
 public:
  Turn() { Slots().acquire(); }
  ~Turn() { Slots().release(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  static std::counting_semaphore<kParallel>& Slots() {
    static std::counting_semaphore<kParallel> slots(kParallel);
    return slots;
  }
};

}  // namespace

std::string HashPassword(absl::string_view password) {
  if (sodium_init() < 0) std::abort();
  const Turn turn;
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(hash, password.data(), password.size(), kPasses, kMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    std::abort();  // out of memory
  }
  return hash;
}

bool VerifyPassword(const std::string& hash, absl::string_view password) {
  static const std::string nobody = HashPassword("nobody has this password");
  const Turn turn;
  const std::string& compared = hash.empty() ? nobody : hash;
  const bool same = crypto_pwhash_str_verify(compared.c_str(), password.data(), password.size()) == 0;
  return same && !hash.empty();
}

}  // namespace perennial::crypto
