-- Times are Unix milliseconds. Rows with personal data hang off session and leave with it (ON DELETE CASCADE).

CREATE TABLE api_key (
    app_key        TEXT PRIMARY KEY,
    app_secret     TEXT NOT NULL,
    app_code_sha   BYTEA UNIQUE,
    label          TEXT NOT NULL,
    native         BOOLEAN NOT NULL,
    daily_quota    BIGINT,
    created_ms     BIGINT NOT NULL,
    revoked_ms     BIGINT
);

CREATE TABLE key_origin (
    app_key TEXT NOT NULL REFERENCES api_key(app_key) ON DELETE CASCADE,
    origin  TEXT NOT NULL,
    PRIMARY KEY (app_key, origin)
);
CREATE INDEX key_origin_by_origin ON key_origin(origin);

CREATE TABLE nonce (
    app_key    TEXT NOT NULL,
    digest     BYTEA NOT NULL,
    expires_ms BIGINT NOT NULL,
    biz_token  TEXT,
    PRIMARY KEY (app_key, digest)
);
CREATE INDEX nonce_by_expiry ON nonce(expires_ms);

CREATE TABLE session (
    biz_token          TEXT PRIMARY KEY,
    app_key            TEXT NOT NULL REFERENCES api_key(app_key),
    biz_no             TEXT,
    idcard_name        TEXT NOT NULL,
    idcard_number      TEXT NOT NULL,
    liveness_timeout_s BIGINT NOT NULL,
    action_count       BIGINT NOT NULL,
    security_level     BIGINT NOT NULL,
    force_compare      BOOLEAN NOT NULL,
    multi_oriented     BOOLEAN NOT NULL,
    simulated          BOOLEAN NOT NULL,
    created_ms         BIGINT NOT NULL,
    expires_ms         BIGINT NOT NULL,
    purge_ms           BIGINT NOT NULL,
    state              TEXT NOT NULL DEFAULT 'CREATED'
        CHECK (state IN ('CREATED','INITED','CAPTURING','VERIFYING','FINAL','EXPIRED','ABORTED')),
    session_id         TEXT UNIQUE,
    origin             TEXT,
    key_c2s            BYTEA,
    key_s2c            BYTEA,
    transcript         BYTEA,
    seq                BIGINT NOT NULL DEFAULT 0,
    step               BIGINT NOT NULL DEFAULT 0,
    excluded           TEXT NOT NULL DEFAULT '',
    deadline_ms        BIGINT,
    telemetry          TEXT,
    finalise           BYTEA,
    finalise_mark      BYTEA,
    lease_until_ms     BIGINT,
    lease_owner        BYTEA,
    attempts           BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX session_by_purge ON session(purge_ms);
CREATE INDEX session_by_key ON session(app_key, created_ms);
CREATE INDEX session_verifying ON session(lease_until_ms) WHERE state = 'VERIFYING';

CREATE TABLE reference_photo (
    biz_token TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    slot      BIGINT NOT NULL CHECK (slot IN (1, 2)),
    bytes     BYTEA NOT NULL,
    PRIMARY KEY (biz_token, slot)
);

CREATE TABLE challenge (
    biz_token    TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    step         BIGINT NOT NULL,
    challenge_id TEXT NOT NULL,
    action       TEXT NOT NULL,
    issued_ms    BIGINT NOT NULL,
    deadline_ms  BIGINT NOT NULL,
    PRIMARY KEY (biz_token, step)
);

CREATE TABLE step_commit (
    biz_token  TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    step       BIGINT NOT NULL,
    arrived_ms BIGINT NOT NULL,
    PRIMARY KEY (biz_token, step)
);

CREATE TABLE committed_frame (
    biz_token TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    step      BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    sha256    TEXT NOT NULL,
    t_ms      BIGINT NOT NULL,
    PRIMARY KEY (biz_token, step, position)
);

CREATE TABLE frame (
    biz_token TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    sha256    TEXT NOT NULL,
    bytes     BYTEA NOT NULL,
    PRIMARY KEY (biz_token, sha256)
);

CREATE TABLE reply (
    biz_token    TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    seq          BIGINT NOT NULL,
    request_mark BYTEA NOT NULL,
    status       BIGINT NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (biz_token, seq)
);

CREATE TABLE verdict (
    biz_token    TEXT PRIMARY KEY REFERENCES session(biz_token) ON DELETE CASCADE,
    code         BIGINT NOT NULL,
    message      TEXT NOT NULL,
    replay       BOOLEAN NOT NULL DEFAULT FALSE,
    verification TEXT,
    cues         TEXT,
    image_best   BYTEA,
    at_ms        BIGINT NOT NULL
);

-- Outlives the session: no personal data, the token alone names nobody.
CREATE TABLE bill (
    biz_token TEXT PRIMARY KEY,
    app_key   TEXT NOT NULL,
    code      BIGINT NOT NULL CHECK (code IN (1000, 2000, 3000)),
    at_ms     BIGINT NOT NULL
);
CREATE INDEX bill_by_key ON bill(app_key, at_ms);

CREATE TABLE audit (
    id      BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at_ms   BIGINT NOT NULL,
    subject TEXT NOT NULL,
    event   TEXT NOT NULL,
    code    BIGINT,
    message TEXT
);

CREATE TABLE person (
    idcard_number TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    photo         BYTEA,
    added_ms      BIGINT NOT NULL
);
