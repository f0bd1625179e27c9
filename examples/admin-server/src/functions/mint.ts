/** Mints NFTs of DropNFT, many in one transaction. @module */

import { type Static, type TUnsafe, Type } from 'typebox'
import {
  addressValue,
  dictionaryValue,
  fixedValue,
  numberValue,
  optionalValue,
  readAddress,
  readArguments,
  readDictionary,
  readFixed,
  readOptional,
  readText,
  readUInt64,
  textValue,
} from './cadence-values.ts'
import { describeParts } from './description.ts'
import { address, assertText, assertWebAddress, refuse, strict, webAddress } from './input.ts'
import { quoted } from './shown-text.ts'
import type { FunctionTemplate } from './template.ts'

const MAX_TRAITS = 64
const MAX_ROYALTIES = 10
/** A share of 1 in units of UFix64. */
const WHOLE = 100_000_000n

const traits: TUnsafe<Readonly<Record<string, string>>> = Type.Unsafe({
  type: 'object',
  propertyNames: { type: 'string', minLength: 1, maxLength: 64 },
  additionalProperties: { type: 'string', maxLength: 512 },
  maxProperties: MAX_TRAITS,
})

// A schema counts characters and the contract bytes; `toArguments` counts those.
const input = Type.Object(
  {
    recipient: address,
    name: Type.String({ minLength: 1, maxLength: 256 }),
    description: Type.String({ maxLength: 4_096 }),
    thumbnail: webAddress,
    externalUrl: Type.Optional(webAddress),
    edition: Type.Optional(
      Type.Object(
        {
          name: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
          number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
          max: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
        },
        strict,
      ),
    ),
    traits: Type.Optional(traits),
    royalties: Type.Optional(
      Type.Array(
        Type.Object(
          {
            receiver: address,
            cut: Type.String({
              pattern: '^(?:0(?:\\.[0-9]{1,8})?|1(?:\\.0{1,8})?)$',
              description: 'A share of the price of each sale, "0" to "1", up to eight decimals.',
            }),
          },
          strict,
        ),
        { maxItems: MAX_ROYALTIES },
      ),
    ),
  },
  strict,
)

/** What the API takes for one mint. */
export type MintInput = Static<typeof input>

const readers = [
  readText,
  readAddress,
  readText,
  readText,
  readText,
  readOptional(readText),
  readOptional(readText),
  readOptional(readUInt64),
  readOptional(readUInt64),
  readDictionary(readText, readText),
  readDictionary(readAddress, readFixed),
] as const

/** Mints one NFT for each item; the contract mints each item once, ever. */
export const mint: FunctionTemplate = Object.freeze({
  name: 'mint',
  title: 'Mint an NFT',
  input,
  maxItems: 1_000,
  cadenceFile: 'transactions/mint-batch.cdc',
  // By the table in cadence/README.md, for a recipient each; the relay measures while it runs.
  submission: { kind: 'batch', computePerRequest: 65, computeBase: 100, maxRequests: 100 },
  toArguments(value, jobId) {
    const mint = value as MintInput // the caller has checked it by `input`
    const { recipient, name, description, thumbnail, externalUrl, edition } = mint
    assertText('/name', name, [1, 256])
    assertText('/description', description, [0, 4_096], { lines: true })
    assertWebAddress('/thumbnail', thumbnail)
    if (externalUrl !== undefined) assertWebAddress('/externalUrl', externalUrl)
    if (edition?.name !== undefined) assertText('/edition/name', edition.name, [1, 256])
    if (edition?.max !== undefined && edition.number > edition.max)
      throw refuse('/edition/number', 'it is larger than max')
    const text = (content: string | undefined) =>
      optionalValue(content === undefined ? undefined : textValue(content))
    const count = (content: number | undefined) =>
      optionalValue(content === undefined ? undefined : numberValue('UInt64', content))
    return [
      textValue(jobId),
      addressValue(recipient),
      textValue(name),
      textValue(description),
      textValue(thumbnail),
      text(externalUrl),
      text(edition?.name),
      count(edition?.number),
      count(edition?.max),
      dictionaryValue(
        traitsOf(mint.traits ?? {}).map(([trait, of]) => [textValue(trait), textValue(of)]),
      ),
      dictionaryValue(
        royaltiesOf(mint.royalties ?? []).map(([receiver, cut]) => [
          addressValue(receiver),
          fixedValue(cut),
        ]),
      ),
    ]
  },
  inspect(values) {
    const [jobId, recipient, , , , , , , , , royalties] = readArguments(values, readers)
    const recipients = [...new Set([recipient, ...royalties.map(([receiver]) => receiver)])]
    return { jobId, recipients, amount: 1 }
  },
  titleOf(values) {
    const [, recipient, name] = readArguments(values, readers)
    return `Mint ${quoted(name)} for ${recipient}`
  },
  describe(values) {
    const [jobId, recipient, name, description, thumbnail, page, edition, number, max, of, cuts] =
      readArguments(values, readers)
    return {
      title: this.titleOf(values),
      lines: describeParts(
        [
          { label: 'Request id', text: jobId, what: 'the request id' },
          { label: 'Recipient', value: recipient },
          { label: 'Name', text: name, what: 'the name' },
          { label: 'Description', text: description, what: 'the description' },
          { label: 'Thumbnail', text: thumbnail, what: 'the thumbnail' },
          page === undefined
            ? { label: 'External URL', value: 'none' }
            : { label: 'External URL', text: page, what: 'the external URL' },
          ...(edition === undefined
            ? []
            : [{ label: 'Edition name', text: edition, what: 'the edition name' }]),
          { label: 'Edition number', value: number ?? 'none' },
          { label: 'Edition maximum', value: max ?? 'none' },
          ...(of.length === 0 ? [{ label: 'Traits', value: 'none' }] : []),
          ...of.map(([trait, text]) => ({
            label: `Trait ${quoted(trait)}`,
            text,
            what: `the trait ${quoted(trait)}`,
          })),
          ...(cuts.length === 0 ? [{ label: 'Royalties', value: 'none' }] : []),
          ...cuts.map(([receiver, cut]) => ({ label: `Royalty to ${receiver}`, value: cut })),
        ],
        of.map(([text]) => ({ text, what: `the name of the trait ${quoted(text)}` })),
      ),
    }
  },
} satisfies FunctionTemplate)

/** Two names that Cadence takes for one would leave one of them out. */
function traitsOf(given: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  const entries = Object.entries(given)
  for (const [trait, text] of entries) {
    assertText('/traits', trait, [1, 64])
    assertText('/traits', text, [0, 512], { lines: true })
  }
  if (new Set(entries.map(([trait]) => trait.normalize('NFC'))).size !== entries.length)
    throw refuse('/traits', 'two names differ only in how their accents are written')
  return entries
}

/** @returns Receivers with their cuts, with eight decimals. */
function royaltiesOf(
  given: NonNullable<MintInput['royalties']>,
): readonly (readonly [receiver: string, cut: string])[] {
  if (new Set(given.map(({ receiver }) => receiver)).size !== given.length)
    throw refuse('/royalties', 'a receiver comes twice')
  const cuts = given.map(({ receiver, cut }) => {
    const [whole = '', decimals = ''] = cut.split('.')
    return [receiver, `${whole}.${decimals.padEnd(8, '0')}`] as const
  })
  const sum = cuts.reduce((total, [, cut]) => total + BigInt(cut.replace('.', '')), 0n)
  if (sum > WHOLE) throw refuse('/royalties', 'the cuts add up to more than 1')
  return cuts
}
