#pragma once

#include "libs/pg/rows.h"
#include "services/payment_token/core/charge.h"
#include "services/payment_token/core/refund.h"

namespace perennial::payment_token {

// Rows of the tables charges and refunds, as the statements of PostgresChargeStore select them.
core::Charge ReadCharge(const pg::Row& row);
core::Refund ReadRefund(const pg::Row& row);

}  // namespace perennial::payment_token
