/** Every route of the API, who may call it, and what each role is answered: deny by default. @module */

/** Roles in the order of the columns. */
export const columns = ['nobody', 'requester', 'approver', 'operator', 'auditor'] as const

/**
 * `id` in a path is a request of the requester that waits, made for each call; `other` one of another
 * requester; `spare` a token. Credentials that were revoked or have expired are answered 401, but where nobody is asked
 * for any.
 */
export type RouteRow = readonly [
  method: string,
  path: string,
  operationId: string,
  answers: readonly [number, number, number, number, number],
  body?: 'mint' | 'mint-request' | 'add-keys' | 'digest' | 'reason' | 'token' | 'resolution',
]

const everybody = [200, 200, 200, 200, 200] as const
const anyRole = [401, 200, 200, 200, 200] as const
const readers = [401, 403, 200, 200, 200] as const
const ofOthers = [401, 404, 200, 200, 200] as const
const approver = [401, 403, 201, 403, 403] as const
const operator = [401, 403, 403, 200, 403] as const
const auditor = [401, 403, 403, 403, 200] as const
const asked = [401, 202, 403, 403, 403] as const

export const routeTable: readonly RouteRow[] = [
  ['POST', '/v1/mints', 'createMint', asked, 'mint'],
  ['POST', '/v1/requests', 'createRequest', asked, 'mint-request'],
  ['POST', '/v1/requests', 'createRequest', [401, 403, 403, 202, 403], 'add-keys'],
  ['GET', '/v1/functions', 'listFunctions', anyRole],
  ['GET', '/v1/mints', 'listMints', anyRole],
  ['GET', '/v1/requests', 'listRequests', anyRole],
  ['GET', '/v1/mints/id', 'readMint', anyRole],
  ['GET', '/v1/mints/other', 'readMint', ofOthers],
  ['GET', '/v1/requests/id', 'readRequest', anyRole],
  ['GET', '/v1/requests/other', 'readRequest', ofOthers],
  ['GET', '/v1/mints/id/items', 'listMintItems', anyRole],
  ['GET', '/v1/mints/other/items', 'listMintItems', ofOthers],
  ['GET', '/v1/requests/id/items', 'listRequestItems', anyRole],
  ['GET', '/v1/requests/other/items', 'listRequestItems', ofOthers],
  ['GET', '/v1/mints/id/content', 'readMintContent', anyRole],
  ['GET', '/v1/mints/other/content', 'readMintContent', ofOthers],
  ['GET', '/v1/requests/id/content', 'readRequestContent', anyRole],
  ['GET', '/v1/requests/other/content', 'readRequestContent', ofOthers],
  ['POST', '/v1/mints/id/cancel', 'cancelMint', [401, 200, 403, 200, 403], 'reason'],
  ['POST', '/v1/requests/id/cancel', 'cancelRequest', [401, 200, 403, 200, 403]],
  ['POST', '/v1/mints/other/cancel', 'cancelMint', [401, 404, 403, 200, 403]],
  ['POST', '/v1/mints/id/approvals', 'approveMint', approver, 'digest'],
  ['POST', '/v1/requests/id/approvals', 'approveRequest', approver, 'digest'],
  // There is none of theirs.
  ['DELETE', '/v1/mints/id/approvals/mine', 'withdrawMintApproval', [401, 403, 409, 403, 403]],
  [
    'DELETE',
    '/v1/requests/id/approvals/mine',
    'withdrawRequestApproval',
    [401, 403, 409, 403, 403],
  ],
  ['GET', '/v1/keys', 'listKeys', readers],
  ['GET', '/v1/proposal-keys', 'listProposalKeys', readers],
  ['GET', '/v1/rotations', 'listRotations', readers],
  // Nothing was rotated.
  ['GET', '/v1/rotations/0x01cf0e2f2f715450', 'readRotation', [401, 403, 404, 404, 404]],
  ['GET', '/v1/audit', 'listAudit', auditor],
  ['GET', '/v1/audit/verify', 'verifyAudit', auditor],
  ['GET', '/v1/audit/export', 'exportAudit', auditor],
  ['POST', '/v1/pause', 'pause', operator, 'reason'],
  ['POST', '/v1/resume', 'resume', operator, 'reason'],
  // Nothing is quarantined.
  [
    'POST',
    '/v1/requests/id/items/0/resolve',
    'resolveItem',
    [401, 403, 403, 409, 403],
    'resolution',
  ],
  ['GET', '/v1/tokens', 'listTokens', [401, 403, 403, 200, 200]],
  ['DELETE', '/v1/tokens/spare', 'revokeToken', [401, 403, 403, 204, 403]],
  ['GET', '/v1/stats', 'readStats', anyRole],
  ['GET', '/v1/events', 'streamEvents', anyRole],
  ['GET', '/v1/me', 'readMe', anyRole],
  ['POST', '/v1/session', 'signIn', [201, 201, 201, 201, 201], 'token'],
  // A bearer token is no session.
  ['DELETE', '/v1/session', 'signOut', [401, 403, 403, 403, 403]],
  ['GET', '/healthz', 'readHealth', everybody],
  ['GET', '/readyz', 'readReadiness', everybody],
  // From elsewhere; a scraper on this machine needs no role.
  ['GET', '/metrics', 'readMetrics', [401, 403, 403, 200, 200]],
  ['GET', '/openapi.json', '', everybody],
  ['GET', '/', '', everybody],
]
