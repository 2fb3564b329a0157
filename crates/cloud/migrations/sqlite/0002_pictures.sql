-- Pictures move out of the database into encrypted objects; what stays is the object's name and its wrapped key.
-- Sessions under way at the upgrade lose their pictures with the old columns: they end as VERIFICATION_FAILURE, which is free.

CREATE TABLE blob (
    id        TEXT PRIMARY KEY,
    biz_token TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    size      INTEGER NOT NULL,
    master    TEXT NOT NULL,
    wrapped   BLOB NOT NULL
) STRICT;
CREATE INDEX blob_by_token ON blob(biz_token);

DROP TABLE reference_photo;
CREATE TABLE reference_photo (
    biz_token TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    slot      INTEGER NOT NULL CHECK (slot IN (1, 2)),
    blob      TEXT NOT NULL REFERENCES blob(id) ON DELETE CASCADE,
    PRIMARY KEY (biz_token, slot)
) STRICT;
CREATE INDEX reference_photo_by_blob ON reference_photo(blob);

DROP TABLE frame;
CREATE TABLE frame (
    biz_token TEXT NOT NULL REFERENCES session(biz_token) ON DELETE CASCADE,
    sha256    TEXT NOT NULL,
    blob      TEXT NOT NULL REFERENCES blob(id) ON DELETE CASCADE,
    PRIMARY KEY (biz_token, sha256)
) STRICT;
CREATE INDEX frame_by_blob ON frame(blob);

ALTER TABLE verdict DROP COLUMN image_best;
-- Digest of the best frame, when the verdict may show it.
ALTER TABLE verdict ADD COLUMN best_sha256 TEXT;

CREATE INDEX session_deadline ON session(deadline_ms) WHERE state IN ('INITED', 'CAPTURING');
