/** `fcl-kms doctor`. @module */

import { diagnose, type Finding } from '../../provisioning/index.ts'
import { type Command, exitCodes } from '../command.ts'
import { chainFlags, kmsFlags, kmsSettings, optionalChain } from '../settings.ts'
import { table } from '../text.ts'
import { wholeNumber } from '../values.ts'

export const doctor: Command = {
  name: 'doctor',
  summary: 'Check credentials, KMS, keys, permissions, clock, access node and account',
  flags: {
    key: { value: 'id', multiple: true, help: 'A KMS key to check' },
    address: { value: 'address', help: 'The account that the keys are for' },
    weight: {
      value: 'n',
      help: 'What the keys must reach when others hold the rest; default 1000',
    },
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--key alias/flow-minter --network testnet --address 0x1d007d755531709b',
    '--key alias/a --weight 500 --network testnet --address 0x1d007d755531709b --json',
  ],
  async run(context) {
    const { values } = context
    const address = values.optional('address')
    const weight = values.optional('weight')
    const findings = await diagnose({
      ...kmsSettings(context),
      ...optionalChain(context),
      keyIds: values.many('key'),
      ...(address === undefined ? {} : { address }),
      ...(weight === undefined ? {} : { requiredWeight: wholeNumber('--weight', weight, 1, 1000) }),
    })
    const healthy = findings.every(({ status }) => status !== 'problem')
    return {
      value: { healthy, findings },
      lines: linesOf(findings),
      exitCode: healthy ? exitCodes.ok : exitCodes.problem,
    }
  },
}

function linesOf(findings: readonly Finding[]): readonly string[] {
  const rows = findings.map(({ status, check, subject, fact, code }) => [
    status,
    subject === undefined ? check : `${check} of ${subject}`,
    code === undefined ? fact : `${fact} [${code}]`,
  ])
  return table(rows).flatMap((line, index) => {
    const remedy = findings[index]?.remedy
    return remedy === undefined ? [line] : [line, `         → ${remedy}`]
  })
}
