/** `fcl-kms keys create`. @module */

import { createKey, type KeySpec } from '../../provisioning/index.ts'
import type { Command } from '../command.ts'
import { kmsFlags, kmsSettings } from '../settings.ts'
import { facts } from '../text.ts'
import { usage } from '../values.ts'
import { createPkcs11Key, pkcs11Flags } from './pkcs11.ts'

export const keysCreate: Command = {
  name: 'keys create',
  summary: 'Create a signing key in AWS KMS or on an HSM and show its Flow public key',
  flags: {
    spec: { value: 'spec', help: 'ECC_SECG_P256K1 (default) or ECC_NIST_P256' },
    alias: { value: 'alias/name', help: 'A name that is free' },
    tag: { value: 'key=value', multiple: true, help: 'A tag' },
    description: { value: 'text', help: 'What the key is for' },
    'multi-region': { help: 'Allow replicas in other Regions; cannot be changed later' },
    ...pkcs11Flags,
    ...kmsFlags,
  },
  examples: [
    '--alias alias/flow-minter --region eu-central-1',
    '--spec ECC_NIST_P256 --tag team=drops --tag stage=prod --multi-region --json',
    "--pkcs11 'pkcs11:token=flow;object=minter?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/flow/pin'",
  ],
  async run(context) {
    const { values } = context
    const onToken = await createPkcs11Key(context)
    if (onToken !== undefined) return onToken
    const alias = values.optional('alias')
    const description = values.optional('description')
    const spec = values.optional('spec')
    const key = await createKey({
      ...kmsSettings(context),
      // createKey refuses any other text.
      ...(spec === undefined ? {} : { spec: spec as KeySpec }),
      ...(alias === undefined ? {} : { alias }),
      ...(description === undefined ? {} : { description }),
      tags: readTags(values.many('tag')),
      multiRegion: values.flag('multi-region'),
    })
    const lines = facts([
      ['key id', key.keyId],
      ['key ARN', key.keyArn],
      ['alias', key.alias],
      ['spec', key.keySpec],
      ['multi-Region', key.multiRegion ? 'yes' : 'no'],
      ['signature algorithm', key.signatureAlgorithm],
      ['Flow public key', key.publicKey],
    ])
    return { value: key, lines }
  },
}

function readTags(texts: readonly string[]): Readonly<Record<string, string>> {
  const pairs = texts.map((text) => {
    const split = text.indexOf('=')
    if (split < 1) throw usage('--tag', 'it is not key=value')
    return [text.slice(0, split), text.slice(split + 1)] as const
  })
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length)
    throw usage('--tag', 'a key is given twice')
  return Object.fromEntries(pairs)
}
