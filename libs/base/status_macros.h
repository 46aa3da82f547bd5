#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Early return on a refusal. This Abseil ships no status macros of its own.
#define PERENNIAL_CONCAT_INNER(a, b) a##b
#define PERENNIAL_CONCAT(a, b) PERENNIAL_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expression) RETURN_IF_ERROR_INNER(PERENNIAL_CONCAT(status_, __LINE__), expression)

#define RETURN_IF_ERROR_INNER(temporary, expression)                              \
  do {                                                                            \
    if (absl::Status temporary = (expression); !temporary.ok()) return temporary; \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_INNER(PERENNIAL_CONCAT(status_or_, __LINE__), declaration, expression)

#define ASSIGN_OR_RETURN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                                   \
  if (!temporary.ok()) return std::move(temporary).status();       \
  declaration = *std::move(temporary)
