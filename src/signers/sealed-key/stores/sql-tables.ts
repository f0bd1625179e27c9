/** The tables of sealed keys. Released text: a change is a step more. @module */

import type { Release } from '../../../stores/sql/release.ts'

/** Version 1. @param schema - Quoted. */
const tables1 = (schema: string): string => `
CREATE TABLE ${schema}.functions (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version integer NOT NULL,
  hash text NOT NULL,
  serves integer NOT NULL
);
CREATE TABLE ${schema}.sealed_keys (
  id text COLLATE "C" PRIMARY KEY,
  record bytea NOT NULL
);
`

/** What this version of the package puts into the schema of sealed keys. */
export const sealedKeysRelease: Release = {
  tables: [tables1],
  functions: () => '',
  serves: 1,
}
