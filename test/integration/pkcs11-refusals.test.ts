import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { SignerError } from '../../src/errors.ts'
import {
  createPkcs11Signer,
  createPkcs11Token,
  type Pkcs11Options,
  type Pkcs11Token,
} from '../../src/signers/pkcs11/index.ts'
import { importExtractableKey, pkcs11Tool } from '../support/pkcs11-objects.ts'
import { describePkcs11, makeSoftHsm, type SoftHsm, type SoftToken } from '../support/softhsm.ts'
import { warningsOf } from '../support/warnings.ts'

const question = {
  message: new TextEncoder().encode('FLOW-V0.0-user, not to be signed'),
  hashAlgorithm: 'SHA3_256',
} as const

describePkcs11({ opensc: '/usr/bin/pkcs11-tool' })('PKCS#11', () => {
  let hsm: SoftHsm
  let soft: SoftToken
  let token: Pkcs11Token
  beforeAll(async () => {
    hsm = makeSoftHsm()
    soft = hsm.addToken('refusals')
    token = createPkcs11Token({ uri: soft.uri(), env: hsm.env })
    await token.createKey({ label: 'good', id: 'aa', algorithm: 'ECDSA_secp256k1' })
  })
  afterAll(async () => {
    await token?.close()
    hsm?.[Symbol.dispose]()
  })
  const failureOf = async (uri: string, more: Partial<Pkcs11Options> = {}) => {
    await using signer = createPkcs11Signer({ uri, env: hsm.env, ...more })
    return await signer.sign(question).then(
      () => 'it signed',
      (thrown: unknown) => thrown,
    )
  }
  const refused = (code: string, reason: string) =>
    expect.objectContaining({
      code,
      context: expect.objectContaining({ reason: expect.stringContaining(reason) }),
    })

  describe('a module that', () => {
    const withModule = (path: string) =>
      soft.uri('object=good').replace(hsm.modulePath, encodeURI(path))

    it.each<[string, (folder: string) => string, string]>([
      ['is not there', (folder) => join(folder, 'none.so'), 'no such file'],
      ['is a folder', (folder) => folder, 'it is a folder'],
      ['is a text', (folder) => join(folder, 'softhsm2.conf'), 'it is not a library'],
      ['is another library', () => '/usr/lib/x86_64-linux-gnu/libnss3.so', 'cannot be loaded as'],
      ['is a program', () => process.execPath, 'cannot be loaded as'],
    ])('%s is refused with its reason', async (_, path, reason) => {
      const error = await failureOf(withModule(path(hsm.folder)))
      expect(error).toEqual(refused('PKCS11_MODULE_UNUSABLE', reason))
    })

    it('fails to be initialised is told with its return value', async () => {
      const env = { ...hsm.env, SOFTHSM2_CONF: join(hsm.folder, 'none.conf') }
      const error = await failureOf(soft.uri('object=good'), { env })
      expect(error).toEqual(refused('PKCS11_UNAVAILABLE', 'C_Initialize: CKR_'))
    })
  })

  describe('a token that', () => {
    it('is not there is told, beside those that are', async () => {
      const error = await failureOf(soft.uri('object=good').replace('refusals', 'gone'))
      expect(error).toMatchObject({
        code: 'PKCS11_TOKEN_NOT_FOUND',
        disposition: 'hold',
        context: { token: 'pkcs11:token=gone', present: expect.stringContaining('refusals') },
      })
    })

    it('has a twin of the same name is refused, and found by its serial', async () => {
      const twins = [hsm.addToken('twin'), hsm.addToken('twin')]
      const [first] = twins
      const error = await failureOf(first?.uri('object=good') ?? '')
      expect(error).toMatchObject({ code: 'PKCS11_TOKEN_AMBIGUOUS', context: { matches: 2 } })
      const { NODE_OPTIONS: _, ...env } = hsm.env
      const slots = execFileSync('softhsm2-util', ['--show-slots'], { env, encoding: 'utf8' })
      const serials = slots
        .split(/^Slot /m)
        .filter((slot) => /Label:\s+twin/.test(slot))
        .map((slot) => /Serial number:\s+(\w+)/.exec(slot)?.[1] ?? '')
      const made: string[] = []
      for (const serial of serials)
        for (const { pinFile } of twins) {
          const uri = `pkcs11:serial=${serial}?module-path=${hsm.modulePath}&pin-source=${pinFile}`
          await using one = createPkcs11Token({ uri, env: hsm.env })
          const key = await one
            .createKey({ label: 'good', algorithm: 'ECDSA_P256' })
            .catch(() => undefined)
          if (key !== undefined) made.push(key.token.serial)
        }
      expect(made.sort()).toEqual(serials.sort())
    })
  })

  describe('a PIN that', () => {
    it('is wrong is tried once, and again only when it is another', async () => {
      const given: string[] = []
      let answer = 'wrong, once'
      await using signer = createPkcs11Signer({
        uri: soft.uri('object=good').replace(/&pin-source=.*/, ''),
        env: hsm.env,
        pin: () => {
          given.push(answer)
          return answer
        },
      })
      const fail = () =>
        signer.sign(question).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
      expect(await fail()).toEqual(refused('PKCS11_PIN_REFUSED', 'C_Login: CKR_PIN_INCORRECT'))
      expect(await fail()).toEqual(refused('PKCS11_PIN_REFUSED', 'it was not tried again'))
      answer = 'wrong, in another way'
      expect(await fail()).toEqual(refused('PKCS11_PIN_REFUSED', 'C_Login: CKR_PIN_INCORRECT'))
      answer = 'wrong, once'
      expect(await fail()).toEqual(refused('PKCS11_PIN_REFUSED', 'it was not tried again'))
      answer = soft.pin
      expect(await signer.sign(question)).toHaveLength(64)
      expect(given).toHaveLength(5)
    })

    it.each<[string, string | Uint8Array | undefined, string]>([
      ['has no file', undefined, 'cannot be read (ENOENT)'],
      ['is an empty line', '\n1234\n', 'is empty'],
      ['is endless', '1'.repeat(600), 'longer than 512 bytes'],
      ['is not UTF-8', Buffer.of(0x31, 0xff, 0x32), 'is not UTF-8'],
    ])('%s is missing', async (_, content, reason) => {
      const file = join(hsm.folder, 'bad-pin')
      if (content !== undefined) writeFileSync(file, content)
      const uri = soft.uri('object=good').replace(soft.pinFile, file)
      expect(await failureOf(uri)).toEqual(refused('PKCS11_PIN_MISSING', reason))
    })

    it('is nowhere is missing', async () => {
      const uri = soft.uri('object=good').replace(/&pin-source=.*/, '')
      expect(await failureOf(uri)).toEqual(refused('PKCS11_PIN_MISSING', 'the token asks for one'))
      const never = await failureOf(uri, { pin: () => new Promise(() => {}), startTimeoutMs: 50 })
      expect(never).toEqual(refused('PKCS11_PIN_MISSING', 'in time'))
      const odd = await failureOf(uri, { pin: () => Uint8Array.of(0x31, 0xff) })
      expect(odd).toEqual(refused('PKCS11_PIN_MISSING', 'is not UTF-8'))
      const failing = await failureOf(uri, { pin: () => Promise.reject(new Error(soft.pin)) })
      expect(failing).toEqual(refused('PKCS11_PIN_MISSING', 'the function pin failed'))
      expect(JSON.stringify(failing) + String((failing as Error).cause)).not.toContain(soft.pin)
      const ours = new SignerError('ENCLAVE_PIN_NOT_OPENED', { token: 'flow' })
      expect(await failureOf(uri, { pin: () => Promise.reject(ours) })).toBe(ours)
    })

    it('lies in a file that everybody may read is used, with a warning', async () => {
      const sign = async () => {
        expect(await failureOf(soft.uri('object=good'))).toBe('it signed')
      }
      expect(await warningsOf(sign)).toEqual([])
      chmodSync(soft.pinFile, 0o644)
      const [warning, ...others] = await warningsOf(sign)
      chmodSync(soft.pinFile, 0o600)
      expect(warning?.message).toContain(soft.pinFile)
      expect(others).toEqual([])
    })

    it('stands in the URI is used, with a warning, and shown nowhere', async () => {
      const uri = soft.uri('object=good').replace(/pin-source=.*/, `pin-value=${soft.pin}`)
      const shown: unknown[] = []
      const warnings = await warningsOf(async () => {
        await using signer = createPkcs11Signer({ uri, env: hsm.env })
        shown.push(
          signer,
          await signer.sign(question),
          await failureOf(uri.replace('good', 'none')),
        )
      })
      expect(warnings).toHaveLength(2)
      for (const { message } of warnings) expect(message).toContain('holds its PIN in clear')
      expect(inspect([shown, warnings], { depth: 9 })).not.toContain(soft.pin)
    })
  })

  describe('a key that', () => {
    it('is not there', async () => {
      const error = await failureOf(soft.uri('object=none'))
      expect(error).toMatchObject({ code: 'PKCS11_KEY_NOT_FOUND', disposition: 'fail' })
    })

    it('has another id than the one that is named', async () => {
      const error = await failureOf(soft.uri('object=good;id=%AB'))
      expect(error).toMatchObject({ code: 'PKCS11_KEY_NOT_FOUND' })
    })

    it('shares label and id with another', async () => {
      const make = ['--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'two', '--id', '22']
      pkcs11Tool(hsm, soft, ...make, '--usage-sign')
      pkcs11Tool(hsm, soft, ...make, '--usage-sign')
      const error = await failureOf(soft.uri('object=two;id=%22'))
      expect(error).toMatchObject({ code: 'PKCS11_KEY_AMBIGUOUS', context: { matches: 2 } })
    })

    it('is extractable', async () => {
      importExtractableKey(hsm, soft, 'extractable')
      const error = await failureOf(soft.uri('object=extractable'))
      expect(error).toEqual(refused('PKCS11_KEY_UNUSABLE', 'it is extractable'))
    })

    it('is on another curve', async () => {
      const make = ['--keypairgen', '--key-type', 'EC:secp384r1', '--label', 'long', '--id', '38']
      pkcs11Tool(hsm, soft, ...make, '--usage-sign')
      const error = await failureOf(soft.uri('object=long'))
      expect(error).toEqual(refused('PKCS11_KEY_UNUSABLE', 'neither P-256 nor secp256k1'))
    })

    it('is of RSA', async () => {
      const make = ['--keypairgen', '--key-type', 'RSA:2048', '--label', 'rsa', '--id', '52']
      pkcs11Tool(hsm, soft, ...make, '--usage-sign')
      const error = await failureOf(soft.uri('object=rsa'))
      expect(error).toEqual(refused('PKCS11_KEY_UNUSABLE', 'no elliptic-curve key'))
    })

    it('has lost its public key', async () => {
      await token.createKey({ label: 'half', id: '4a', algorithm: 'ECDSA_P256' })
      pkcs11Tool(hsm, soft, '--delete-object', '--type', 'pubkey', '--label', 'half')
      const error = await failureOf(soft.uri('object=half'))
      expect(error).toEqual(refused('PKCS11_KEY_UNUSABLE', 'its public key object is missing'))
    })

    it('has changed since its first use', async () => {
      await token.createKey({ label: 'swapped', id: '5a', algorithm: 'ECDSA_P256' })
      await using other = createPkcs11Token({ uri: soft.uri(), env: hsm.env, idleTimeoutMs: 1 })
      const signer = other.signer({ label: 'swapped' })
      await signer.sign(question)
      for (const type of ['privkey', 'pubkey'])
        pkcs11Tool(hsm, soft, '--delete-object', '--type', type, '--label', 'swapped')
      await token.createKey({ label: 'swapped', id: '5a', algorithm: 'ECDSA_P256' })
      await expect(signer.sign(question)).rejects.toMatchObject({
        code: 'PKCS11_KEY_CHANGED',
        disposition: 'refuse',
      })
    })
  })

  describe('a new key', () => {
    it.each([
      ['label', { label: 'good', id: 'ab' }],
      ['id', { label: 'better', id: 'aa' }],
    ])('is not made when its %s is taken', async (_, name) => {
      const making = token.createKey({ ...name, algorithm: 'ECDSA_P256' })
      await expect(making).rejects.toMatchObject({ code: 'PKCS11_KEY_EXISTS' })
      const { publicKey } = await token.showKey({ label: 'good' })
      expect((await token.showKey({ id: 'AA' })).publicKey).toBe(publicKey)
      await expect(token.showKey({ label: 'better' })).rejects.toMatchObject({
        code: 'PKCS11_KEY_NOT_FOUND',
      })
    })

    it('is described by what the token says', async () => {
      const key = await token.createKey({ label: 'ключ', algorithm: 'ECDSA_P256' })
      expect(key).toMatchObject({ local: true, neverExtractable: true, label: 'ключ' })
      expect(key.publicKey).toMatch(/^[0-9a-f]{128}$/)
      expect(key.id).toMatch(/^[0-9a-f]{32}$/)
      expect(await token.showKey({ id: key.id })).toEqual(key)
    })
  })
})
