#include "services/billing/rpc/party_mapping.h"

#include <cstdlib>

#include "libs/rpc/proto_values.h"

namespace perennial::billing {

v1::TaxIdState ToProto(core::TaxIdState state) {
  switch (state) {
    case core::TaxIdState::kNone:
      return v1::TAX_ID_STATE_UNSPECIFIED;
    case core::TaxIdState::kFormChecked:
      return v1::TAX_ID_STATE_FORM_CHECKED;
    case core::TaxIdState::kUnverified:
      return v1::TAX_ID_STATE_UNVERIFIED;
    case core::TaxIdState::kVerified:
      return v1::TAX_ID_STATE_VERIFIED;
    case core::TaxIdState::kNotRegistered:
      return v1::TAX_ID_STATE_NOT_REGISTERED;
  }
  std::abort();
}

v1::Party ToProto(const core::Party& party) {
  v1::Party proto;
  proto.set_name(party.name);
  proto.set_company(party.company);
  for (const std::string& line : party.address_lines) proto.add_address_lines(line);
  proto.set_postal_code(party.postal_code);
  proto.set_city(party.city);
  proto.set_region(party.region);
  proto.set_country_code(party.country_code);
  proto.set_tax_id(party.tax_id);
  const core::TaxIdCheck& check = party.tax_id_check;
  proto.set_tax_id_state(ToProto(check.state));
  if (check.time) *proto.mutable_tax_id_check_time() = rpc::ToProto(*check.time);
  proto.set_tax_id_consultation(check.consultation);
  return proto;
}

}  // namespace perennial::billing
