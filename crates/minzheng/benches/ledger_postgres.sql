-- The same transfers through a function of PostgreSQL: rows, and balances with the limit that no account is overdrawn.
-- Balances move once in a transaction, as ours do: a row that is changed ten thousand times in one would be what is measured.
CREATE TABLE account (number int PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0));
CREATE TABLE transfer (
    id bigserial PRIMARY KEY, debit int NOT NULL, credit int NOT NULL, amount bigint NOT NULL,
    at timestamp NOT NULL, document text NOT NULL
);
INSERT INTO account SELECT number, 1000000000000 FROM generate_series(0, 7) AS number;

CREATE FUNCTION post(document text, debits int[], credits int[], amounts bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO transfer (debit, credit, amount, at, document)
    SELECT debit, credit, amount, '2026-10-05 09:00', post.document FROM unnest(debits, credits, amounts) AS flow(debit, credit, amount)
$$;

CREATE FUNCTION settle(since bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    UPDATE account SET balance = balance + moved.amount FROM (
        SELECT number, sum(amount)::bigint AS amount FROM (
            SELECT debit AS number, -amount AS amount FROM transfer WHERE id > since
            UNION ALL SELECT credit, amount FROM transfer WHERE id > since
        ) AS each GROUP BY number
    ) AS moved WHERE account.number = moved.number;
    RETURN (SELECT max(id) FROM transfer);
END $$;

CREATE PROCEDURE post_all(payments int, slice int) LANGUAGE plpgsql AS $$
DECLARE settled bigint := 0;
BEGIN
    FOR seq IN 1 .. payments LOOP
        PERFORM post('RUN/' || seq, ARRAY[0, 1, 2, 3], ARRAY[4, 5, 6, 7], ARRAY[30000, 10000, 5000, 5001]::bigint[]);
        IF seq % slice = 0 THEN
            settled := settle(settled);
            COMMIT;
        END IF;
    END LOOP;
END $$;
