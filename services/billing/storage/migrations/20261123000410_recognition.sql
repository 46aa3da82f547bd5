-- migrate:up

-- Entries of more kinds: an invoice claims, a payment meets the claim, a credit note and a refund take both back, and
-- recognition turns days delivered into revenue. Entries from before have claim and payment in one.
ALTER TABLE journal_entry
  ADD COLUMN kind text NOT NULL DEFAULT 'invoice'
    CHECK (kind IN ('invoice', 'payment', 'credit_note', 'refund', 'recognition', 'late_recognition')),
  ADD COLUMN time_zone text,
  ADD COLUMN day date,
  ALTER COLUMN document_id DROP NOT NULL;
ALTER TABLE journal_entry DISABLE TRIGGER journal_entry_never_changes;
UPDATE journal_entry e SET kind = 'credit_note' FROM invoice i WHERE i.id = e.document_id AND i.kind = 'credit_note';
ALTER TABLE journal_entry ENABLE ALWAYS TRIGGER journal_entry_never_changes;
ALTER TABLE journal_entry
  ALTER COLUMN kind DROP DEFAULT,
  DROP CONSTRAINT journal_entry_accounts_check,
  ADD CONSTRAINT journal_entry_accounts CHECK (accounts <@ ARRAY['receivable', 'cash_at_gateway', 'deferred_revenue',
    'tax_payable', 'revenue', 'refunds']),
  DROP CONSTRAINT journal_entry_document,
  ADD CONSTRAINT journal_entry_document UNIQUE (document_id, kind),
  ADD CONSTRAINT journal_entry_source CHECK (
    (kind IN ('recognition', 'late_recognition')) = (document_id IS NULL)
    AND (document_id IS NULL) = (day IS NOT NULL) AND (document_id IS NULL) = (time_zone IS NOT NULL));
-- A day of a zone is income once.
CREATE UNIQUE INDEX journal_entry_day ON journal_entry (time_zone, day, currency) WHERE kind = 'recognition';

-- What recognition must know of an invoice's lines; those of 0 are not here. What is income of a line is computed
-- (recognised_minor), never stored.
CREATE TABLE recognition_line (
  invoice_id     uuid    NOT NULL REFERENCES invoice (id),
  line_number    integer NOT NULL CHECK (line_number > 0),
  currency       text    NOT NULL,
  net_minor      bigint  NOT NULL CHECK (net_minor > 0),
  credited_minor bigint  NOT NULL DEFAULT 0 CHECK (credited_minor BETWEEN 0 AND net_minor),
  term_start     date    NOT NULL,
  term_end       date    NOT NULL CHECK (term_end > term_start),
  time_zone      text    NOT NULL,
  -- Its days through the zone's are income. Before, none is.
  taken_in       boolean NOT NULL,
  PRIMARY KEY (invoice_id, line_number)
);
CREATE INDEX recognition_line_new ON recognition_line (time_zone) WHERE NOT taken_in;
-- A day's work is the lines whose term has that day: not those of terms that are over.
CREATE INDEX recognition_line_live ON recognition_line (time_zone, term_end) WHERE taken_in;

-- Through which day the terms of a time zone are income. Its row's lock is what orders recognition and credit notes.
CREATE TABLE recognition_zone (
  time_zone   text        PRIMARY KEY,
  through_day date        NOT NULL,
  next_at     timestamptz NOT NULL -- when the day after is over
);

-- core::RecognisedMinor. The rounding is half away from zero; no amount is negative.
CREATE FUNCTION recognised_minor(left_minor bigint, term_start date, term_end date, through_day date) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (2 * left_minor * greatest(0, least(through_day + 1 - term_start, term_end - term_start))
    + (term_end - term_start)) / (2 * (term_end - term_start));

-- Lines of the invoices from before; the job takes them in.
INSERT INTO recognition_line (invoice_id, line_number, currency, net_minor, credited_minor, term_start, term_end,
                              time_zone, taken_in)
SELECT i.id, l.number, i.currency, (l.line ->> 'net_minor')::bigint,
       coalesce((SELECT sum((c.content -> 'lines' -> (l.number::integer - 1) ->> 'net_minor')::bigint)
                 FROM invoice c WHERE c.credited_invoice_id = i.id AND c.kind = 'credit_note'), 0),
       (l.line ->> 'term_start')::date, (l.line ->> 'term_end')::date, i.content ->> 'time_zone', false
FROM invoice i, json_array_elements(i.content -> 'lines') WITH ORDINALITY AS l (line, number)
WHERE i.kind = 'invoice' AND (l.line ->> 'net_minor')::bigint > 0;

DO $$
BEGIN
  IF current_user = 'billing' OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'billing') THEN RETURN; END IF;
  REVOKE ALL ON recognition_line, recognition_zone FROM billing;
  GRANT SELECT, INSERT, UPDATE (credited_minor, taken_in) ON recognition_line TO billing;
  GRANT SELECT, INSERT, UPDATE ON recognition_zone TO billing;
END $$;

-- migrate:down
DROP FUNCTION recognised_minor(bigint, date, date, date);
DROP TABLE recognition_zone, recognition_line;
DROP INDEX journal_entry_day;
-- Entries of the new kinds have no place in the old table: there is no way back once there are some.
ALTER TABLE journal_entry
  DROP CONSTRAINT journal_entry_source,
  DROP CONSTRAINT journal_entry_document,
  ADD CONSTRAINT journal_entry_document UNIQUE (document_id),
  DROP CONSTRAINT journal_entry_accounts,
  ADD CONSTRAINT journal_entry_accounts_check CHECK (accounts <@ ARRAY['cash_at_gateway', 'deferred_revenue',
    'tax_payable']),
  DROP COLUMN day, DROP COLUMN time_zone, DROP COLUMN kind,
  ALTER COLUMN document_id SET NOT NULL;
