/** What version 2 adds to the tables. @module */

/**
 * `functions` says which functions stand in the schema. `hold_ends` holds what ends the hold, by its
 * code: a process of version 1 writes a code alone, and what was said of another code is not said of
 * that one. `bytes` of a job are those of its source and arguments; null in rows of version 1.
 * `jobs_to_claim` finds the oldest of one template, however many of others wait before it; an
 * index takes no text of any length.
 *
 * @param schema - Quoted.
 */
export const tables2 = (schema: string): string => `
CREATE TABLE ${schema}.functions (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version integer NOT NULL,
  hash text NOT NULL,
  serves integer NOT NULL
);
ALTER TABLE ${schema}.relays ADD COLUMN hold_ends jsonb;
ALTER TABLE ${schema}.jobs ADD COLUMN bytes bigint;
CREATE INDEX jobs_to_claim ON ${schema}.jobs (address, left(batch, 128), position)
  WHERE state IN ('queued', 'claimed');
`
