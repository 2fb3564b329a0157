-- How a face moved in judged attempts, for recognising recordings. Outlives the session by design (lifetime.motion_s); the subject is an HMAC of
-- the person with a pepper from outside the database, or a key.
CREATE TABLE motion (
    biz_token TEXT PRIMARY KEY,
    subject   BYTEA NOT NULL,
    print     BYTEA NOT NULL,
    at_ms     BIGINT NOT NULL
);
CREATE INDEX motion_by_subject ON motion(subject, at_ms);
CREATE INDEX motion_by_time ON motion(at_ms);
