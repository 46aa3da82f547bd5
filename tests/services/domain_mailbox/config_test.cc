#include "services/domain_mailbox/config.h"

#include <catch2/catch.hpp>

namespace perennial::domain_mailbox {
namespace {

// All that ReadConfig has to say about an environment with nothing in it but BACK_ENDS.
std::string Mistakes(std::optional<std::string> back_ends) {
  Environment environment([&](const std::string& name) -> std::optional<std::string> {
    return name == "BACK_ENDS" ? back_ends : std::nullopt;
  });
  return std::string(ReadConfig(environment).status().message());
}

TEST_CASE("Nobody sells simulated domains without having asked for it") {
  CHECK(Mistakes("simulated").find("BACK_ENDS") == std::string::npos);
  CHECK(Mistakes(std::nullopt).find("BACK_ENDS") != std::string::npos);
  CHECK(Mistakes("").find("BACK_ENDS") != std::string::npos);
  CHECK(Mistakes("real").find("BACK_ENDS") != std::string::npos);
}

}  // namespace
}  // namespace perennial::domain_mailbox
