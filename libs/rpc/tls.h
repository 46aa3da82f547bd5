#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace perennial::rpc {

// PEM texts of mutual TLS (R33). The certificate names its owner: spiffe://perennial/service/NAME.
struct Tls {
  std::string certificate_chain;
  std::string private_key;
  std::string authority;  // whose certificates are believed
};

// When the first certificate of a PEM text ends.
absl::StatusOr<absl::Time> CertificateEnd(const std::string& certificate_chain);

}  // namespace perennial::rpc
