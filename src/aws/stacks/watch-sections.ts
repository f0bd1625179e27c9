/** What watches the keys, and the section of docs/operations.md that says what to do. @module */

/** A logical id in the template of `watch`. */
export type WatchPart =
  | 'SignerErrors'
  | 'SignerRefusals'
  | 'SignerThrottled'
  | 'SignRate'
  | 'UnknownSigner'
  | 'ForeignSignatures'
  | 'ScheduleKeyDeletion'
  | 'DisableKey'
  | 'PutKeyPolicy'
  | 'CreateGrant'
  | 'UpdateAlias'
  | 'AccessDenied'
  | 'UseWhileDeletionPending'

/**
 * By logical id in the template of `watch`. A test compares the sections with the page, in both
 * directions.
 */
export const watchSections: Readonly<Record<WatchPart, string>> = {
  // Alarms
  SignerErrors: 'signer-errors',
  SignerRefusals: 'signer-refusals',
  SignerThrottled: 'signer-throttled',
  SignRate: 'more-signatures-than-expected',
  UnknownSigner: 'a-role-signs-that-never-signed',
  ForeignSignatures: 'a-signature-that-is-not-ours',
  // Rules of EventBridge
  ScheduleKeyDeletion: 'schedulekeydeletion',
  DisableKey: 'disablekey',
  PutKeyPolicy: 'putkeypolicy',
  CreateGrant: 'creategrant',
  UpdateAlias: 'updatealias',
  AccessDenied: 'accessdenied',
  UseWhileDeletionPending: 'use-while-deletion-is-pending',
}

/** What an alarm or a rule has in its description, so that whoever is woken finds the page. */
export const watchDescription = (what: string, id: WatchPart): string =>
  `${what} What to do: docs/operations.md#${watchSections[id]}`
