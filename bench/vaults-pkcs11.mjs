/**
 * PKCS#11: our signer on SoftHSM beside pkcs11js alone on the same token, in turns, and what the main
 * loop sees of an HSM that is frozen. @module
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { importFromRoot, rootRequire } from './own-package.mjs'
import { median } from './statistics.mjs'
import { count, ms, times } from './units.mjs'

const modulePath = '/usr/lib/softhsm/libsofthsm2.so'
const SIGNATURES = 1_000
const ROUNDS = 5
const AT_ONCE = 16
const FROZEN_MS = 1_500
const request = { message: new Uint8Array(1_500).fill(7), hashAlgorithm: 'SHA3_256' }

const isThere = () =>
  existsSync(modulePath) && spawnSync('softhsm2-util', ['--version']).status === 0

/** @param {import('./scope.mjs').Scope} scope */
export async function measureVault(scope) {
  if (!isThere()) return { skipped: 'no SoftHSM: apt-get install softhsm2' }
  const { createPkcs11Token } = await importFromRoot('fcl-kms/signers/pkcs11')
  const { env, uri, pin } = makeToken(scope)
  const token = createPkcs11Token({ uri, env })
  scope.onStop(() => token.close())
  const rates = {}
  for (const algorithm of ['ECDSA_secp256k1', 'ECDSA_P256']) {
    await token.createKey({ label: algorithm, algorithm })
    const signer = token.signer({ label: algorithm })
    const bare = openBare(env, pin, algorithm)
    const signVerified = verifiedBy(await signer.publicKey(), bare.sign)
    const rounds = { ours: [], bare: [], bareVerified: [] }
    for (let round = 0; round < ROUNDS; round++) {
      rounds.bare.push(await rateOf(bare.sign, 1))
      rounds.bareVerified.push(await rateOf(signVerified, 1))
      rounds.ours.push(await rateOf(() => signer.sign(request), AT_ONCE))
    }
    bare.close()
    scope.signal.throwIfAborted()
    rates[algorithm] = Object.fromEntries(
      Object.entries(rounds).map(([name, all]) => [name, median(all)]),
    )
  }
  const gapMs = await gapWhileFrozen(token.signer({ label: 'ECDSA_P256' }))
  return { rates, gapMs }
}

function makeToken(scope) {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-bench-pkcs11-'))
  scope.onStop(() => rmSync(folder, { recursive: true, force: true }))
  const tokens = join(folder, 'tokens')
  mkdirSync(tokens)
  const config = join(folder, 'softhsm2.conf')
  writeFileSync(config, `directories.tokendir = ${tokens}\nlog.level = ERROR\n`)
  const env = { PATH: process.env.PATH, SOFTHSM2_CONF: config }
  const pin = '123456'
  const pins = ['--so-pin', '1234567', '--pin', pin]
  execFileSync('softhsm2-util', ['--init-token', '--free', '--label', 'bench', ...pins], { env })
  const pinFile = join(folder, 'pin')
  writeFileSync(pinFile, pin, { mode: 0o600 })
  return { env, pin, uri: `pkcs11:token=bench?module-path=${modulePath}&pin-source=${pinFile}` }
}

/** The same module in this process, one session: a digest, C_SignInit, C_Sign, and nothing else. */
function openBare({ SOFTHSM2_CONF }, pin, label) {
  process.env.SOFTHSM2_CONF = SOFTHSM2_CONF
  const pkcs11 = rootRequire('pkcs11js')
  const module = new pkcs11.PKCS11()
  module.load(modulePath)
  module.C_Initialize()
  const slot = module
    .C_GetSlotList(true)
    .find((one) => module.C_GetTokenInfo(one).label.trim() === 'bench')
  const flags = pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION
  const session = module.C_OpenSession(slot, flags)
  module.C_Login(session, pkcs11.CKU_USER, pin)
  module.C_FindObjectsInit(session, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY },
    { type: pkcs11.CKA_LABEL, value: label },
  ])
  const key = module.C_FindObjects(session)
  module.C_FindObjectsFinal(session)
  return {
    sign() {
      const digest = createHash('sha3-256').update(request.message).digest()
      module.C_SignInit(session, { mechanism: pkcs11.CKM_ECDSA }, key)
      return module.C_Sign(session, digest, Buffer.alloc(64))
    },
    close() {
      module.C_Finalize()
      module.close()
    },
  }
}

/** Signs and verifies in one thread, as whoever uses pkcs11js by hand should. */
function verifiedBy({ bytes, algorithm }, sign) {
  const [x, y] = [bytes.subarray(0, 32), bytes.subarray(32)].map((part) =>
    Buffer.from(part).toString('base64url'),
  )
  const crv = algorithm === 'ECDSA_P256' ? 'P-256' : 'secp256k1'
  const key = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv, x, y } })
  return () => {
    const isGood = verify('sha3-256', request.message, { key, dsaEncoding: 'ieee-p1363' }, sign())
    if (!isGood) throw new Error('a signature of pkcs11js does not verify')
  }
}

/** Signatures a second by the wall clock. */
async function rateOf(sign, atOnce) {
  let left = SIGNATURES
  const started = performance.now()
  const work = async () => {
    while (left-- > 0) await sign()
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return (SIGNATURES * 1_000) / (performance.now() - started)
}

/** Stops the process of the module while it is asked, and looks how late a timer of this one comes. */
async function gapWhileFrozen(signer) {
  await signer.sign(request)
  const found = spawnSync('pgrep', ['-P', String(process.pid), '-f', 'pkcs11/process/main'])
  const child = Number(found.stdout.toString().trim().split('\n')[0])
  if (!(child > 1)) throw new Error('the process of the module was not found')
  process.kill(child, 'SIGSTOP')
  const signing = Array.from({ length: AT_ONCE }, () => signer.sign(request))
  let gapMs = 0
  for (let before = performance.now(), end = before + FROZEN_MS; before < end; ) {
    await sleep(1)
    const now = performance.now()
    gapMs = Math.max(gapMs, now - before)
    before = now
  }
  process.kill(child, 'SIGCONT')
  await Promise.all(signing)
  return gapMs
}

/** @param numbers from `measureVault` */
export function addRows(table, { skipped, rates = {}, gapMs }) {
  if (skipped !== undefined) {
    table.row({ what: 'PKCS#11', ours: `not measured: ${skipped}` })
    return
  }
  const note = table.note(
    `SoftHSM, a message of 1,500 bytes, SHA3-256, by the wall clock, ${ROUNDS} rounds of ${count(SIGNATURES)} in turns, the median. Ours: ${AT_ONCE} at once, the library in a process of its own, each signature verified. Beside it pkcs11js in this process, one session: alone, which verifies nothing, and with each signature verified, too.`,
  )
  for (const [algorithm, { ours, bare, bareVerified }] of Object.entries(rates)) {
    table.row({
      what: `PKCS#11, verified signatures a second, ${algorithm.replace('ECDSA_', '')} ${note}`,
      ours: `${count(Math.round(ours))}; pkcs11js alone, not verified, ${count(Math.round(bare))}, ${times(ours / bare)}`,
      bar: '≥ 0.8 ×',
      met: ours >= 0.8 * bare,
    })
    table.row({
      what: '  beside pkcs11js with verification',
      ours: `${count(Math.round(bareVerified))}, ${times(ours / bareVerified)}`,
    })
  }
  table.row({
    what: `  longest gap of the main loop while the HSM is frozen for ${ms(FROZEN_MS)}`,
    ours: ms(gapMs),
    bar: '< 50 ms',
    met: gapMs < 50,
  })
}
