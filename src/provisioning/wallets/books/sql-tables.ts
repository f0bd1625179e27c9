/** The tables of a book of wallets. Released text: a change is a step more. @module */

import type { Release } from '../../../stores/sql/release.ts'

/** Version 1. @param schema - Quoted. */
const tables1 = (schema: string): string => `
CREATE TABLE ${schema}.functions (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version integer NOT NULL,
  hash text NOT NULL,
  serves integer NOT NULL
);
CREATE TABLE ${schema}.wallets (
  id text COLLATE "C" PRIMARY KEY,
  address text COLLATE "C" NOT NULL,
  public_key text COLLATE "C" NOT NULL,
  record text NOT NULL
);
CREATE INDEX wallets_by_address ON ${schema}.wallets (address);
CREATE INDEX wallets_by_public_key ON ${schema}.wallets (public_key);
CREATE TABLE ${schema}.wallet_run (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  revision bigint NOT NULL,
  record text NOT NULL
);
`

/** What this version of the package puts into the schema of a book. */
export const walletsRelease: Release = {
  tables: [tables1],
  functions: () => '',
  serves: 1,
}
