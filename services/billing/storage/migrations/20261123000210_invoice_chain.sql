-- migrate:up

-- The documents of a series are a chain: each carries the SHA-256 of what it says and of its predecessor's hash, so that
-- whoever changes, drops or slips in one, whatever their rights, must change all that follow, and the hashes printed on
-- the customers' copies as well. A trigger writes both in the statement that issues: no program can leave them out or
-- make them up, also not the one that this version replaces.
ALTER TABLE invoice ADD COLUMN previous_hash bytea, ADD COLUMN hash bytea;

-- What is hashed, as UTF-8. Only `content` can hold a newline, and it is last: no two documents have the same text.
-- storage/series_hash.cc writes the same again, to verify. A change of it is a new first line, for new documents only.
CREATE FUNCTION invoice_canonical_form(i invoice) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat_ws(E'\n',
    'perennial invoice 1',
    'previous_hash=' || coalesce(encode(i.previous_hash, 'hex'), ''),
    'id=' || i.id,
    'kind=' || i.kind,
    'account_pseudonym=' || i.account_pseudonym,
    'series=' || i.series,
    'sequence_number=' || i.sequence_number,
    'issue_time_micros=' || (extract(epoch FROM i.issue_time) * 1000000)::bigint,
    'order_id=' || i.order_id,
    'charge_id=' || coalesce(i.charge_id::text, ''),
    'refund_id=' || coalesce(i.refund_id::text, ''),
    'credited_invoice_id=' || coalesce(i.credited_invoice_id::text, ''),
    'currency=' || i.currency,
    'net_minor=' || i.net_minor,
    'tax_minor=' || i.tax_minor,
    'total_minor=' || i.total_minor,
    'content=' || i.content::text)
$$;

CREATE FUNCTION chain_invoice() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  NEW.previous_hash := NULL;
  IF NEW.sequence_number > 1 THEN
    SELECT hash INTO NEW.previous_hash FROM invoice
     WHERE series = NEW.series AND sequence_number = NEW.sequence_number - 1;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'number % of % has no predecessor', NEW.sequence_number, NEW.series
        USING ERRCODE = 'foreign_key_violation';
    END IF;
  END IF;
  NEW.hash := sha256(convert_to(invoice_canonical_form(NEW), 'UTF8'));
  RETURN NEW;
END $$;

-- Documents issued before there was a chain get their place in it.
ALTER TABLE invoice DISABLE TRIGGER invoice_never_changes;
DO $$
DECLARE
  document record;
  predecessor record;
BEGIN
  FOR document IN SELECT id, sequence_number FROM invoice ORDER BY series, sequence_number LOOP
    IF document.sequence_number > 1 THEN
      UPDATE invoice SET previous_hash = predecessor.hash WHERE id = document.id;
    END IF;
    UPDATE invoice i SET hash = sha256(convert_to(invoice_canonical_form(i), 'UTF8')) WHERE id = document.id
      RETURNING hash INTO predecessor;
  END LOOP;
END $$;
ALTER TABLE invoice ENABLE ALWAYS TRIGGER invoice_never_changes;

CREATE TRIGGER invoice_chained BEFORE INSERT ON invoice FOR EACH ROW EXECUTE FUNCTION chain_invoice();
ALTER TABLE invoice ENABLE ALWAYS TRIGGER invoice_chained;
ALTER TABLE invoice ALTER COLUMN hash SET NOT NULL,
  ADD CONSTRAINT invoice_chain_begins CHECK ((sequence_number = 1) = (previous_hash IS NULL));

-- migrate:down
DROP TRIGGER invoice_chained ON invoice;
DROP FUNCTION chain_invoice(), invoice_canonical_form(invoice);
ALTER TABLE invoice DROP COLUMN previous_hash, DROP COLUMN hash;
