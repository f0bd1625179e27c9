/** `fcl-kms keys rotate`, and `keys rotate resume`. @module */

import type { HashAlgorithm } from '../../crypto/algorithms.ts'
import {
  planRotation,
  type RotationReport,
  resumeRotation,
  rotateKey,
} from '../../provisioning/index.ts'
import { type Command, type Context, exitCodes } from '../command.ts'
import { chainFlags, chainSettings, kmsFlags } from '../settings.ts'
import { usage, wholeNumber } from '../values.ts'
import { readOldKey } from './rotation-old-key.ts'
import {
  isWaiting,
  newKeyFlags,
  oldKeyFlags,
  resumeOptions,
  signingFlags,
} from './rotation-options.ts'
import { type OpenedRotations, openRotations, stateFlags } from './rotation-store.ts'
import { planLines, reportLines } from './rotation-text.ts'
import { writeTransaction, writtenValue } from './transaction-input.ts'

export const keysRotate: Command = {
  name: 'keys rotate',
  summary: 'Put a new key in the place of an old one, step by step; run again, it goes on',
  flags: {
    plan: { help: 'Tell what will happen, and change nothing' },
    ...stateFlags,
    ...signingFlags,
    hash: { value: 'name', help: 'Of the new key: SHA3_256 or SHA2_256; default that of the old' },
    copies: { value: 'n', help: 'Keys of weight 0, 1 to 10000; default as many as the old has' },
    emergency: {
      help: 'The old key may be in other hands: revoke it first where that is possible',
    },
    ...oldKeyFlags,
    ...newKeyFlags,
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--plan --network testnet --address 0x1d007d755531709b --old-key alias/minter',
    '--network testnet --address 0x1d007d755531709b --key alias/minter --old-key alias/minter --alias alias/minter',
    '--network testnet --address 0x1d007d755531709b --key alias/a --key alias/b --old-key alias/a --database --emergency',
  ],
  async run(context) {
    const { values, signal } = context
    if (values.flag('plan')) return showPlan(context)
    return withRotations(context, async (opened) => {
      const { old, ...options } = await resumeOptions(context, opened)
      return rotateKey({ ...options, ...wishOf(context), publicKey: old.publicKey, signal })
    })
  },
}

export const keysRotateResume: Command = {
  name: 'keys rotate resume',
  summary: 'Go on with a rotation, with what others have signed if they had to',
  flags: {
    ...stateFlags,
    ...signingFlags,
    ...oldKeyFlags,
    ...newKeyFlags,
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--network testnet --address 0x1d007d755531709b --key alias/minter --old-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab --signed rotation.signed.rlp',
  ],
  run: (context) =>
    withRotations(context, async (opened) => {
      const { old: _, ...options } = await resumeOptions(context, opened)
      return resumeRotation(options)
    }),
}

function wishOf({ values }: Context) {
  const hash = values.optional('hash')
  const copies = values.optional('copies')
  return {
    ...(values.flag('emergency') ? { emergency: true } : {}),
    // Refused by the library unless it is one.
    ...(hash === undefined ? {} : { hashAlgorithm: hash as HashAlgorithm }),
    ...(copies === undefined ? {} : { copies: wholeNumber('--copies', copies, 1, 10_000) }),
  }
}

async function showPlan(context: Context): ReturnType<Command['run']> {
  const { values, signal } = context
  const { publicKey } = await readOldKey(context, undefined)
  const address = values.required('address')
  const wish = { ...wishOf(context), publicKey }
  const plan = await planRotation({ ...chainSettings(context), ...wish, address, signal })
  return { value: plan, lines: planLines(plan) }
}

/** Opens what a rotation is stored in, and tells where it stands. */
export async function withRotations(
  context: Context,
  run: (opened: OpenedRotations) => Promise<RotationReport>,
): ReturnType<Command['run']> {
  const opened = await openRotations(context)
  if (opened.pools.length === 0)
    context.note('no --database: transactions that other processes have under way may fail')
  try {
    return await told(context, await run(opened))
  } finally {
    await opened.close()
  }
}

/** What others must sign goes into a file, for `sign transaction --partial`. */
async function told(context: Context, report: RotationReport): ReturnType<Command['run']> {
  const { toSign } = report
  const exitCode = isWaiting(report) ? exitCodes.problem : exitCodes.ok
  if (toSign === undefined) return { value: report, lines: reportLines(report), exitCode }
  const to = context.values.optional('out') ?? 'rotation.rlp'
  if (to === '-') throw usage('--out', 'it is a file here')
  const written = await writeTransaction(toSign.transaction, 'rlp', to)
  const { transaction: _, ...facts } = toSign
  const value = { ...report, toSign: { ...facts, ...writtenValue(written) } }
  return { value, lines: [...reportLines(report), `${to}: to be signed`], exitCode }
}
