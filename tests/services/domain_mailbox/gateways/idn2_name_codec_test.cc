#include "services/domain_mailbox/gateways/idn2_name_codec.h"

#include <catch2/catch.hpp>

namespace perennial::domain_mailbox {
namespace {

TEST_CASE("Names in Unicode and in A-labels are the same name") {
  const Idn2NameCodec codec;
  for (const char* typed : {"müller.example", "xn--mller-kva.example", "XN--MLLER-KVA.example"}) {
    INFO(typed);
    const auto forms = codec.Read(typed);
    REQUIRE(forms.has_value());
    CHECK(forms->a_labels == "xn--mller-kva.example");
    CHECK(forms->display == "müller.example");
  }
  CHECK(codec.Read("straße.example")->a_labels == "xn--strae-oqa.example");
  CHECK(codec.Read("plain.example")->display == "plain.example");
}

TEST_CASE("What would silently become another name is no name") {
  const Idn2NameCodec codec;
  for (const char* typed :
       {"", "mül\xC2\xADler.example", "ＡＢＣ.example", "☃.example", "xn--a.example", "xn--.example",
        "m\xFC"
        "ller.example",
        "a\xE2\x80\x8D"
        "b.example"}) {
    INFO(typed);
    CHECK_FALSE(codec.Read(typed).has_value());
  }
  CHECK_FALSE(codec.Read(std::string(5000, 'a')).has_value());
  CHECK_FALSE(codec.Read(std::string("a\0b.example", 11)).has_value());
}

}  // namespace
}  // namespace perennial::domain_mailbox
