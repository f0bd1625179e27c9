/** What ends a hold, for the statements of the hold. @module */

/**
 * Version 1 said it by the code alone, so a row that says nothing of its code is read as it did.
 *
 * @param schema - Quoted.
 */
export const createHoldFunctions = (schema: string): string => `
CREATE OR REPLACE FUNCTION ${schema}.hold_end(r ${schema}.relays) RETURNS text
LANGUAGE sql STABLE AS $end$
  SELECT coalesce(r.hold_ends->>r.hold_code, CASE
    WHEN r.hold_code IN ('CHAIN_WENT_BACKWARDS', 'NODES_DISAGREE') THEN 'operator'
    WHEN r.hold_code IN ('PAYER_CANNOT_PAY', 'SIGNATURE_REFUSED') THEN 'executed'
    WHEN r.hold_code IS NOT NULL THEN 'signed' END)
$end$;

CREATE OR REPLACE FUNCTION ${schema}.hold_json(r ${schema}.relays) RETURNS text
LANGUAGE sql STABLE AS $json$
  SELECT json_build_object('paused', r.paused, 'hold', CASE WHEN r.hold_code IS NOT NULL THEN
    json_build_object('code', r.hold_code, 'reason', coalesce(r.hold_reason, ''),
      'end', ${schema}.hold_end(r)) END)::text
$json$;
`
