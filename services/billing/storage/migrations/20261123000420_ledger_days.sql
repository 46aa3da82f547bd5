-- migrate:up

-- Sums of the ledger for each UTC day that is over: so that a balance costs the days and the entries of today, not all.
CREATE TABLE ledger_day (
  day          date   NOT NULL,
  currency     text   NOT NULL,
  account      text   NOT NULL,
  debit_minor  bigint NOT NULL CHECK (debit_minor >= 0),
  credit_minor bigint NOT NULL CHECK (credit_minor >= 0),
  PRIMARY KEY (currency, account, day)
);
-- Through which day; one row at most.
CREATE TABLE ledger_closing (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  through_day date    NOT NULL
);

DO $$
BEGIN
  IF current_user = 'billing' OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'billing') THEN RETURN; END IF;
  REVOKE ALL ON ledger_day, ledger_closing FROM billing;
  GRANT SELECT, INSERT ON ledger_day TO billing;
  GRANT SELECT, INSERT, UPDATE ON ledger_closing TO billing;
END $$;

-- migrate:down
DROP TABLE ledger_closing, ledger_day;
