/** `fcl-kms doctor`. @module */

import { diagnose, diagnoseStack, type Finding } from '../../provisioning/index.ts'
import { type Command, exitCodes } from '../command.ts'
import { chainFlags, kmsFlags, kmsSettings, optionalChain, timeoutMs } from '../settings.ts'
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
    stack: {
      value: 'name',
      multiple: true,
      help: 'A deployed stack to check: policies, keys, alarms, rules, trail',
    },
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--key alias/flow-minter --network testnet --address 0x1d007d755531709b',
    '--key alias/a --weight 500 --network testnet --address 0x1d007d755531709b --json',
    '--stack flow-keys --stack flow-watch',
  ],
  async run(context) {
    const { values } = context
    const address = values.optional('address')
    const weight = values.optional('weight')
    const stacks = values.many('stack')
    const { client, signal } = kmsSettings(context)
    const own = await diagnose({
      ...kmsSettings(context),
      ...optionalChain(context),
      keyIds: values.many('key'),
      ...(address === undefined ? {} : { address }),
      ...(weight === undefined ? {} : { requiredWeight: wholeNumber('--weight', weight, 1, 1000) }),
    })
    const timeout = timeoutMs(context)
    const ofStacks = await Promise.all(
      stacks.map((name) =>
        diagnoseStack({
          name,
          // Only `diagnose` is ever given a client here.
          client: 'send' in client ? {} : client,
          ...(signal === undefined ? {} : { signal }),
          ...(timeout === undefined ? {} : { requestTimeoutMs: timeout }),
          keyArns: values
            .many('key')
            .filter((key) => /^arn:[a-z-]+:kms:[^:]+:\d{12}:key\//.test(key)),
        }),
      ),
    )
    const findings = [...own, ...ofStacks.flat()]
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
