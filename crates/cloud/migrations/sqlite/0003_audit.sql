-- Audit rows form 16 hash chains by the hash of the token, so that sessions that end at the same moment seldom wait for each other.

ALTER TABLE audit RENAME TO audit_unchained;

CREATE TABLE audit (
    chain   INTEGER NOT NULL CHECK (chain BETWEEN 0 AND 15),
    number  INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    subject TEXT NOT NULL,
    event   TEXT NOT NULL,
    code    INTEGER,
    message TEXT,
    hash    TEXT NOT NULL,
    PRIMARY KEY (chain, number)
) STRICT;

CREATE TABLE audit_head (
    chain  INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    hash   TEXT NOT NULL
) STRICT;
INSERT INTO audit_head (chain, number, hash) VALUES
    (0, 0, ''), (1, 0, ''), (2, 0, ''), (3, 0, ''), (4, 0, ''), (5, 0, ''), (6, 0, ''), (7, 0, ''),
    (8, 0, ''), (9, 0, ''), (10, 0, ''), (11, 0, ''), (12, 0, ''), (13, 0, ''), (14, 0, ''), (15, 0, '');

-- All heads at one moment, signed; each seal names the one before.
CREATE TABLE audit_seal (
    number     INTEGER PRIMARY KEY,
    at_ms      INTEGER NOT NULL,
    heads      TEXT NOT NULL,
    hash       TEXT NOT NULL,
    public_key TEXT NOT NULL,
    signature  TEXT NOT NULL
) STRICT;
