-- Who started the session, for locks: HMACs with the pepper, not an id and not an address. They leave with the session.

ALTER TABLE session ADD COLUMN device BLOB;
ALTER TABLE session ADD COLUMN address BLOB;
