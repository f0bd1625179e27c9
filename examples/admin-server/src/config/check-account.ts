/** Checks of the keys and of who stands for them. @module */

import { principalPattern } from '../access/principal.ts'
import { isKmsKeyId, kmsKeyIdentity } from './forms.ts'
import type { Partly } from './partly.ts'
import { type Mistake, mistake, type Place } from './problems.ts'
import type { FileSettings } from './schema.ts'

const NAME = new RegExp(principalPattern)
/** The actor of audit records that no principal caused. */
const SERVER = 'server'

type Keys = NonNullable<NonNullable<Partly<FileSettings>['account']>['keys']>

/** One approver stands for one key: otherwise one person could meet two rules. */
export function checkAccount({ account }: Partly<FileSettings>): readonly Mistake[] {
  const keys = account?.keys ?? []
  return [...checkKeyIds(keys), ...checkApprovers(keys), ...checkAutomatic(keys)]
}

function checkKeyIds(keys: Keys): readonly Mistake[] {
  const seen = new Set<string>()
  const found: Mistake[] = []
  for (const [index, entry] of keys.entries())
    for (const field of ['key', 'successor'] as const) {
      const key = entry?.[field]
      if (key === undefined) continue
      const place = ['account', 'keys', index, field]
      if (!isKmsKeyId(key)) found.push(mistake('KEY_ID_INVALID', place))
      else if (seen.has(kmsKeyIdentity(key))) found.push(mistake('KEY_TWICE', place))
      else seen.add(kmsKeyIdentity(key))
    }
  return found
}

function checkApprovers(keys: Keys): readonly Mistake[] {
  const seen = new Map<string, { readonly name: string; readonly key: number }>()
  const found: Mistake[] = []
  for (const [key, entry] of keys.entries()) {
    const rule = entry?.signs
    if (typeof rule !== 'object' || rule.approvers === undefined) continue
    const list: Place = ['account', 'keys', key, 'signs', 'approvers']
    if (rule.approvers.length === 0) found.push(mistake('APPROVERS_EMPTY', list))
    for (const [index, name] of rule.approvers.entries()) {
      if (name === undefined) continue
      const place = [...list, index]
      const before = seen.get(name.toLowerCase())
      if (!NAME.test(name)) found.push(mistake('NAME_INVALID', place))
      else if (name.toLowerCase() === SERVER) found.push(mistake('NAME_RESERVED', place))
      else if (before === undefined) seen.set(name.toLowerCase(), { name, key })
      else if (before.name !== name) found.push(mistake('NAMES_CONFUSABLE', place))
      else found.push(mistake(before.key === key ? 'DUPLICATE' : 'APPROVER_TWICE', place))
    }
  }
  return found
}

function checkAutomatic(keys: Keys): readonly Mistake[] {
  const all = keys.length > 0 && keys.every((entry) => entry?.signs === 'automatic')
  return all ? [mistake('ALL_AUTOMATIC', ['account', 'keys'])] : []
}
