/** nitro-cli as a program: its commands, its JSON, and what its error codes ask for. @module */

import { execFile } from 'node:child_process'
import { isSignerError, SignerError } from '../../errors.ts'
import { parseStrictJson } from '../../policy/strict-json.ts'

/** An enclave of this instance. */
export type NitroEnclave = {
  readonly id: string
  readonly cid: number
  /** `RUNNING`, `TERMINATING` or `EMPTY`. */
  readonly state: string
  /** `NONE` or `DEBUG_MODE`. */
  readonly flags: string
}

/** What to start. */
export type NitroSettings = {
  readonly image: string
  readonly cpuCount: number
  readonly memoryMib: number
  readonly cid: number
}

/** Each rejects with `ENCLAVE_NOT_STARTED`, and with `signal.reason` on abort. */
export type NitroCli = {
  /** @returns The id of the new enclave. */
  readonly run: (settings: NitroSettings, signal?: AbortSignal) => Promise<string>
  readonly describe: (signal?: AbortSignal) => Promise<readonly NitroEnclave[]>
  readonly terminate: (id: string, signal?: AbortSignal) => Promise<void>
}

/** A cold start reads an image of some 100 MB into huge pages. */
const TIMEOUT_MS = 60_000
const MAX_OUTPUT_BYTES = 1_048_576

/** Of an enclave, as the hypervisor calls it. */
const ENCLAVE_ID = /^i-[0-9a-f]{8,32}-enc[0-9a-f]{1,32}$/

/** @param program - Its name or path; run without a shell. */
export function nitroCli(program: string): NitroCli {
  return Object.freeze({
    async run({ image, cpuCount, memoryMib, cid }, signal) {
      const flags = {
        'eif-path': image,
        'cpu-count': cpuCount,
        memory: memoryMib,
        'enclave-cid': cid,
      }
      const told = await ask(program, 'run-enclave', flags, signal)
      const { EnclaveID: id, EnclaveCID: hasCid } = fieldsOf(told)
      if (typeof id !== 'string' || !ENCLAVE_ID.test(id)) throw odd('EnclaveID is no id')
      if (hasCid !== cid) throw odd('EnclaveCID is not the one that was asked for')
      return id
    },
    async describe(signal) {
      const told = await ask(program, 'describe-enclaves', {}, signal)
      if (!Array.isArray(told)) throw odd('it is not a list')
      return told.map(enclaveOf)
    },
    async terminate(id, signal) {
      const told = await ask(program, 'terminate-enclave', { 'enclave-id': id }, signal)
      const { EnclaveID, Terminated } = fieldsOf(told)
      if (EnclaveID !== id || Terminated !== true)
        throw odd('it does not say that it terminated it')
    },
  } satisfies NitroCli)
}

function enclaveOf(told: unknown): NitroEnclave {
  const { EnclaveID: id, EnclaveCID: cid, State: state, Flags: flags } = fieldsOf(told)
  if (typeof id !== 'string' || !ENCLAVE_ID.test(id)) throw odd('EnclaveID is no id')
  if (typeof cid !== 'number' || !Number.isSafeInteger(cid)) throw odd('EnclaveCID is no CID')
  if (typeof state !== 'string' || typeof flags !== 'string') throw odd('State or Flags is no text')
  return { id, cid, state, flags }
}

type Flags = Readonly<Record<string, string | number>>

async function ask(
  program: string,
  command: string,
  flags: Flags,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  signal?.throwIfAborted()
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
  const output = await execute(program, [command, ...words], signal).catch((thrown: unknown) => {
    signal?.throwIfAborted()
    throw isSignerError(thrown) ? thrown : failed(command, program, thrown)
  })
  const parsed = parseStrictJson(output.trim())
  if (parsed.reason !== undefined) throw odd(parsed.reason)
  return parsed.value
}

/** @returns What it wrote to its standard output; progress and warnings go to the other one. */
function execute(
  program: string,
  words: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const bounds = {
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
      killSignal: 'SIGKILL',
    } as const
    const options = { ...bounds, ...(signal === undefined ? {} : { signal }) }
    execFile(program, [...words], options, (error, output, complaints) => {
      if (error === null) resolve(output)
      else reject(Object.assign(error, { complaints }))
    })
  })
}

/** By nitro-cli's own codes. @see https://docs.aws.amazon.com/enclaves/latest/user/cli-errors.html */
const remedies: readonly (readonly [codes: RegExp, reason: string, remedy: string])[] = [
  [
    /^E(19|07)$/,
    'it cannot open the image, /dev/nitro_enclaves or its own files',
    'check the path of the image and the rights on it, that this user is of the group ne, and that the instance was launched with enclave support',
  ],
  [
    /^E(20|21|22|24|32)$/,
    'the allocator has set too few CPUs aside',
    'raise cpu_count in /etc/nitro_enclaves/allocator.yaml and restart nitro-enclaves-allocator, or ask for fewer',
  ],
  [
    /^E26$/,
    'the memory asked for is too little for the image',
    'raise memoryMib to four times the size of the image, at least',
  ],
  [
    /^E(25|27|31|34)$/,
    'the allocator has set too little memory aside',
    'raise memory_mib in /etc/nitro_enclaves/allocator.yaml and restart nitro-enclaves-allocator, or ask for less',
  ],
  [
    /^E(30|33|35|36|48)$/,
    'the image did not boot, or is none',
    'build it for the architecture of this instance, x86_64 or aarch64, compare its measurements, and give it more memory',
  ],
  [
    /^E(28|29)$/,
    'the instance does not start enclaves',
    'launch it with enclave support (EnclaveOptions.Enabled), load nitro_enclaves, and see that the CID is free',
  ],
  [
    /^E(3[7-9]|4[01])$/,
    'the process of the enclave does not answer',
    'read /var/log/nitro_enclaves, end what is left with nitro-cli terminate-enclave --all, and start again',
  ],
]

function failed(command: string, program: string, thrown: unknown): SignerError {
  const {
    code,
    killed,
    complaints = '',
  } = thrown as NodeJS.ErrnoException & {
    readonly killed?: boolean
    readonly complaints?: string
  }
  if (code === 'ENOENT')
    return notStarted(
      `there is no program ${program}`,
      'install aws-nitro-enclaves-cli, or name the program by its path',
    )
  if (code === 'EACCES')
    return notStarted(`${program} may not be run`, 'make it executable for this user')
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return odd('it is longer than it can be')
  if (killed === true)
    return notStarted(
      `${command} did not end within ${TIMEOUT_MS} ms`,
      'read /var/log/nitro_enclaves, and see whether the instance still answers',
    )
  const name = /\[ ?(E\d\d) ?\]/.exec(complaints)?.[1] ?? ''
  const [, reason, remedy] = remedies.find(([codes]) => codes.test(name)) ?? [
    undefined,
    'it failed',
    'run the same nitro-cli command by hand, and read /var/log/nitro_enclaves',
  ]
  return notStarted(`${command}: ${reason} (${name || `exit ${String(code)}`})`, remedy)
}

function fieldsOf(told: unknown): Readonly<Record<string, unknown>> {
  if (typeof told === 'object' && told !== null && !Array.isArray(told)) return { ...told }
  throw odd('it is not an object')
}

/** @param reason - What is wrong with what it printed. */
const odd = (reason: string) =>
  notStarted(
    `what nitro-cli printed is not what it should be: ${reason}`,
    'see that the program is nitro-cli of a version from 1.2, and run it by hand',
  )

const notStarted = (reason: string, remedy: string) =>
  new SignerError('ENCLAVE_NOT_STARTED', { reason, remedy })
