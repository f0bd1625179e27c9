/** The program that the stack `enclave` starts on EC2, with stand-ins for what only EC2 has. @module */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { jest } from '@jest/globals'
import { createParent } from '../../examples/enclave/inside/parent.ts'
import { createParentStore } from '../../examples/enclave/inside/parent-store.ts'
import { createTlsAuthority } from '../../examples/enclave/local/tls.ts'
import { eachMinute } from '../../examples/enclave/parent/each-minute.ts'
import { readSettings } from '../../examples/enclave/parent/settings.ts'
import { type EnclaveStackOptions, enclaveStack } from '../../src/aws/index.ts'
import { bytesToHex } from '../../src/crypto/index.ts'
import { payloadMessage } from '../../src/crypto/transaction.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { listen, type ServiceDoor } from '../../src/signing-service/index.ts'
import { freePorts } from '../../src/testing/child-server.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { bundleParent } from '../support/enclave-inside.ts'
import { bridgeTo, type FakeVsock, startFakeVsock } from '../support/fake-vsock.ts'
import { variants } from '../support/stack-variants.ts'
import { until } from '../support/until.ts'
import { serviceWith, signer, transaction } from '../unit/signing-service/fixture.ts'

let folder: string
let aws: Aws
let vsock: FakeVsock
let inside: ServiceDoor
let control: Server
let publicKey: string
let settings: Readonly<Record<string, string>>
const Bucket = 'enclave-parent'
const at = (name: string) => join(folder, name)

/** A program of the shell, as long as it runs a child of none. */
async function script(name: string, ...lines: readonly string[]): Promise<void> {
  await writeFile(at(name), ['#!/bin/sh', ...lines].join('\n'))
  await chmod(at(name), 0o755)
}

/** Prints what nitro-cli prints, and writes down what it was asked. */
const nitroCli = (enclave: object) => {
  const { State: _, Flags: __, ...started } = { State: '', Flags: '', ...enclave }
  return [
    `echo "$*" >> ${at('nitro.log')}`,
    'case $1 in',
    `describe-enclaves) if [ -e ${at('runs')} ]; then echo '[${JSON.stringify(enclave)}]'; else echo '[]'; fi;;`,
    `run-enclave) touch ${at('runs')}; echo '${JSON.stringify(started)}';;`,
    `terminate-enclave) rm -f ${at('runs')}; echo '{"EnclaveID":"${enclaveId}","Terminated":true}';;`,
    'esac',
  ]
}
const enclaveId = 'i-0123456789abcdef0-enc0123456789abcde'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-parent-'))
  await mkdir(at('run'))
  aws = await startAws({ services: ['s3'] })
  const { endpoint, region, credentials } = aws.clientConfig()
  await new S3Client(aws.clientConfig()).send(new CreateBucketCommand({ Bucket }))
  await writeFile(at('parent.mjs'), await bundleParent())
  await script(
    'nitro-cli',
    ...nitroCli({ EnclaveID: enclaveId, EnclaveCID: 16, State: 'RUNNING', Flags: 'NONE' }),
  )
  // Leads to the vsock of this test, at the place where the parent looks for it.
  await script('bridge', `echo "$*" >> ${at('bridge.log')}`, `ln -s ${at('v')} $5`, 'exec sleep 60')
  vsock = await startFakeVsock(at('v'))
  inside = await listen(serviceWith().service, { socketPath: at('inside') })
  publicKey = bytesToHex((await signer.publicKey()).bytes)
  control = createServer((request, response) => {
    const health = { status: 'ok', now: Date.now(), startedAt: 1 }
    const created = { key: 'minter', publicKey, signatureAlgorithm: 'ECDSA_P256' }
    request.resume().once('end', () => {
      response.end(JSON.stringify(request.url === '/health' ? health : created))
    })
  }).listen(at('control'))
  await once(control, 'listening')
  vsock.ports.set(5_000, bridgeTo(inside.address))
  vsock.ports.set(5_001, bridgeTo(at('control')))
  const [port = 0] = await freePorts(1)
  settings = {
    ...{ AWS_REGION: region, ENCLAVE_IMAGE: '/opt/fcl-kms/enclave.eif', ENCLAVE_CPU_COUNT: '2' },
    ...{ ENCLAVE_MEMORY_MIB: '1024', KMS_HOST: `kms.${region}.amazonaws.com:443` },
    ...{ DOOR_PORT: String(port), RECORDS_BUCKET: Bucket, LOG_GROUP: '/fcl-kms/test/enclave' },
    ...{ RUNTIME_DIRECTORY: at('run'), PATH: `${folder}:${process.env['PATH']}` },
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: credentials.accessKeyId },
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }
}, 60_000)
afterAll(async () => {
  await vsock?.[Symbol.asyncDispose]()
  await inside?.close()
  control?.closeAllConnections()
  control?.close()
  await aws?.stop()
  await rm(folder, { recursive: true, force: true })
})

type Line = Readonly<Record<string, unknown>>
type Program = AsyncDisposable & {
  readonly child: ChildProcess
  readonly text: () => string
  readonly lines: (kind: string) => readonly Line[]
  readonly ended: Promise<unknown>
}

function start(more: Readonly<Record<string, string>> = {}): Program {
  const child = spawn(process.execPath, [at('parent.mjs')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...settings, ...more },
  })
  let said = ''
  for (const pipe of [child.stdout, child.stderr])
    pipe.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  const ended = once(child, 'close').then(([code]) => code)
  const lines = (kind: string) =>
    said
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line))
      .filter((line) => line.kind === kind)
  return {
    ...{ child, ended, lines, text: () => said },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
const asked = async (log: string) => (await readFile(at(log), 'utf8')).trim().split('\n')

describe('the parent of an enclave on EC2', () => {
  it('is the same bytes each time', async () => {
    expect(await readFile(at('parent.mjs'))).toEqual(Buffer.from(await bundleParent()))
  })

  it('starts the enclave, signs by its door, keeps records, says how it is, and ends clean', async () => {
    await using program = start({ ENCLAVE_KEYS: 'minter' })
    await until(() => program.lines('key').length === 1, 10_000)
    const [open] = program.lines('open')
    const remote = createRemoteSigner({ url: String(open?.['address']), key: 'minter' })
    const signature = await remote.sign({
      ...{ message: payloadMessage(transaction), hashAlgorithm: 'SHA3_256' },
    })
    expect(signature).toHaveLength(64)
    expect(open?.['address']).toBe(`http://127.0.0.1:${settings['DOOR_PORT']}/`)
    expect(program.lines('key')[0]).toMatchObject({ key: 'minter', publicKey })
    // As the filter of the alarm looks for it.
    expect(program.lines('statistics')).toMatchObject([
      { up: true, state: 'up', restarts: 0, forwards: { 8001: { host: settings['KMS_HOST'] } } },
    ])

    const store = createParentStore(createParent(`${at('run')}/vsock_8000`))
    const record = new Uint8Array([1, 2, 3])
    expect(await store.create('minter', record)).toBe(true)
    expect(await store.read('minter')).toEqual(record)
    const { Contents } = await new S3Client(aws.clientConfig()).send(
      new ListObjectsV2Command({ Bucket }),
    )
    expect(Contents).toHaveLength(1)

    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
    expect(program.lines('stopped')).toHaveLength(1)
    const commands = await asked('nitro.log')
    const image = '--eif-path /opt/fcl-kms/enclave.eif --cpu-count 2 --memory 1024'
    expect(commands).toContain(`run-enclave ${image} --enclave-cid 16`)
    expect(commands.at(-1)).toBe(`terminate-enclave --enclave-id ${enclaveId}`)
    expect(await asked('bridge.log')).toEqual([`bridge --cid 16 --socket ${at('run')}/vsock`])
  }, 30_000)

  it('starts the bridge again when it ends, and not the enclave', async () => {
    const runs = async () => (await asked('nitro.log')).filter((line) => /^run-/.test(line)).length
    const before = await runs()
    await script('bridge', `ln -s ${at('v')} $5`, 'exec sleep 0.5')
    await using program = start()
    await until(() => program.lines('statistics').length === 1, 10_000)
    await until(() => program.lines('bridge-ended').length === 1, 10_000)
    await script(
      'bridge',
      `echo "$*" > ${at('bridge.again')}`,
      `ln -s ${at('v')} $5`,
      'exec sleep 60',
    )
    await until(
      async () => (await readFile(at('bridge.again'), 'utf8').catch(() => '')) !== '',
      10_000,
    )
    expect(await runs()).toBe(before + 1)
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
  }, 30_000)

  it('opens its door to the network by TLS alone, and to those whom it knows', async () => {
    const authority = createTlsAuthority()
    const { cert, key } = authority.issue('localhost')
    await mkdir(at('credentials'))
    await writeFile(at('credentials/door.crt'), cert)
    await using broken = start({ CREDENTIALS_DIRECTORY: at('credentials') })
    expect(await broken.ended).toBe(1)
    expect(broken.text()).toMatch(/some of door.crt, door.key and clients.crt are missing/)
    await writeFile(at('credentials/door.key'), key)
    await writeFile(at('credentials/clients.crt'), authority.ca)
    await using program = start({ CREDENTIALS_DIRECTORY: at('credentials') })
    await until(() => program.lines('open').length === 1, 10_000)
    const [{ address } = {}] = program.lines('open')
    expect(address).toBe(`https://0.0.0.0:${settings['DOOR_PORT']}/`)
    const url = `https://localhost:${settings['DOOR_PORT']}/`
    const sign = (tls: object) =>
      createRemoteSigner({ url, key: 'minter', tls: { ca: authority.ca, ...tls } }).sign({
        ...{ message: payloadMessage(transaction), hashAlgorithm: 'SHA3_256' },
      })
    expect(await sign(authority.issue('caller'))).toHaveLength(64)
    await expect(sign({})).rejects.toMatchObject({ code: expect.stringMatching(/^REMOTE_SIGNER_/) })
  }, 30_000)

  it.each([
    ['enclave', [], { bucket: 'my-bucket' }],
    [
      'enclave in a VPC that exists',
      ['minter', 'pay-er'],
      { prefix: 'fcl-kms/production/enclave/' },
    ],
  ])('reads what the stack writes: %s', (variant, keys, records) => {
    const [, , options = {}] = variants.find(([name]) => name === variant) ?? []
    const { Resources } = enclaveStack(options as EnclaveStackOptions) // as the variant is one of it
    const template = JSON.stringify(Resources['LaunchTemplate'])
    const [, written = ''] = /enclave\.env <<'END'\\n(.*?)\\nEND/.exec(template) ?? []
    const facts: Readonly<Record<string, string>> = {
      ...{ 'AWS::Region': 'eu-central-1', 'AWS::URLSuffix': 'amazonaws.com', Bucket: 'my-bucket' },
    }
    const lines = written.split('\\n').map((line) => {
      const [name = '', value = ''] = line.split('=')
      return [name, value.replace(/\$\{([^}]*)\}/g, (_, of) => facts[of] ?? '')] as const
    })
    const given = { ...Object.fromEntries(lines), RUNTIME_DIRECTORY: '/run/fcl-kms' }
    const read = readSettings(given)
    expect(read).toMatchObject({ keys, records, kmsHost: 'kms.eu-central-1.amazonaws.com:443' })
    expect(lines).toHaveLength(keys.length === 0 ? 8 : 9)
  })

  const SECRET = 'a-secret-in-the-wrong-place'
  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['lacks', { DOOR_PORT: '' }, /option: DOOR_PORT, reason: it is missing: give a whole number/],
    [
      'has another form',
      { ENCLAVE_CPU_COUNT: SECRET },
      /ENCLAVE_CPU_COUNT, reason: it is not a whole/,
    ],
    [
      'is out of range',
      { ENCLAVE_MEMORY_MIB: '64' },
      /ENCLAVE_MEMORY_MIB, reason: it is not from 128/,
    ],
    ['is unknown', { DOOR_PASSWORD: SECRET }, /DOOR_PASSWORD, reason: it is unknown/],
    ['contradicts another', { RECORDS_SECRETS: 'a/' }, /RECORDS_SECRETS, reason: it stands beside/],
    [
      'leads elsewhere',
      { KMS_HOST: 'kms.example.com:443' },
      /KMS_HOST, reason: it is no host of KMS/,
    ],
    ['names no keys', { ENCLAVE_KEYS: ',' }, /ENCLAVE_KEYS, reason: it is not 1 to 100 names/],
  ])('refuses a setting that %s', (_, wrong, expected) => {
    expect(() => readSettings({ ...settings, ...wrong })).toThrow(expected)
    expect(() => readSettings({ ...settings, ...wrong })).not.toThrow(SECRET)
  })

  it('does not start by a wrong one', async () => {
    await using program = start({ DOOR_PASSWORD: SECRET })
    expect(await program.ended).toBe(1)
    expect(program.lines('failed')).toMatchObject([{ error: { code: 'INVALID_OPTION' } }])
    expect(program.text()).not.toContain(SECRET)
  })

  it('ends clean while it starts, too', async () => {
    await script('bridge', 'exec sleep 60')
    await using program = start()
    await until(() => program.lines('starting').length === 1, 10_000)
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
    expect(program.lines('failed')).toEqual([])
  })

  it('says why it ends where the bridge cannot be run', async () => {
    await script('bridge', 'echo "init bridge: port 8000 of vsock: no such device" >&2', 'exit 1')
    await using program = start()
    expect(await program.ended).toBe(1)
    expect(program.text()).toMatch(
      /bridge to vsock: init bridge: port 8000 of vsock: no such device/,
    )
  })

  it('says how things are at once, and each minute', () => {
    jest.useFakeTimers()
    try {
      let count = 0
      const stop = eachMinute(() => {
        count += 1
      })
      expect(count).toBe(1)
      jest.advanceTimersByTime(120_000)
      expect(count).toBe(3)
      stop()
      jest.advanceTimersByTime(120_000)
      expect(count).toBe(3)
    } finally {
      jest.useRealTimers()
    }
  })
})
