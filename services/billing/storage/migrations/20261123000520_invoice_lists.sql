-- migrate:up

-- An account's documents of one kind, newest first, by one index each way: with the kind as a filter over all of them, a page
-- of invoices could cost as many rows as there are credit notes between them. A page of both merges one of each.
CREATE INDEX invoice_account_kind ON invoice (account_pseudonym, kind, issue_time, id);
DROP INDEX invoice_account, invoice_account_credits;

-- migrate:down
CREATE INDEX invoice_account ON invoice (account_pseudonym, issue_time, id);
CREATE INDEX invoice_account_credits ON invoice (account_pseudonym, issue_time, id) WHERE kind = 'credit_note';
DROP INDEX invoice_account_kind;
