-- migrate:up

-- Names. Two dates, never one: what the registry says, and what the customer paid.
CREATE TABLE domain (
  id               uuid        PRIMARY KEY,  -- the product's
  account_id       uuid        NOT NULL,
  name             text        NOT NULL CHECK (name = lower(name) AND length(name) <= 253),
  state            text        NOT NULL
    CHECK (state IN ('pending_create', 'active', 'expired', 'redemption', 'reactivating', 'deleted')),
  registry_expiry  timestamptz,
  paid_through     date        NOT NULL,
  time_zone        text        NOT NULL,
  redemption_since timestamptz,
  upkeep_at        timestamptz,
  upkeep_failures  int         NOT NULL DEFAULT 0,
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  version          bigint      NOT NULL
);
-- Nobody registers a name twice at the same time, whatever races.
CREATE UNIQUE INDEX domain_living_name ON domain (name) WHERE state <> 'deleted';
CREATE INDEX domain_account ON domain (account_id, name);
CREATE INDEX domain_upkeep ON domain (upkeep_at) WHERE upkeep_at IS NOT NULL;

CREATE TABLE mailbox (
  id              uuid        PRIMARY KEY,  -- the product's
  account_id      uuid        NOT NULL,
  domain_id       uuid        NOT NULL,
  domain_name     text        NOT NULL,
  local_part      text        NOT NULL CHECK (length(local_part) BETWEEN 1 AND 64),
  state           text        NOT NULL CHECK (state IN ('pending', 'active', 'suspended', 'deleted')),
  quota_mib       int         NOT NULL CHECK (quota_mib > 0),
  password_hash   text,
  paid_through    date        NOT NULL,
  time_zone       text        NOT NULL,
  purge_at        timestamptz,
  upkeep_at       timestamptz,
  upkeep_failures int         NOT NULL DEFAULT 0,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  version         bigint      NOT NULL
);
CREATE UNIQUE INDEX mailbox_living_address ON mailbox (domain_id, local_part) WHERE state <> 'deleted';
CREATE INDEX mailbox_account ON mailbox (account_id);
CREATE INDEX mailbox_upkeep ON mailbox (upkeep_at) WHERE upkeep_at IS NOT NULL;

-- One a paid order and product (R31): never forgotten, never done twice.
CREATE TABLE delivery (
  order_id              uuid        NOT NULL,
  product_id            uuid        NOT NULL,
  account_id            uuid        NOT NULL,
  kind                  text        NOT NULL
    CHECK (kind IN ('register_domain', 'renew_domain', 'create_mailbox', 'renew_mailbox')),
  domain_name           text,
  years                 int,
  expected_paid_through date,
  restore               boolean,
  domain_id             uuid,
  local_part            text,
  quota_mib             int,
  paid_through          date        NOT NULL,
  time_zone             text        NOT NULL,
  state                 text        NOT NULL
    CHECK (state IN ('done', 'pending', 'rejected', 'retryable', 'unknown')),
  rejection             text,
  pending_reference     text        NOT NULL,
  attempt_count         int         NOT NULL,
  next_attempt_at       timestamptz,
  created_at            timestamptz NOT NULL,
  updated_at            timestamptz NOT NULL,
  CONSTRAINT delivery_pkey PRIMARY KEY (order_id, product_id),
  CONSTRAINT delivery_rejection_given CHECK ((state = 'rejected') = (rejection IS NOT NULL)),
  CONSTRAINT delivery_open_is_due CHECK ((state IN ('done', 'rejected')) = (next_attempt_at IS NULL))
);
CREATE INDEX delivery_due ON delivery (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX delivery_product ON delivery (product_id, created_at);
CREATE INDEX delivery_account ON delivery (account_id);

-- Who works on a product now. A dead worker's hold ends by itself.
CREATE TABLE hold (
  product_id uuid        PRIMARY KEY,
  holder     uuid        NOT NULL,
  held_until timestamptz NOT NULL
);

-- Accounts that were deleted (R7), by an id that follows from theirs and does not lead back: what comes late is refused.
CREATE TABLE deleted_account (
  pseudonym  uuid        PRIMARY KEY,
  deleted_at timestamptz NOT NULL
);

-- The simulated back ends' own books: other parties' memory, written only by gateways/.
CREATE TABLE simulated_registration (
  name            text        PRIMARY KEY,
  holder          uuid        NOT NULL,
  status          text        NOT NULL CHECK (status IN ('pending_create', 'ok', 'redemption', 'pending_restore')),
  expiry          timestamptz NOT NULL,
  polls_left      int         NOT NULL DEFAULT 0,
  auto_renewed_at timestamptz,
  deleted_at      timestamptz,
  created_at      timestamptz NOT NULL
);
CREATE TABLE simulated_operation (
  operation uuid PRIMARY KEY,
  kind      text NOT NULL,
  subject   text NOT NULL,  -- a domain's name, a mailbox's id
  done_at   timestamptz NOT NULL
);
CREATE TABLE simulated_zone (
  domain_name text    PRIMARY KEY,
  held        boolean NOT NULL,
  records     jsonb   NOT NULL
);
CREATE TABLE simulated_mailbox (
  id            uuid PRIMARY KEY,
  address       text UNIQUE,
  quota_mib     int  NOT NULL,
  password_hash text,
  status        text NOT NULL CHECK (status IN ('pending', 'active', 'suspended', 'detached')),
  polls_left    int  NOT NULL DEFAULT 0
);

-- migrate:down
DROP TABLE simulated_mailbox, simulated_zone, simulated_operation, simulated_registration,
           deleted_account, hold, delivery, mailbox, domain;
