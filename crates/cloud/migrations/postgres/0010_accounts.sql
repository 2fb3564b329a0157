-- Accounts, circumstances of minting, failures that lock, notifications.

-- A key without a row has the default account: active, everything allowed, paid afterwards. Lists are lines.
CREATE TABLE account (
    app_key         TEXT PRIMARY KEY REFERENCES api_key(app_key) ON DELETE CASCADE,
    standing        TEXT NOT NULL CHECK (standing IN ('active', 'discontinued')),
    enterprise      BOOLEAN NOT NULL,
    balance         BIGINT,
    price           BIGINT NOT NULL,
    networks        TEXT NOT NULL,
    concurrency     BIGINT,
    apis            TEXT NOT NULL,
    ways            TEXT NOT NULL,
    min_sdk         TEXT,
    return_prefixes TEXT NOT NULL,
    notify_url      TEXT,
    notify_style    TEXT NOT NULL DEFAULT 'standard' CHECK (notify_style IN ('standard', 'sha1')),
    notify_secret   BYTEA
);

-- Looked at again when the session starts.
CREATE TABLE minting (
    biz_token     TEXT PRIMARY KEY REFERENCES session(biz_token) ON DELETE CASCADE,
    address       TEXT,
    native_sign   TEXT,
    identity      BYTEA,
    started_by    BYTEA,
    refused_inits BIGINT NOT NULL DEFAULT 0
);

-- Single-use signs that came again.
CREATE TABLE replayed (
    app_key    TEXT NOT NULL,
    digest     BYTEA NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (app_key, digest)
);

-- The subject is an HMAC with a pepper from outside the database, or a key: no personal data.
CREATE TABLE failure (
    subject BYTEA NOT NULL,
    at_ms   BIGINT NOT NULL
);
CREATE INDEX failure_by_subject ON failure(subject, at_ms);
CREATE INDEX failure_by_time ON failure(at_ms);

-- Leaves with its session.
CREATE TABLE outbox (
    biz_token TEXT PRIMARY KEY REFERENCES session(biz_token) ON DELETE CASCADE,
    state     TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given_up')),
    attempts  BIGINT NOT NULL DEFAULT 0,
    last      TEXT,
    due_ms    BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox(due_ms) WHERE state = 'waiting';

-- What the bill costs, at the price of its moment.
ALTER TABLE bill ADD COLUMN units BIGINT NOT NULL DEFAULT 1;
