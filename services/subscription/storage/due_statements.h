#pragma once

// How jobs find their work: apart from the stores, so that a test can ask Postgres for the very plans.
namespace perennial::subscription {

// $1: now. $2: how many.
inline constexpr char kRenewalsDue[] =
    "SELECT id, account_id FROM products WHERE renew_at <= $1 AND (retry_at IS NULL OR retry_at <= $1) AND "
    "account_id NOT IN (SELECT account_id FROM account_deletions WHERE account_id IS NOT NULL) ORDER BY "
    "renew_at LIMIT $2";
inline constexpr char kNoticesDue[] =
    "SELECT id, account_id FROM products WHERE notice_at <= $1 AND (retry_at IS NULL OR retry_at <= $1) "
    "ORDER BY notice_at LIMIT $2";
inline constexpr char kExpiriesDue[] =
    "SELECT id, account_id FROM products WHERE state = 'active' AND expires_at <= $1 AND (retry_at IS NULL "
    "OR "
    "retry_at <= $1) ORDER BY expires_at LIMIT $2";
inline constexpr char kEndsDue[] =
    "SELECT p.id, p.account_id FROM products p WHERE p.state = 'expired' AND p.ends_at <= $1 AND (p.retry_at "
    "IS NULL OR p.retry_at <= $1) AND NOT EXISTS (SELECT FROM orders o WHERE o.product_id = p.id AND "
    "o.standing NOT IN ('done', 'void') AND o.step <> 'cancel_pro_forma') ORDER BY p.ends_at LIMIT $2";
// $1: now. $2: the lease's end. $3: how many.
inline constexpr char kClaimOrdersDue[] =
    "UPDATE orders SET lease_until = $2, version = version + 1 WHERE id IN (SELECT id FROM orders WHERE "
    "greatest(next_at, lease_until) <= $1 AND next_at IS NOT NULL AND standing <> 'held' ORDER BY "
    "greatest(next_at, lease_until) LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING id, product_id, version";

// When the oldest order began that should be over soon: not one on the ladder, nor one whose delivery takes
// days, which domain_mailbox watches.
inline constexpr char kOldestOpen[] =
    "SELECT min(created_at) AS oldest FROM orders WHERE standing IN ('running', 'held', 'leaving') AND "
    "step <> 'deliver'";

}  // namespace perennial::subscription
