/** The Lambda of the stack `remote-signer`: one archive, the same bytes each time, small. @module */
import { readFileSync } from 'node:fs'
import { unzipSync } from 'fflate'
import { packRemoteSigner, type SignerDocument } from '../../src/provisioning/index.ts'
import { bundleRemoteSigner } from '../support/remote-signer-bundle.ts'
import { root } from '../types/compile.ts'

const address = '0xf8d6e0586b0a20c7'
const document: SignerDocument = {
  key: 'minter',
  accounts: [address],
  payload: true,
  policy: {
    chainId: 'flow-emulator',
    accounts: [address],
    scripts: [{ name: 'a', cadence: 'transaction {}', parameters: [], maxComputeLimit: 9 }],
  },
}
let bundle: Uint8Array
beforeAll(async () => {
  bundle = await bundleRemoteSigner()
})

describe('the bundle', () => {
  it('is the one that was built, byte for byte', () => {
    const built = readFileSync(`${root}/dist/remote-signer-lambda/bundle.mjs`)
    expect(Buffer.compare(built, bundle)).toBe(0)
  })

  it('names no folder of the machine it was built on', () => {
    expect(Buffer.from(bundle).includes(root)).toBe(false)
  })
})

describe('the archive', () => {
  it('has two files, under 250 kB, named by its hash', async () => {
    const code = await packRemoteSigner({ document, bundle })
    expect(code.byteLength).toBe(code.bytes.length)
    expect(code.byteLength).toBeLessThan(250_000)
    expect(code.key).toBe(`fcl-kms/remote-signer-${code.sha256}.zip`)
    const files = unzipSync(code.bytes)
    expect(Object.keys(files)).toEqual(['index.mjs', 'signer.json'])
    expect(JSON.parse(Buffer.from(files['signer.json'] ?? []).toString())).toEqual(document)
  })

  it('is the same in every time zone and at every time, and another for another document', async () => {
    const { TZ } = process.env
    const hashes = []
    try {
      for (const zone of ['UTC', 'Pacific/Kiritimati', 'America/Los_Angeles']) {
        process.env['TZ'] = zone
        hashes.push((await packRemoteSigner({ document, bundle })).sha256)
      }
    } finally {
      if (TZ === undefined) delete process.env['TZ']
      else process.env['TZ'] = TZ
    }
    expect(new Set(hashes).size).toBe(1)
    const other = { ...document, envelope: true }
    expect((await packRemoteSigner({ document: other, bundle })).sha256).not.toBe(hashes[0])
  })

  it('has the bytes that Node.js 20, 22 and 24 made of these files', async () => {
    const handler = new TextEncoder().encode('export const handler = async () => 1\n')
    expect((await packRemoteSigner({ document, bundle: handler })).sha256).toBe(
      'e454fb1b58fa25f7e83b7f085d2850fe74f4949d5bd49181fb9b301230b9f84e',
    )
  })

  it.each<[string, object]>([
    ['an unknown key', { ...document, budget: {} }],
    ['nothing to sign', { ...document, payload: false }],
    ['no policy', { ...document, policy: undefined }],
    ['an account that is none', { ...document, accounts: ['0x1'] }],
    ['a script that is none', { ...document, policy: { ...document.policy, scripts: [] } }],
    ['a name that is none', { ...document, key: 'a b' }],
  ])('with %s is refused before it is packed', async (_, wrong) => {
    const packing = packRemoteSigner({ document: wrong as SignerDocument, bundle })
    await expect(packing).rejects.toMatchObject({
      code: expect.stringMatching(/^INVALID_(OPTION|ADDRESS)$/),
    })
  })
})
