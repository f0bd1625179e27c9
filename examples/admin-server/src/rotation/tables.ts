/** Which rotations the audit trail has told of. Of version 4: frozen text. @module */

/** A row is made by the process that sees a rotation first, and changed by the one that sees its end. */
export const rotationTables = `
CREATE TABLE rotations_told (
  id text PRIMARY KEY,
  ended boolean NOT NULL DEFAULT false
);
`
