/** `fcl-kms keys show`. @module */

import { describeKey, type KeyReport, type KeyUse } from '../../provisioning/index.ts'
import type { Command } from '../command.ts'
import { chainFlags, kmsFlags, kmsSettings, optionalChain } from '../settings.ts'
import { facts, table } from '../text.ts'
import { pkcs11Flags, showPkcs11Key } from './pkcs11.ts'

export const keysShow: Command = {
  name: 'keys show',
  summary: 'Show the Flow public key, state and spec of a key, and where it is used',
  flags: {
    key: { value: 'id', help: 'Key id, key ARN, alias/name or alias ARN' },
    address: { value: 'address', multiple: true, help: 'Look for the key on this account too' },
    ...pkcs11Flags,
    ...kmsFlags,
    ...chainFlags,
  },
  examples: [
    '--key alias/flow-minter',
    '--key alias/flow-minter --network testnet --address 0x1d007d755531709b --json',
    "--pkcs11 'pkcs11:token=flow;object=minter?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/flow/pin'",
  ],
  async run(context) {
    const { values } = context
    const onToken = await showPkcs11Key(context)
    if (onToken !== undefined) return onToken
    const chain = optionalChain(context)
    const report = await describeKey({
      ...kmsSettings(context),
      ...chain,
      keyId: values.required('key'),
      addresses: values.many('address'),
    })
    return { value: report, lines: linesOf(report) }
  },
}

function linesOf(report: KeyReport): readonly string[] {
  const { aliases, tags, unread } = report
  const unreadCode = (name: string) => unread.find(({ part }) => part === name)?.code
  const orCode = (text: string | undefined, part: string) =>
    text ?? `not read (${unreadCode(part)})`
  const tagTexts = tags && Object.entries(tags).map(([key, value]) => `${key}=${value}`)
  return [
    ...facts([
      ['key ARN', report.keyArn],
      ['aliases', orCode(aliases && (aliases.join(', ') || 'none'), 'aliases')],
      ['state', report.state],
      ['created', report.createdAt],
      ['spec', report.keySpec],
      ['usage', report.keyUsage],
      ['multi-Region', report.multiRegion ? 'yes' : 'no'],
      ['description', report.description || undefined],
      ['tags', orCode(tagTexts && (tagTexts.join(', ') || 'none'), 'tags')],
      ['signature algorithm', report.signatureAlgorithm],
      ['Flow public key', orCode(report.publicKey, 'publicKey')],
      ['cannot sign', report.unusable],
      ['used by', report.uses.length === 0 ? 'no account that is known' : undefined],
    ]),
    ...(report.uses.length === 0 ? [] : ['used by', ...table(report.uses.map(useRow))]),
  ]
}

const useRow = (use: KeyUse) => [
  `  ${use.address}`,
  use.chainId,
  use.keyIndex === undefined ? '' : `index ${use.keyIndex}`,
  use.weight === undefined ? '' : `weight ${use.weight}`,
  use.hashAlgorithm ?? '',
  use.verified ? (use.revoked ? 'revoked' : 'verified') : `not verified: ${use.reason}`,
]
