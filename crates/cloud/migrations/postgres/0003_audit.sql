-- Audit rows form 16 hash chains by the hash of the token, so that sessions that end at the same moment seldom wait for each other.

ALTER TABLE audit RENAME TO audit_unchained;

CREATE TABLE audit (
    chain   BIGINT NOT NULL CHECK (chain BETWEEN 0 AND 15),
    number  BIGINT NOT NULL,
    at_ms   BIGINT NOT NULL,
    subject TEXT NOT NULL,
    event   TEXT NOT NULL,
    code    BIGINT,
    message TEXT,
    hash    TEXT NOT NULL,
    PRIMARY KEY (chain, number)
);

CREATE TABLE audit_head (
    chain  BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    hash   TEXT NOT NULL
);
INSERT INTO audit_head (chain, number, hash) VALUES
    (0, 0, ''), (1, 0, ''), (2, 0, ''), (3, 0, ''), (4, 0, ''), (5, 0, ''), (6, 0, ''), (7, 0, ''),
    (8, 0, ''), (9, 0, ''), (10, 0, ''), (11, 0, ''), (12, 0, ''), (13, 0, ''), (14, 0, ''), (15, 0, '');

-- All heads at one moment, signed; each seal names the one before.
CREATE TABLE audit_seal (
    number     BIGINT PRIMARY KEY,
    at_ms      BIGINT NOT NULL,
    heads      TEXT NOT NULL,
    hash       TEXT NOT NULL,
    public_key TEXT NOT NULL,
    signature  TEXT NOT NULL
);
