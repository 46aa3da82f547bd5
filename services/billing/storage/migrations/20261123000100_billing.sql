-- migrate:up

-- Whom an account's future invoices are made out to (R26). Personal data: deleted with the account (R7).
CREATE TABLE billing_profile (
  account_id     uuid        PRIMARY KEY,
  customer_type  text        NOT NULL CHECK (customer_type IN ('unspecified', 'consumer', 'company')),
  recipient_name text        NOT NULL,
  company        text        NOT NULL,
  address        text        NOT NULL, -- lines, separated by newlines
  postal_code    text        NOT NULL,
  city           text        NOT NULL,
  region         text        NOT NULL,
  country_code   text        NOT NULL,
  tax_id         text        NOT NULL,
  email          text        NOT NULL,
  version        bigint      NOT NULL CHECK (version > 0),
  updated_at     timestamptz NOT NULL
);

-- The only tie between an account and its documents: deleting the row leaves them tied to a pseudonym (R7).
CREATE TABLE account_pseudonym (
  account_id uuid PRIMARY KEY,
  pseudonym  uuid NOT NULL UNIQUE
);

-- Accounts that must not come back, by an id derived one way from the account's.
CREATE TABLE deleted_account (
  trace      uuid        PRIMARY KEY,
  deleted_at timestamptz NOT NULL
);

CREATE TABLE pro_forma (
  order_id          uuid        PRIMARY KEY,
  account_pseudonym uuid        NOT NULL,
  state             text        NOT NULL CHECK (state IN ('open', 'issued', 'cancelled')),
  language          text        NOT NULL,
  time_zone         text        NOT NULL,
  currency          text        NOT NULL,
  net_minor         bigint      NOT NULL CHECK (net_minor >= 0),
  tax_minor         bigint      NOT NULL CHECK (tax_minor >= 0),
  total_minor       bigint      NOT NULL CHECK (total_minor = net_minor + tax_minor),
  buyer             json,       -- gone once it is issued (the invoice has it) or cancelled
  lines             json        NOT NULL,
  invoice_id        uuid,
  created_at        timestamptz NOT NULL,
  CHECK ((state = 'open') = (buyer IS NOT NULL)),
  CHECK ((state = 'issued') = (invoice_id IS NOT NULL))
);
CREATE INDEX pro_forma_account ON pro_forma (account_pseudonym);

-- The next number of each series. Its row lock is held until the number's transaction ends, so a transaction that
-- rolls back takes its number back, and times never run against numbers.
CREATE TABLE series (
  name            text        PRIMARY KEY,
  last_number     bigint      NOT NULL CHECK (last_number > 0),
  last_issue_time timestamptz NOT NULL
);

-- Invoices and credit notes as issued (R26, R27). `content` is the document as it is printed, byte for byte; the other
-- columns are what it is found and checked by.
CREATE TABLE invoice (
  id                  uuid        PRIMARY KEY,
  kind                text        NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
  account_pseudonym   uuid        NOT NULL,
  series              text        NOT NULL,
  sequence_number     bigint      NOT NULL CHECK (sequence_number > 0),
  previous_number     bigint      GENERATED ALWAYS AS (nullif(sequence_number - 1, 0)) STORED,
  issue_time          timestamptz NOT NULL,
  order_id            uuid        NOT NULL,
  charge_id           uuid,
  refund_id           uuid        CONSTRAINT invoice_refund UNIQUE,
  credited_invoice_id uuid        REFERENCES invoice (id),
  currency            text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  net_minor           bigint      NOT NULL CHECK (net_minor >= 0),
  tax_minor           bigint      NOT NULL CHECK (tax_minor >= 0),
  total_minor         bigint      NOT NULL CHECK (total_minor = net_minor + tax_minor),
  content             json        NOT NULL,
  CONSTRAINT invoice_number UNIQUE (series, sequence_number),
  -- No gaps: a number needs its predecessor, which can't be deleted.
  CONSTRAINT invoice_no_gap FOREIGN KEY (series, previous_number) REFERENCES invoice (series, sequence_number),
  CHECK ((kind = 'credit_note') = (credited_invoice_id IS NOT NULL)),
  CHECK (kind = 'credit_note' OR refund_id IS NULL),
  CHECK ((total_minor = 0 AND charge_id IS NULL) OR charge_id IS NOT NULL),
  CHECK (kind = 'invoice' OR total_minor = 0 OR refund_id IS NOT NULL)
);
-- An order has one invoice, a charge pays one, and an invoice of 0 is credited once.
CREATE UNIQUE INDEX invoice_order ON invoice (order_id) WHERE kind = 'invoice';
CREATE UNIQUE INDEX invoice_charge ON invoice (charge_id) WHERE kind = 'invoice';
CREATE UNIQUE INDEX invoice_free_credit ON invoice (credited_invoice_id) WHERE refund_id IS NULL;
CREATE INDEX invoice_credits ON invoice (credited_invoice_id) WHERE kind = 'credit_note';
CREATE INDEX invoice_account ON invoice (account_pseudonym, issue_time, id);
CREATE INDEX invoice_account_credits ON invoice (account_pseudonym, issue_time, id) WHERE kind = 'credit_note';
CREATE INDEX invoice_issue_time ON invoice (issue_time, id);

CREATE FUNCTION sum_of(amounts bigint[]) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN (SELECT coalesce(sum(amount), 0) FROM unnest(amounts) AS amount);

-- The ledger: double entry, one row an entry, so that its balance is a check of the row. Debit positive, credit
-- negative; the n-th amount is posted to the n-th account.
CREATE TABLE journal_entry (
  id            uuid        PRIMARY KEY,
  post_time     timestamptz NOT NULL,
  document_id   uuid        NOT NULL REFERENCES invoice (id),
  currency      text        NOT NULL,
  accounts      text[]      NOT NULL CHECK (accounts <@ ARRAY['cash_at_gateway', 'deferred_revenue', 'tax_payable']),
  amounts_minor bigint[]    NOT NULL,
  CONSTRAINT journal_entry_balanced CHECK (sum_of(amounts_minor) = 0),
  CONSTRAINT journal_entry_sides CHECK (
    cardinality(accounts) >= 2 AND cardinality(accounts) = cardinality(amounts_minor)
    AND array_position(accounts, NULL) IS NULL AND array_position(amounts_minor, NULL) IS NULL
    AND array_position(amounts_minor, 0) IS NULL),
  CONSTRAINT journal_entry_document UNIQUE (document_id)
);
CREATE INDEX journal_entry_post_time ON journal_entry (post_time, id);

-- What is issued or posted never changes (R26): not by the service's role, not by the tables' owner.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: issued documents and posted entries never change', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER invoice_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_entry_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE invoice ENABLE ALWAYS TRIGGER invoice_never_changes;
ALTER TABLE journal_entry ENABLE ALWAYS TRIGGER journal_entry_never_changes;

-- An owner could drop the triggers above. So migrations run as another role (billing_owner, deploy/roles.sql), and
-- what that file lets the service's role do with every table is taken away here: it may read and add documents and
-- entries, no more. Where billing itself owns the schema, only the triggers hold.
DO $$
BEGIN
  IF current_user = 'billing' OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'billing') THEN RETURN; END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO billing', current_schema());
  REVOKE ALL ON invoice, journal_entry, series, pro_forma FROM billing;
  GRANT SELECT, INSERT ON invoice, journal_entry TO billing;
  GRANT SELECT, INSERT, UPDATE ON series, pro_forma TO billing;
  GRANT SELECT, INSERT, UPDATE, DELETE ON billing_profile, account_pseudonym, deleted_account TO billing;
  GRANT SELECT, INSERT, UPDATE, DELETE ON request_log, outbox, inbox, inbox_position TO billing;
  IF to_regclass('schema_migrations') IS NOT NULL THEN GRANT SELECT ON schema_migrations TO billing; END IF;
END $$;

-- migrate:down
DROP TABLE journal_entry, invoice, series, pro_forma, deleted_account, account_pseudonym, billing_profile;
DROP FUNCTION refuse_change(), sum_of(bigint[]);
