/** `fcl-kms wallets rewrap`. @module */

import {
  type RewrapReport,
  rewrapSealedKeys,
  wrappingKeyRetirement,
} from '../../provisioning/index.ts'
import { createSealedKeys, type SealedKeys } from '../../signers/sealed-key/index.ts'
import { type Command, type Context, exitCodes } from '../command.ts'
import { awsSettings, kmsFlags, kmsSettings } from '../settings.ts'
import { facts, table } from '../text.ts'
import { usage } from '../values.ts'
import { daysOf } from './rotation-options.ts'
import { openKeyStore, placeFlags } from './wallets-options.ts'

/** Records between two notes. */
const NOTE_EVERY = 100

export const walletsRewrap: Command = {
  name: 'wallets rewrap',
  summary: 'Put sealed wallets under another KMS key; run again, it goes on',
  flags: {
    plan: { help: 'Count the records, and change nothing' },
    to: { value: 'arn', help: 'The new KMS key' },
    'wrapping-key': { value: 'arn', help: 'The old one, that the sealed keys are under' },
    ...placeFlags,
    retire: { help: 'Then disable the old key, wait until it is unused, and have it deleted' },
    'unused-days': { value: 'n', help: 'With --retire: days without a use, 0 to 365; default 7' },
    'pending-days': { value: 'n', help: 'With --retire: KMS waits so long, 7 to 30; default 30' },
    ...kmsFlags,
  },
  examples: [
    '--plan --folder wallets --wrapping-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab --to arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321',
  ],
  async run(context) {
    const { values, signal, note } = context
    const [from, to] = [values.required('wrapping-key'), values.required('to')]
    const { client, limits = {} } = kmsSettings(context)
    const store = await openKeyStore(context)
    const keys = createSealedKeys({ ...limits, kms: client, keyId: to, alsoOpens: [from], store })
    const retirement = retirementOf(context, from, keys)
    const isPlan = values.flag('plan')
    const stopBefore = isPlan ? 'rewrap' : retirement === undefined ? 'disable' : undefined
    const report = await rewrapSealedKeys({
      ...{ keys, from, to, signal },
      ...(stopBefore === undefined ? {} : { stopBefore }),
      ...(retirement === undefined ? {} : { retirement }),
      onProgress: ({ seen }) =>
        seen % NOTE_EVERY === 0 ? note(`${seen} records seen`) : undefined,
    })
    return { value: report, lines: linesOf(report), exitCode: exitCodeOf(report) }
  },
}

function retirementOf(context: Context, keyId: string, keys: SealedKeys) {
  const { values } = context
  const given = ['unused-days', 'pending-days'].find(values.flag)
  if (!values.flag('retire')) {
    if (given !== undefined) throw usage(`--${given}`, 'it goes with --retire')
    return undefined
  }
  const { client, limits } = kmsSettings(context)
  const unusedForDays = daysOf(context, 'unused-days', 0, 365)
  const pendingWindowInDays = daysOf(context, 'pending-days', 7, 30)
  return wrappingKeyRetirement({
    ...{ client, keyId, keys, trail: awsSettings(context) },
    ...(limits === undefined ? {} : { limits }),
    ...(unusedForDays === undefined ? {} : { unusedForDays }),
    ...(pendingWindowInDays === undefined ? {} : { pendingWindowInDays }),
  })
}

function linesOf({ state, step, records, rewrapped, invalid, askAgainAt, notes }: RewrapReport) {
  return [
    ...facts([
      ['state', state],
      ['next step', state === 'done' ? undefined : step],
      ['wrapped anew', `${rewrapped}`],
      ['not opened', invalid.length === 0 ? undefined : invalid.join(', ')],
      ['ask again', askAgainAt === undefined ? undefined : new Date(askAgainAt).toISOString()],
    ]),
    'records',
    ...table(Object.entries(records).map(([keyArn, count]) => [`  ${keyArn}`, `${count}`])),
    ...notes.map((text) => `note  ${text}`),
  ]
}

const exitCodeOf = ({ state }: RewrapReport): number => {
  if (state === 'records-left') return exitCodes.failed
  return state === 'waiting-until-unused' ? exitCodes.problem : exitCodes.ok
}
