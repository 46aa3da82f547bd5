#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/base/caller.h"
#include "libs/crypto/access_token.h"
#include "libs/rpc/service.h"

namespace perennial::rpc {

// What the transport knows of a caller.
struct Credentials {
  std::string authorization;  // the header, "Bearer …"; empty if none
  std::string spiffe_id;      // of a verified client certificate; empty if none
};

// Who is calling, or UNAUTHENTICATED (ACCESS_TOKEN_MISSING, _INVALID, _EXPIRED) or PERMISSION_DENIED
// (CALLER_NOT_ALLOWED) if `access` does not let them in. The method decides which credential counts: a token
// for customers, a certificate for services and operators.
absl::StatusOr<Caller> Identify(const Credentials& credentials, const Access& access,
                                crypto::AccessTokenVerifier& tokens);

// In which language ("en", "fr") a person will read why a call was refused (R6); empty where only programs
// call.
absl::string_view ReaderLanguage(const Access& access, const Caller& caller,
                                 absl::string_view accept_language);

// Whose request ids are whose: "account/UUID", "service/NAME", "operator/NAME", "public".
std::string RequestScope(const Caller& caller);

}  // namespace perennial::rpc
