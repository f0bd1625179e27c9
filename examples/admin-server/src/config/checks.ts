/** Every check of what the schema cannot say, on whatever has passed it. @module */

import { checkAccount } from './check-account.ts'
import { checkFunctions } from './check-functions.ts'
import { checkHttp, checkOidc, checkWebhooks } from './check-http.ts'
import { type AddressCheck, checkNetwork } from './check-network.ts'
import { checkAudit, checkDatabase, checkRelay } from './check-storage.ts'
import { looksLikePrivateKey, looksLikeSecret } from './forms.ts'
import { type Partly, visitTexts } from './partly.ts'
import { type Mistake, mistake, type Place } from './problems.ts'
import type { FileSettings } from './schema.ts'
import type { Placed } from './schema-mistakes.ts'

/** What the checks have to know besides the file. */
export type CheckFacts = {
  readonly knownFunctions: readonly string[]
  readonly isAddressOfChain?: AddressCheck | undefined
  readonly databaseUrl?: string | undefined
  /** Its variable; the value is absent when its file cannot be read. */
  readonly webhookSecret?: { readonly name: string; readonly value?: string } | undefined
}

/** @returns Mistakes and warnings. */
export function checkSettings(
  settings: Partly<FileSettings>,
  facts: CheckFacts,
): readonly Mistake[] {
  return [
    ...checkNetwork(settings, facts.isAddressOfChain),
    ...checkAccount(settings),
    ...checkFunctions(settings, facts.knownFunctions),
    ...checkDatabase(settings, facts.databaseUrl),
    ...checkHttp(settings),
    ...checkOidc(settings),
    ...checkWebhooks(settings, facts.webhookSecret),
    ...checkAudit(settings, facts.databaseUrl),
    ...checkRelay(settings),
  ]
}

/** Texts and names of fields anywhere that look like secrets; what else is wrong there is not said. */
export function findSecrets(value: unknown): readonly Placed[] {
  const found: Placed[] = []
  const report = (id: 'PRIVATE_KEY' | 'SECRET_IN_FILE', place: Place) =>
    found.push({ place, mistake: mistake(id, place) })
  visitTexts(value, (text, place) => {
    if (looksLikePrivateKey(text)) report('PRIVATE_KEY', place)
    else if (looksLikeSecret(text)) report('SECRET_IN_FILE', place)
  })
  return found
}
