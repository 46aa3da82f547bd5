-- migrate:up

-- Documents are issued and posted many to a statement. What guarded each row by a query of its own guards the statement
-- by one; or goes, where another guard holds already. A session keeps a plan that was made while a table was small: so the
-- functions that look documents up may not choose to read the whole table.

-- A number without its predecessor is refused by the trigger that chains it, in every session (ENABLE ALWAYS), and no
-- predecessor can be deleted: the foreign key invoice_no_gap, which goes with its column, said the same again.
ALTER TABLE invoice DROP COLUMN previous_number;
ALTER FUNCTION chain_invoice() SET enable_seqscan = off;
ALTER FUNCTION chain_invoice() SET jit = off;

-- Without the rows that cannot violate them.
ALTER TABLE invoice DROP CONSTRAINT invoice_refund;
CREATE UNIQUE INDEX invoice_refund ON invoice (refund_id) WHERE refund_id IS NOT NULL;
DROP INDEX invoice_free_credit;
CREATE UNIQUE INDEX invoice_free_credit ON invoice (credited_invoice_id)
  WHERE kind = 'credit_note' AND refund_id IS NULL;

-- The balance without a query: an entry has two to four sides. A bigint that overflows is refused as well.
ALTER TABLE journal_entry
  DROP CONSTRAINT journal_entry_balanced,
  DROP CONSTRAINT journal_entry_sides,
  ADD CONSTRAINT journal_entry_balanced CHECK (
    (amounts_minor[1] + amounts_minor[2] + coalesce(amounts_minor[3], 0) + coalesce(amounts_minor[4], 0) = 0) IS TRUE),
  ADD CONSTRAINT journal_entry_sides CHECK (
    cardinality(accounts) BETWEEN 2 AND 4 AND cardinality(accounts) = cardinality(amounts_minor)
    AND array_lower(amounts_minor, 1) = 1 AND array_position(accounts, NULL) IS NULL
    AND array_position(amounts_minor, NULL) IS NULL AND array_position(amounts_minor, 0) IS NULL);
DROP FUNCTION sum_of(bigint[]);

-- Entries are found by time, and by document and kind, of which their ids are derived.
ALTER TABLE journal_entry DROP CONSTRAINT journal_entry_pkey, DROP CONSTRAINT journal_entry_document_id_fkey;
DROP INDEX journal_entry_post_time;
ALTER TABLE journal_entry ADD PRIMARY KEY (post_time, id);

-- In place of the foreign key, and of the trigger add_late_entry of each row (20261123000620), which says why there is a
-- lock: as documents are never deleted, it is enough to look once.
CREATE FUNCTION check_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
  SET enable_seqscan = off SET jit = off AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('billing/ledger_closing', 0));
  -- A subquery for each row, not a join: that could choose to read all documents.
  IF EXISTS (SELECT FROM added a WHERE a.document_id IS NOT NULL
             AND (SELECT i.id FROM invoice i WHERE i.id = a.document_id) IS NULL) THEN
    RAISE EXCEPTION 'an entry is of no document' USING ERRCODE = 'foreign_key_violation';
  END IF;
  INSERT INTO ledger_day AS d (day, currency, account, debit_minor, credit_minor)
  SELECT a.day, a.currency, p.account, sum(greatest(p.amount, 0)), sum(greatest(-p.amount, 0))
  FROM (SELECT (post_time AT TIME ZONE 'UTC')::date AS day, currency, accounts, amounts_minor FROM added) AS a
  JOIN ledger_closing c ON c.only_row AND c.through_day >= a.day,
  unnest(a.accounts, a.amounts_minor) AS p (account, amount)
  GROUP BY a.day, a.currency, p.account ORDER BY a.currency, p.account, a.day
  ON CONFLICT (currency, account, day) DO UPDATE
  SET debit_minor = d.debit_minor + excluded.debit_minor, credit_minor = d.credit_minor + excluded.credit_minor;
  RETURN NULL;
END $$;
DROP TRIGGER add_late_entry ON journal_entry;
DROP FUNCTION add_late_entry();
CREATE TRIGGER check_entries AFTER INSERT ON journal_entry REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION check_entries();
ALTER TABLE journal_entry ENABLE ALWAYS TRIGGER check_entries;

-- The same for lines.
CREATE FUNCTION check_lines() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT
  SET enable_seqscan = off SET jit = off AS $$
BEGIN
  IF EXISTS (SELECT FROM added a WHERE (SELECT i.id FROM invoice i WHERE i.id = a.invoice_id) IS NULL) THEN
    RAISE EXCEPTION 'a line is of no invoice' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
ALTER TABLE recognition_line DROP CONSTRAINT recognition_line_invoice_id_fkey;
CREATE TRIGGER check_lines AFTER INSERT ON recognition_line REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION check_lines();
ALTER TABLE recognition_line ENABLE ALWAYS TRIGGER check_lines;

-- Room on each page for the row that says that it was issued: no index has to be changed then.
ALTER TABLE pro_forma SET (fillfactor = 75);

-- migrate:down
ALTER TABLE pro_forma RESET (fillfactor);
DROP TRIGGER check_lines ON recognition_line;
DROP FUNCTION check_lines();
ALTER TABLE recognition_line ADD FOREIGN KEY (invoice_id) REFERENCES invoice (id);
DROP TRIGGER check_entries ON journal_entry;
DROP FUNCTION check_entries();
CREATE FUNCTION add_late_entry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('billing/ledger_closing', 0));
  INSERT INTO ledger_day AS d (day, currency, account, debit_minor, credit_minor)
  SELECT (NEW.post_time AT TIME ZONE 'UTC')::date, NEW.currency, p.account,
         sum(greatest(p.amount, 0)), sum(greatest(-p.amount, 0))
  FROM unnest(NEW.accounts, NEW.amounts_minor) AS p (account, amount)
  WHERE EXISTS (SELECT FROM ledger_closing WHERE through_day >= (NEW.post_time AT TIME ZONE 'UTC')::date)
  GROUP BY p.account
  ON CONFLICT (currency, account, day) DO UPDATE
  SET debit_minor = d.debit_minor + excluded.debit_minor, credit_minor = d.credit_minor + excluded.credit_minor;
  RETURN NULL;
END $$;
CREATE TRIGGER add_late_entry AFTER INSERT ON journal_entry FOR EACH ROW EXECUTE FUNCTION add_late_entry();
ALTER TABLE journal_entry DROP CONSTRAINT journal_entry_pkey;
ALTER TABLE journal_entry ADD PRIMARY KEY (id), ADD FOREIGN KEY (document_id) REFERENCES invoice (id);
CREATE INDEX journal_entry_post_time ON journal_entry (post_time, id);
CREATE FUNCTION sum_of(amounts bigint[]) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN (SELECT coalesce(sum(amount), 0) FROM unnest(amounts) AS amount);
ALTER TABLE journal_entry
  DROP CONSTRAINT journal_entry_balanced,
  DROP CONSTRAINT journal_entry_sides,
  ADD CONSTRAINT journal_entry_balanced CHECK (sum_of(amounts_minor) = 0),
  ADD CONSTRAINT journal_entry_sides CHECK (
    cardinality(accounts) >= 2 AND cardinality(accounts) = cardinality(amounts_minor)
    AND array_position(accounts, NULL) IS NULL AND array_position(amounts_minor, NULL) IS NULL
    AND array_position(amounts_minor, 0) IS NULL);
DROP INDEX invoice_free_credit, invoice_refund;
CREATE UNIQUE INDEX invoice_free_credit ON invoice (credited_invoice_id) WHERE refund_id IS NULL;
ALTER TABLE invoice ADD CONSTRAINT invoice_refund UNIQUE (refund_id);
ALTER FUNCTION chain_invoice() RESET enable_seqscan;
ALTER FUNCTION chain_invoice() RESET jit;
ALTER TABLE invoice
  ADD COLUMN previous_number bigint GENERATED ALWAYS AS (nullif(sequence_number - 1, 0)) STORED,
  ADD CONSTRAINT invoice_no_gap FOREIGN KEY (series, previous_number) REFERENCES invoice (series, sequence_number);
