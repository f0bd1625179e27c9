/** `fcl-kms keys rotate status`, and `keys rotate abort`. @module */

import { abortRotation, rotationStatus } from '../../provisioning/index.ts'
import { type Command, exitCodes } from '../command.ts'
import { chainFlags, chainSettings, kmsFlags } from '../settings.ts'
import { authorizerOf } from './accounts-show.ts'
import { withRotations } from './keys-rotate.ts'
import { isWaiting, newKeyFlags, readSigned, signingFlags, vaultOf } from './rotation-options.ts'
import { openRotations, stateFlags } from './rotation-store.ts'
import { reportLines } from './rotation-text.ts'

export const keysRotateStatus: Command = {
  name: 'keys rotate status',
  summary: 'Tell how far a rotation is, and what it waits for',
  flags: { ...stateFlags, ...chainFlags },
  examples: ['--network testnet --address 0x1d007d755531709b'],
  async run(context) {
    const { values, signal } = context
    const { rotations, close } = await openRotations(context)
    try {
      const address = values.required('address')
      const report = await rotationStatus({ ...chainSettings(context), address, rotations, signal })
      const exitCode = isWaiting(report) ? exitCodes.problem : exitCodes.ok
      return { value: report, lines: reportLines(report), exitCode }
    } finally {
      await close()
    }
  },
}

export const keysRotateAbort: Command = {
  name: 'keys rotate abort',
  summary: 'Take the new key off the account again, as long as the old one is on it',
  flags: { ...stateFlags, ...signingFlags, ...newKeyFlags, ...chainFlags, ...kmsFlags },
  examples: ['--network testnet --address 0x1d007d755531709b --key alias/minter'],
  run: (context) =>
    withRotations(context, async ({ rotations, pools }) => {
      const { values, signal, note } = context
      const address = values.required('address')
      const authorizer = authorizerOf(context)
      const vault = await vaultOf(context, {})
      const signed = await readSigned(context)
      const options = { ...chainSettings(context), ...{ address, rotations, pools, signal } }
      const onStep = ({ step, text }: { step: string; text: string }) => note(`${step}: ${text}`)
      return abortRotation({ ...options, authorizer, vault, signed, onStep })
    }),
}
