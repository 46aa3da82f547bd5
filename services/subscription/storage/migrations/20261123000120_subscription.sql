-- migrate:up

CREATE TABLE sites (
  id           uuid        PRIMARY KEY,
  account_id   uuid        NOT NULL,
  display_name text        NOT NULL,
  version      bigint      NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL
);
CREATE INDEX sites_of_account ON sites (account_id, created_at, id);

-- Anything bought that has an expiry date. expiry_date = start_date + paid_months, kept for sorting.
CREATE TABLE products (
  id                uuid        PRIMARY KEY,
  account_id        uuid        NOT NULL,
  kind              text        NOT NULL,
  display_name      text        NOT NULL,
  site_id           uuid        REFERENCES sites,
  plan_id           text        NOT NULL,
  domain_name       text        NOT NULL,
  domain_product_id uuid,
  local_part        text        NOT NULL,
  mailbox_address   text        NOT NULL,
  state             text        NOT NULL,
  delivery_state    text        NOT NULL,
  currency          text        NOT NULL,
  cycle_months      integer     NOT NULL,
  start_date        date,
  expiry_date       date,
  paid_months       integer     NOT NULL,
  time_zone         text        NOT NULL,
  auto_renew        boolean     NOT NULL,
  next_plan_id      text        NOT NULL,
  next_cycle_months integer     NOT NULL,
  renew_at          timestamptz,
  expires_at        timestamptz,
  ends_at           timestamptz,
  notice_at         timestamptz,
  notice_stage      integer     NOT NULL,
  version           bigint      NOT NULL,
  paid_version      bigint      NOT NULL,
  created_at        timestamptz NOT NULL,
  updated_at        timestamptz NOT NULL
);
-- One paid plan a site, one mailbox an address, one domain a name and account.
CREATE UNIQUE INDEX products_plan_of_site ON products (site_id) WHERE kind = 'plan' AND state <> 'ended';
CREATE UNIQUE INDEX products_mailbox ON products (domain_product_id, local_part)
  WHERE kind = 'mailbox' AND state <> 'ended';
CREATE UNIQUE INDEX products_domain ON products (account_id, domain_name) WHERE kind = 'domain' AND state <> 'ended';
CREATE INDEX products_of_account ON products (account_id, (coalesce(expiry_date, DATE '9999-12-31')), id);
CREATE INDEX products_on_site ON products (site_id) WHERE site_id IS NOT NULL;
-- Finding work costs what is due, not what exists.
CREATE INDEX products_renewal_due ON products (renew_at) WHERE renew_at IS NOT NULL;
CREATE INDEX products_notice_due ON products (notice_at) WHERE notice_at IS NOT NULL;
CREATE INDEX products_expiry_due ON products (expires_at) WHERE state = 'active';
CREATE INDEX products_end_due ON products (ends_at) WHERE state = 'expired';

-- Paid intervals [start_date, end_date). value_* is paid_minor exactly, with the fractions that splits leave.
CREATE TABLE terms (
  id                uuid        PRIMARY KEY,
  product_id        uuid        NOT NULL REFERENCES products,
  account_id        uuid        NOT NULL,
  order_id          uuid        NOT NULL,
  plan_id           text        NOT NULL,
  cycle_months      integer     NOT NULL,
  start_date        date        NOT NULL,
  end_date          date        NOT NULL,
  time_zone         text        NOT NULL,
  currency          text        NOT NULL,
  paid_minor        bigint      NOT NULL CHECK (paid_minor >= 0),
  value_numerator   numeric(39) NOT NULL,
  value_denominator numeric(39) NOT NULL CHECK (value_denominator > 0),
  whole_days        integer     NOT NULL CHECK (whole_days > 0),
  state             text        NOT NULL,
  created_at        timestamptz NOT NULL,
  CONSTRAINT terms_not_empty CHECK (start_date < end_date)
);
-- The last guard of "each paid day exists once": two active terms of a product neither begin nor end together.
CREATE UNIQUE INDEX terms_start ON terms (product_id, start_date) WHERE state = 'active';
CREATE UNIQUE INDEX terms_end ON terms (product_id, end_date) WHERE state = 'active';
CREATE INDEX terms_of_product ON terms (product_id, start_date, created_at, id);
CREATE INDEX terms_by_time ON terms (created_at, id);

-- Purchases, upgrades and renewals, each taken once. offer holds what was promised, line by line.
CREATE TABLE orders (
  id                  uuid        PRIMARY KEY,
  account_id          uuid        NOT NULL,
  product_id          uuid        NOT NULL REFERENCES products,
  quote_id            uuid        UNIQUE,
  kind                text        NOT NULL,
  offer               jsonb       NOT NULL,
  term_start          date        NOT NULL,
  step                text        NOT NULL,
  failure             text        NOT NULL,
  total_minor         bigint,
  wanted_method       text        NOT NULL,
  payment_method      text        NOT NULL,
  payment_description text        NOT NULL,
  charge_id           uuid,
  attempt_count       integer     NOT NULL,
  wait                text        NOT NULL,
  next_at             timestamptz,
  first_attempt_at    timestamptz,
  dunning_ends_at     timestamptz,
  decline_code        text        NOT NULL,
  action_url          text        NOT NULL,
  invoice             text        NOT NULL,
  refund              text        NOT NULL,
  credit_note         text        NOT NULL,
  held_by             uuid,
  faults              integer     NOT NULL,
  lease_until         timestamptz,
  version             bigint      NOT NULL,
  created_at          timestamptz NOT NULL,
  updated_at          timestamptz NOT NULL
);
-- A renewal's natural key: one automatic renewal a product and term, unless the one before came to nothing.
CREATE UNIQUE INDEX orders_renewal ON orders (product_id, term_start)
  WHERE kind = 'automatic_renewal' AND step NOT IN ('failed', 'cancel_pro_forma', 'refunded');
-- Orders of a product exclude each other.
CREATE UNIQUE INDEX orders_one_running ON orders (product_id)
  WHERE step NOT IN ('done', 'failed', 'cancel_pro_forma', 'refunded') AND held_by IS NULL;
CREATE INDEX orders_open ON orders (product_id) WHERE step NOT IN ('done', 'failed', 'refunded');
CREATE INDEX orders_due ON orders (next_at) WHERE next_at IS NOT NULL AND held_by IS NULL;
CREATE INDEX orders_unfinished ON orders (created_at) WHERE step NOT IN ('done', 'failed', 'refunded', 'waiting');
CREATE INDEX orders_waiting ON orders (account_id) WHERE step = 'waiting';
CREATE INDEX orders_of_account ON orders (account_id, created_at DESC, id DESC);
CREATE INDEX orders_of_product ON orders (product_id, created_at DESC, id DESC);
CREATE INDEX orders_by_time ON orders (created_at, id);

-- Attempts to charge: pinned before the gateway is asked; the id is the charge's, and the key there.
CREATE TABLE attempts (
  id             uuid        PRIMARY KEY,
  order_id       uuid        NOT NULL REFERENCES orders,
  number         integer     NOT NULL,
  amount_minor   bigint      NOT NULL CHECK (amount_minor > 0),
  payment_method text        NOT NULL,
  off_session    boolean     NOT NULL,
  state          text        NOT NULL,
  decline_code   text        NOT NULL,
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  CONSTRAINT attempts_number UNIQUE (order_id, number)
);
-- A new attempt needs the previous one to be over.
CREATE UNIQUE INDEX attempts_one_in_flight ON attempts (order_id) WHERE state IN ('open', 'requires_action');

CREATE TABLE quotes (
  id               uuid        PRIMARY KEY,
  account_id       uuid        NOT NULL,
  offer            jsonb       NOT NULL,
  draft            jsonb       NOT NULL,
  tax_minor        bigint      NOT NULL,
  total_minor      bigint      NOT NULL,
  tax_descriptions jsonb       NOT NULL,
  resulting_expiry date        NOT NULL,
  order_id         uuid,
  expires_at       timestamptz NOT NULL,
  created_at       timestamptz NOT NULL
);
CREATE INDEX quotes_of_account ON quotes (account_id);
CREATE INDEX quotes_unused ON quotes (expires_at) WHERE order_id IS NULL;

-- Accounts that were deleted: nothing of theirs begins again. next_at is unset once their rows are gone.
CREATE TABLE account_deletions (
  account_id   uuid        PRIMARY KEY,
  requested_at timestamptz NOT NULL,
  next_at      timestamptz
);
CREATE INDEX account_deletions_due ON account_deletions (next_at) WHERE next_at IS NOT NULL;

-- migrate:down
DROP TABLE account_deletions, quotes, attempts, orders, terms, products, sites;
