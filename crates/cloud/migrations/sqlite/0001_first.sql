-- Times are Unix milliseconds. Rows with personal data hang off session and leave with it (ON DELETE CASCADE).

CREATE TABLE api_key (
    app_key        TEXT PRIMARY KEY,
    app_secret     TEXT NOT NULL,
    app_code_sha   BLOB UNIQUE,
    label          TEXT NOT NULL,
    native         INTEGER NOT NULL,
    daily_quota    INTEGER,
    created_ms     INTEGER NOT NULL,
    revoked_ms     INTEGER
) STRICT;

CREATE TABLE key_origin (
    app_key TEXT NOT NULL REFERENCES api_key(app_key) ON DELETE CASCADE,
    origin  TEXT NOT NULL,
    PRIMARY KEY (app_key, origin)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_origin_by_origin ON key_origin(origin);

CREATE TABLE nonce (
    app_key    TEXT NOT NULL,
    digest     BLOB NOT NULL,
    expires_ms INTEGER NOT NULL,
    biz_token  TEXT,
    PRIMARY KEY (app_key, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_by_expiry ON nonce(expires_ms);

CREATE TABLE session (
    biz_token          TEXT PRIMARY KEY,
    app_key            TEXT NOT NULL REFERENCES api_key(app_key),
    biz_no             TEXT,
    idcard_name        TEXT NOT NULL,
    idcard_number      TEXT NOT NULL,
    liveness_timeout_s INTEGER NOT NULL,
    action_count       INTEGER NOT NULL,
    security_level     INTEGER NOT NULL,
    force_compare      INTEGER NOT NULL,
    multi_oriented     INTEGER NOT NULL,
    simulated          INTEGER NOT NULL,
    created_ms         INTEGER NOT NULL,
    expires_ms         INTEGER NOT NULL,
    purge_ms           INTEGER NOT NULL,
    state              TEXT NOT NULL DEFAULT 'CREATED'
        CHECK (state IN ('CREATED','INITED','CAPTURING','VERIFYING','FINAL','EXPIRED','ABORTED')),
    session_id         TEXT UNIQUE,
    origin             TEXT,
    key_c2s            BLOB,
    key_s2c            BLOB,
    transcript         BLOB,
    seq                INTEGER NOT NULL DEFAULT 0,
    step               INTEGER NOT NULL DEFAULT 0,
    excluded           TEXT NOT NULL DEFAULT '',
    deadline_ms        INTEGER,
    telemetry          TEXT,
    finalise           BLOB,
    finalise_mark      BLOB,
    lease_until_ms     INTEGER,
    lease_owner        BLOB,
    attempts           INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX session_by_purge ON session(purge_ms);
CREATE INDEX session_by_key ON session(app_key, created_ms);
CREATE INDEX session_verifying ON session(lease_until_ms) WHERE state = 'VERIFYING';

CREATE TABLE reference_photo (
    biz_token TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    slot      INTEGER NOT NULL CHECK (slot IN (1, 2)),
    bytes     BLOB NOT NULL,
    PRIMARY KEY (biz_token, slot)
) STRICT;

CREATE TABLE challenge (
    biz_token    TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    step         INTEGER NOT NULL,
    challenge_id TEXT NOT NULL,
    action       TEXT NOT NULL,
    issued_ms    INTEGER NOT NULL,
    deadline_ms  INTEGER NOT NULL,
    PRIMARY KEY (biz_token, step)
) STRICT;

CREATE TABLE step_commit (
    biz_token  TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    step       INTEGER NOT NULL,
    arrived_ms INTEGER NOT NULL,
    PRIMARY KEY (biz_token, step)
) STRICT;

CREATE TABLE committed_frame (
    biz_token TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    step      INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    sha256    TEXT NOT NULL,
    t_ms      INTEGER NOT NULL,
    PRIMARY KEY (biz_token, step, position)
) STRICT;

CREATE TABLE frame (
    biz_token TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    sha256    TEXT NOT NULL,
    bytes     BLOB NOT NULL,
    PRIMARY KEY (biz_token, sha256)
) STRICT;

CREATE TABLE reply (
    biz_token    TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    seq          INTEGER NOT NULL,
    request_mark BLOB NOT NULL,
    status       INTEGER NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (biz_token, seq)
) STRICT;

CREATE TABLE verdict (
    biz_token    TEXT PRIMARY KEY REFERENCES session(biz_token) ON DELETE CASCADE,
    code         INTEGER NOT NULL,
    message      TEXT NOT NULL,
    replay       INTEGER NOT NULL DEFAULT 0,
    verification TEXT,
    cues         TEXT,
    image_best   BLOB,
    at_ms        INTEGER NOT NULL
) STRICT;

-- Outlives the session: no personal data, the token alone names nobody.
CREATE TABLE bill (
    biz_token TEXT PRIMARY KEY,
    app_key   TEXT NOT NULL,
    code      INTEGER NOT NULL CHECK (code IN (1000, 2000, 3000)),
    at_ms     INTEGER NOT NULL
) STRICT;
CREATE INDEX bill_by_key ON bill(app_key, at_ms);

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms   INTEGER NOT NULL,
    subject TEXT NOT NULL,
    event   TEXT NOT NULL,
    code    INTEGER,
    message TEXT
) STRICT;

CREATE TABLE person (
    idcard_number TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    photo         BLOB,
    added_ms      INTEGER NOT NULL
) STRICT;
