#pragma once

#include <string>

namespace perennial::rpc {

// PEM texts of mutual TLS (R33). The certificate names its owner: spiffe://perennial/service/NAME.
struct Tls {
  std::string certificate_chain;
  std::string private_key;
  std::string authority;  // whose certificates are believed
};

}  // namespace perennial::rpc
