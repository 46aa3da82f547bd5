-- migrate:up

-- An account's tie to the gateway.
CREATE TABLE gateway_accounts (
  account_id       uuid PRIMARY KEY,
  customer         bytea,        -- sealed; the gateway's id of who owns the tokens; NULL: none
  last_used_method uuid,         -- of the last successful charge, held or not (R16)
  deleted_at       timestamptz,
  next_removal_at  timestamptz,  -- when the job next tries to delete the customer at the gateway
  lease_until      timestamptz
);
CREATE INDEX gateway_accounts_to_remove ON gateway_accounts (next_removal_at) WHERE next_removal_at IS NOT NULL;

-- That an account was deleted, by a keyed hash that only its holder's id fits: nothing is stored for it any more (R7).
CREATE TABLE deleted_accounts (
  account_hash bytea       PRIMARY KEY,
  deleted_at   timestamptz NOT NULL
);

-- What may be kept of a card (R21); never its number, never its security code.
CREATE TABLE payment_methods (
  payment_method_id uuid        PRIMARY KEY,
  account_id        uuid        NOT NULL REFERENCES gateway_accounts,
  token             bytea       NOT NULL,  -- sealed
  brand             text        NOT NULL CHECK (brand IN ('visa', 'mastercard', 'american_express', 'discover',
                                                          'diners_club', 'jcb', 'union_pay', 'other')),
  last_four         text        NOT NULL CHECK (last_four ~ '^[0-9]{4}$'),
  expiry_month      integer     NOT NULL CHECK (expiry_month BETWEEN 1 AND 12),
  expiry_year       integer     NOT NULL CHECK (expiry_year BETWEEN 2000 AND 2200),
  fingerprint       text        NOT NULL,  -- keyed, and different in each account
  country_code      text        NOT NULL CHECK (country_code ~ '^([A-Z]{2})?$'),
  funding           text        NOT NULL CHECK (funding IN ('unknown', 'credit', 'debit', 'prepaid')),
  created_at        timestamptz NOT NULL,
  last_used_at      timestamptz,
  removed_at        timestamptz,           -- hidden since then; the row goes when the token is gone at the gateway
  next_detach_at    timestamptz,
  lease_until       timestamptz
);
-- One entry a card.
CREATE UNIQUE INDEX payment_methods_held ON payment_methods (account_id, fingerprint) WHERE removed_at IS NULL;
CREATE INDEX payment_methods_newest ON payment_methods (account_id, created_at DESC, payment_method_id DESC)
  WHERE removed_at IS NULL;
CREATE INDEX payment_methods_to_detach ON payment_methods (next_detach_at) WHERE removed_at IS NOT NULL;

-- That there was one, and no more: so a charge that names it is told so.
CREATE TABLE removed_payment_methods (
  payment_method_id uuid        PRIMARY KEY,
  account_id        uuid        NOT NULL,
  removed_at        timestamptz NOT NULL
);
CREATE INDEX removed_payment_methods_account ON removed_payment_methods (account_id);

-- One attempt to take an amount from one method, each sent to the gateway under its id (R23). The books: never
-- deleted. When the account goes, what is readable goes, and a pseudonym takes the place of its id (R7).
CREATE TABLE charges (
  charge_id           uuid        PRIMARY KEY,
  account_id          uuid        NOT NULL,
  is_pseudonymous     boolean     NOT NULL DEFAULT false,  -- account_id is a pseudonym
  order_id            uuid        NOT NULL,
  requested_method_id uuid,        -- NULL: chosen by R16
  payment_method_id   uuid,        -- pinned
  payment_description text        NOT NULL,
  amount_minor        bigint      NOT NULL CHECK (amount_minor > 0),
  currency            text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  off_session         boolean     NOT NULL,
  description         text        NOT NULL,
  state               text        NOT NULL CHECK (state IN ('pending', 'succeeded', 'declined', 'requires_action',
                                                            'no_payment_method', 'unknown')),
  decline_code        text        NOT NULL,
  decline_class       text        NOT NULL CHECK (decline_class IN ('none', 'soft', 'hard', 'customer_action')),
  action_url          text        NOT NULL,
  gateway_reference   text        NOT NULL,
  created_at          timestamptz NOT NULL,
  updated_at          timestamptz NOT NULL,
  first_sent_at       timestamptz,
  ask_count           integer     NOT NULL,
  last_asked_at       timestamptz,
  next_ask_at         timestamptz,
  lease_until         timestamptz,
  CONSTRAINT charges_final CHECK ((next_ask_at IS NULL) = (state IN ('succeeded', 'declined', 'no_payment_method'))),
  CONSTRAINT charges_method CHECK ((payment_method_id IS NULL) = (state = 'no_payment_method'))
);
CREATE INDEX charges_due ON charges (next_ask_at) WHERE next_ask_at IS NOT NULL;
CREATE INDEX charges_open_method ON charges (payment_method_id) WHERE next_ask_at IS NOT NULL;
CREATE INDEX charges_account ON charges (account_id, created_at, charge_id);
CREATE INDEX charges_oldest ON charges (created_at, charge_id);

CREATE TABLE refunds (
  refund_id         uuid        PRIMARY KEY,
  charge_id         uuid        NOT NULL REFERENCES charges,
  requested_minor   bigint,      -- NULL: all that was left
  amount_minor      bigint      NOT NULL CHECK (amount_minor > 0),
  currency          text        NOT NULL,
  state             text        NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed', 'unknown')),
  failure_code      text        NOT NULL,
  gateway_reference text        NOT NULL,
  created_at        timestamptz NOT NULL,
  updated_at        timestamptz NOT NULL,
  first_sent_at     timestamptz,
  ask_count         integer     NOT NULL,
  last_asked_at     timestamptz,
  next_ask_at       timestamptz,
  lease_until       timestamptz,
  CONSTRAINT refunds_final CHECK ((next_ask_at IS NULL) = (state IN ('succeeded', 'failed')))
);
CREATE INDEX refunds_charge ON refunds (charge_id, created_at, refund_id);
CREATE INDEX refunds_due ON refunds (next_ask_at) WHERE next_ask_at IS NOT NULL;

-- migrate:down
DROP TABLE refunds, charges, removed_payment_methods, payment_methods, deleted_accounts, gateway_accounts;
