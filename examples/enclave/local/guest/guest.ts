/**
 * A real virtual machine that plays the enclave: a Linux kernel, `/dev/nsm`, vsock, and no privilege on
 * this machine. Its processor is emulated, so no virtualization is needed.
 * @module
 */

import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SignerError } from 'fcl-kms'
import { createProcesses, type Processes } from './processes.ts'

/** What a guest is made of: paths, and a command to which options are added. */
export type GuestTools = {
  readonly qemu: readonly string[]
  readonly kernel: string
  readonly vsock: string
  readonly nsmBridge: string
}

/** Options of `startGuest`. */
export type GuestOptions = {
  readonly tools: GuestTools
  /** Unpacked one over the other: code, configuration, and the modules of a kernel that has them apart. */
  readonly ramdisks: readonly Uint8Array[]
  readonly commandLine: string
  /**
   * `pc`, the default, for a distribution's kernel; `microvm` for one that knows no bus and is told of
   * its devices on the command line, as a Nitro enclave's is.
   */
  readonly machine?: 'pc' | 'microvm'
  /** The Unix socket of the vsock, as Firecracker has it; removed first, if it is there. */
  readonly socketPath: string
  /** The Unix socket of whoever answers for the security module. */
  readonly nsm: string
  /** Default 512, of which the ramdisks take their size twice while they are unpacked. */
  readonly memoryMib?: number
  /** What its clock shows at the start, in milliseconds since 1970. Default: now. */
  readonly clock?: number
  readonly signal?: AbortSignal
}

/** A guest. Write `await using guest = …`. */
export type Guest = AsyncDisposable & {
  readonly socketPath: string
  readonly pid: number
  /** All of its memory, as a file. */
  readonly memoryFile: string
  /** The end of what its kernel, its first process and its signer said. */
  readonly console: () => string
  /** Resolves when it is no more, to why. */
  readonly ended: Promise<string>
  /** Ends it as a lost power line does; resolves when nothing of it is left. */
  readonly kill: () => Promise<void>
}

/** The host is 2 to vhost-device-vsock, and 3 to a Nitro enclave; the guest needs one of its own. */
const GUEST_CID = 4
const SOCKET_DEADLINE_MS = 20_000
const LOOK_MS = 20

/**
 * Resolves once the machine runs, long before its signer does.
 *
 * @throws {SignerError} `ENCLAVE_NOT_STARTED`. Rejects with `signal.reason` on abort.
 */
export async function startGuest(options: GuestOptions): Promise<Guest> {
  const { tools, ramdisks, socketPath, nsm, signal } = options
  signal?.throwIfAborted()
  const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-guest-'))
  const processes = createProcesses(folder)
  const abort = () => void processes.end()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const initrd = join(folder, 'initrd')
    await writeFile(initrd, ramdisks)
    await rm(socketPath, { force: true })
    const sockets = { vsock: join(folder, 'vsock'), nsm: join(folder, 'nsm') }
    const vsock = [
      `--guest-cid=${GUEST_CID}`,
      `--socket=${sockets.vsock}`,
      `--uds-path=${socketPath}`,
    ]
    await Promise.all([
      startDevice(processes, [tools.vsock, ...vsock], sockets.vsock),
      startDevice(processes, [tools.nsmBridge, sockets.nsm, nsm], sockets.nsm),
    ])
    const machine = await processes.start([
      ...tools.qemu,
      ...machineFlags(options, sockets, initrd),
    ])
    const memoryFile = await findMemory(machine.pid, machine)
    signal?.throwIfAborted()
    const kill = processes.end
    // Only then may the next one begin: its vsock device would meet this one on the same socket.
    const ended = endOf(machine, processes).then(async (why) => {
      await kill()
      return why
    })
    return Object.freeze({
      socketPath,
      pid: machine.pid,
      memoryFile,
      console: processes.said,
      ended,
      kill,
      [Symbol.asyncDispose]: kill,
    } satisfies Guest)
  } catch (thrown) {
    await processes.end()
    signal?.throwIfAborted()
    throw asNotStarted(thrown, processes.said())
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

const boards = {
  pc: {
    name: 'pc',
    vsockDevice: 'vhost-user-vsock-pci',
    nsmDevice: 'vhost-user-test-device-pci',
  },
  microvm: {
    name: 'microvm,acpi=off,pit=on,pic=on,rtc=on,isa-serial=on',
    vsockDevice: 'vhost-user-vsock-device',
    nsmDevice: 'vhost-user-test-device',
  },
} as const

function machineFlags(
  { tools, commandLine, machine = 'pc', memoryMib = 512, clock }: GuestOptions,
  sockets: { readonly vsock: string; readonly nsm: string },
  initrd: string,
): readonly string[] {
  // 33 is the virtio type of the security module; the device hands its queue to a process.
  const nsm = 'chardev=nsm,virtio-id=33,num_vqs=1,vq_size=64'
  const { name, vsockDevice, nsmDevice } = boards[machine]
  const flags = {
    M: `${name},accel=tcg,memory-backend=memory`,
    cpu: 'max',
    smp: '1',
    m: `${memoryMib}M`,
    display: 'none',
    serial: 'stdio',
    kernel: tools.kernel,
    initrd,
    append: commandLine,
    rtc: `base=${clock === undefined ? 'utc' : new Date(clock).toISOString().slice(0, 19)}`,
    object: `memory-backend-memfd,id=memory,share=on,size=${memoryMib}M`,
  }
  const devices = [
    ['-chardev', `socket,id=vsock,path=${sockets.vsock}`],
    ['-device', `${vsockDevice},chardev=vsock`],
    ['-chardev', `socket,id=nsm,path=${sockets.nsm}`],
    ['-device', `${nsmDevice},${nsm}`],
  ]
  const all = Object.entries(flags).map(([name, value]) => [`-${name}`, value])
  return ['-nodefaults', '-no-user-config', '-no-reboot', ...all.flat(), ...devices.flat()]
}

/** A process that makes the socket to which QEMU connects. */
async function startDevice(processes: Processes, command: readonly string[], socket: string) {
  const device = await processes.start(command)
  await until(device, () => existsSync(socket), `${command[0]} made no socket`)
}

/** The memory is a file without a name, which nobody has to remove. */
async function findMemory(pid: number, machine: ChildProcess): Promise<string> {
  const folder = `/proc/${pid}/fd`
  const find = async () => {
    for (const name of await readdir(folder).catch(() => [])) {
      const target = await readlink(join(folder, name)).catch(() => '')
      if (target.startsWith('/memfd:memory-backend-memfd')) return join(folder, name)
    }
    return undefined
  }
  return until(machine, find, 'QEMU made no memory')
}

/** @throws {Error} When the process ends first, or the time is over. */
async function until<T>(
  child: ChildProcess,
  look: () => T | Promise<T>,
  fault: string,
): Promise<NonNullable<T>> {
  for (const deadline = Date.now() + SOCKET_DEADLINE_MS; ; await sleep(LOOK_MS)) {
    const isGone = (child.exitCode ?? child.signalCode) !== null
    const found = await look()
    if (found && !isGone) return found
    if (isGone || Date.now() > deadline) throw new Error(fault)
  }
}

/** Why, as its first process said it last; else how the machine ended. */
async function endOf(machine: ChildProcess, processes: Processes): Promise<string> {
  const { exitCode, signalCode } = machine
  if ((exitCode ?? signalCode) === null)
    await new Promise((resolve) => machine.once('close', resolve))
  const [, why] = /.*^init: the enclave ends: ([^\r\n]*)/ms.exec(processes.said()) ?? []
  return why ?? `its machine ended by ${machine.signalCode ?? `exit code ${machine.exitCode}`}`
}

function asNotStarted(thrown: unknown, said: string): SignerError {
  const fault = thrown instanceof Error ? thrown.message : String(thrown)
  const [last = ''] = said.trimEnd().split('\n').slice(-1)
  const reason = `${fault}; it said last: ${last.trim().slice(0, 200) || 'nothing'}`
  const remedy = 'prepare its parts with npm run enclave -- setup, or free memory for it'
  return new SignerError('ENCLAVE_NOT_STARTED', { reason, remedy }, { cause: thrown })
}
