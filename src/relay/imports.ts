/** Imports of Cadence get their addresses before a job is stored, as FCL gives them. @module */

import { readFclConfig } from '../authorizer/fcl-config.ts'
import { SignerError } from '../errors.ts'
import { findReferences, type Reference, unresolvedImport } from '../policy/cadence-source.ts'
import { type ContractAddresses, readFlowJson } from './flow-json.ts'

/** Where the addresses of contracts come from, besides FCL's own configuration. */
export type ImportOptions = {
  /** Addresses by the name that is imported, or by the placeholder: `FlowToken`, `0xFlowToken`. */
  readonly imports?: Readonly<Record<string, string>> | undefined
  /** The contents of flow.json, parsed; or several, of which later ones outweigh. */
  readonly flowJson?: object | undefined
}

/** Gives imports their addresses. */
export type Imports = {
  /**
   * @returns At once, unless FCL's configuration has to be asked.
   * @throws {SignerError} `CADENCE_IMPORT_UNRESOLVED`, also by rejecting.
   */
  readonly resolve: (cadence: string) => string | Promise<string>
}

/**
 * An address of `imports` is taken before that of flow.json, and that before FCL's configuration.
 *
 * @param chainId - For example `flow-testnet`: which aliases of flow.json are meant.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function createImports(options: ImportOptions & { readonly chainId: string }): Imports {
  const { imports = {}, flowJson, chainId } = options
  assertImports(imports)
  const network = chainId.replace(/^flow-/, '')
  const own = new Map<string, unknown>([
    ...(flowJson === undefined ? [] : readFlowJson(flowJson, network)),
    ...Object.entries(imports),
  ])
  return {
    resolve(cadence) {
      const references = findReferences(cadence)
      if (references.every((one) => addressOf(own, one) !== undefined))
        return replaceAll(cadence, references, own)
      return readFclConfig().then((config) => {
        const fromFcl = Object.entries(config ?? {}).map(
          ([key, value]) => [key.replace(/^system\.contracts\./, ''), value] as const,
        )
        return replaceAll(cadence, references, new Map([...fromFcl, ...own]))
      })
    },
  }
}

function assertImports(imports: unknown): void {
  const isMap = typeof imports === 'object' && imports !== null && !Array.isArray(imports)
  const wrong = isMap ? Object.entries(imports).find(([, value]) => !isAddress(value)) : undefined
  if (isMap && wrong === undefined) return
  const option = wrong === undefined ? 'imports' : `imports.${wrong[0]}`
  const reason = isMap ? 'it is not an address' : 'it is not an object of addresses by name'
  throw new SignerError('INVALID_OPTION', { option, reason })
}

function addressOf(known: ContractAddresses, { kind, name }: Reference): unknown {
  if (kind === 'other') return undefined
  return known.get(name) ?? (kind === 'placeholder' ? known.get(name.slice(2)) : undefined)
}

function replaceAll(
  cadence: string,
  references: readonly Reference[],
  known: ContractAddresses,
): string {
  let from = 0
  const parts = references.flatMap((reference) => {
    const before = cadence.slice(from, reference.from)
    from = reference.to
    return [before, replacement(reference, known)]
  })
  return [...parts, cadence.slice(from)].join('')
}

function replacement(reference: Reference, known: ContractAddresses): string {
  const { kind, name } = reference
  const given = addressOf(known, reference)
  if (given === undefined || given === null || kind === 'other')
    throw unresolvedImport(reference, 'it has no address')
  if (!isAddress(given)) throw unresolvedImport(reference, 'what it is given is not an address')
  const address = given.startsWith('0x') ? given : `0x${given}`
  if (kind === 'placeholder') return address
  const canonical = known.get(`${name}.canonical`)
  const isAlias = typeof canonical === 'string' && /^[A-Za-z_]\w*$/.test(canonical)
  return `import ${isAlias ? `${canonical} as ${name}` : name} from ${address}`
}

const isAddress = (value: unknown): value is string =>
  typeof value === 'string' && /^(0x)?[\da-f]{1,16}$/i.test(value)
