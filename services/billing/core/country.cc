#include "services/billing/core/country.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"

namespace perennial::billing::core {
namespace {

// ISO 3166-1 alpha-2, officially assigned codes.
constexpr absl::string_view kCountryCodes =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV "
    "BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES "
    "ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE "
    "IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY "
    "MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU "
    "NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM "
    "SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE "
    "VG VI VN VU WF WS YE YT ZA ZM ZW ";

// The payment gateway does not serve them.
constexpr std::array<absl::string_view, 4> kNotServed = {"CU", "IR", "KP", "SY"};

constexpr std::array<VatState, 27> kVatStates = {{
    {"AT", "Austria", "Autriche", "Europe/Vienna", "AT"},
    {"BE", "Belgium", "Belgique", "Europe/Brussels", "BE"},
    {"BG", "Bulgaria", "Bulgarie", "Europe/Sofia", "BG"},
    {"CY", "Cyprus", "Chypre", "Asia/Nicosia", "CY"},
    {"CZ", "Czechia", "Tchéquie", "Europe/Prague", "CZ"},
    {"DE", "Germany", "Allemagne", "Europe/Berlin", "DE"},
    {"DK", "Denmark", "Danemark", "Europe/Copenhagen", "DK"},
    {"EE", "Estonia", "Estonie", "Europe/Tallinn", "EE"},
    {"ES", "Spain", "Espagne", "Europe/Madrid", "ES"},
    {"FI", "Finland", "Finlande", "Europe/Helsinki", "FI"},
    {"FR", "France", "France", "Europe/Paris", "FR"},
    {"GR", "Greece", "Grèce", "Europe/Athens", "EL"},
    {"HR", "Croatia", "Croatie", "Europe/Zagreb", "HR"},
    {"HU", "Hungary", "Hongrie", "Europe/Budapest", "HU"},
    {"IE", "Ireland", "Irlande", "Europe/Dublin", "IE"},
    {"IT", "Italy", "Italie", "Europe/Rome", "IT"},
    {"LT", "Lithuania", "Lituanie", "Europe/Vilnius", "LT"},
    {"LU", "Luxembourg", "Luxembourg", "Europe/Luxembourg", "LU"},
    {"LV", "Latvia", "Lettonie", "Europe/Riga", "LV"},
    {"MT", "Malta", "Malte", "Europe/Malta", "MT"},
    {"NL", "Netherlands", "Pays-Bas", "Europe/Amsterdam", "NL"},
    {"PL", "Poland", "Pologne", "Europe/Warsaw", "PL"},
    {"PT", "Portugal", "Portugal", "Europe/Lisbon", "PT"},
    {"RO", "Romania", "Roumanie", "Europe/Bucharest", "RO"},
    {"SE", "Sweden", "Suède", "Europe/Stockholm", "SE"},
    {"SI", "Slovenia", "Slovénie", "Europe/Ljubljana", "SI"},
    {"SK", "Slovakia", "Slovaquie", "Europe/Bratislava", "SK"},
}};

}  // namespace

bool IsCountryCode(absl::string_view code) {
  return code.size() == 2 && absl::StrContains(kCountryCodes, std::string(code) + " ");
}

bool IsServed(absl::string_view code) {
  return std::find(kNotServed.begin(), kNotServed.end(), code) == kNotServed.end();
}

const VatState* VatStateOf(absl::string_view country_code) {
  const absl::string_view code = country_code == "MC" ? "FR" : country_code;
  for (const VatState& state : kVatStates) {
    if (state.code == code) return &state;
  }
  return nullptr;
}

CivilDate DayIn(const VatState& state, absl::Time time) {
  const auto zone = LoadTimeZone(state.time_zone);
  return DateAt(time, zone.ok() ? *zone : absl::UTCTimeZone());
}

}  // namespace perennial::billing::core
