-- Who may look at the operator's page. Tokens are 256 random bits, so that their plain digest says nothing about them.

CREATE TABLE operator (
    name       TEXT PRIMARY KEY,
    token_sha  BYTEA NOT NULL UNIQUE,
    created_ms BIGINT NOT NULL
);

CREATE INDEX bill_by_time ON bill(at_ms);
CREATE INDEX verdict_by_time ON verdict(at_ms);
CREATE INDEX session_by_time ON session(created_ms);
