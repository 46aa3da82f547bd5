#include "libs/rpc/tls.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

namespace perennial::rpc {

absl::StatusOr<absl::Time> CertificateEnd(const std::string& certificate_chain) {
  const std::unique_ptr<BIO, int (*)(BIO*)> text(
      BIO_new_mem_buf(certificate_chain.data(), static_cast<int>(certificate_chain.size())), BIO_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), X509_free);
  std::tm end{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1)
    return absl::InvalidArgumentError("holds no PEM certificate");
  return absl::FromTM(end, absl::UTCTimeZone());
}

}  // namespace perennial::rpc
