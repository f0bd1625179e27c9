/**
 * A signing service for development: it signs for the service account of a Flow emulator, by a key
 * that everybody knows, and refuses every script but one. Run it with `npm run signing-service`;
 * `-- --socket <path>` listens on a Unix socket instead, and `-- --cadence <file> --parameters
 * '["UFix64"]'` allows another script.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { hexToBytes } from 'fcl-kms/crypto'
import { createPolicy } from 'fcl-kms/policy'
import { emulatorServiceAddress, emulatorServicePrivateKey } from 'fcl-kms/provisioning'
import { createMemoryLedger, createSigningService, listen } from 'fcl-kms/signing-service'
import { createSoftwareSigner } from 'fcl-kms/testing'

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '4700' },
    socket: { type: 'string' },
    cadence: { type: 'string' },
    parameters: { type: 'string', default: '[]' },
  },
})
const address = emulatorServiceAddress
const cadence =
  options.cadence === undefined
    ? 'transaction { prepare(signer: &Account) { log(signer.address) } }'
    : readFileSync(options.cadence, 'utf8')

const service = createSigningService({
  keys: {
    dev: {
      signer: createSoftwareSigner({
        algorithm: 'ECDSA_P256',
        privateKey: hexToBytes(emulatorServicePrivateKey, 'privateKey'),
      }),
      accounts: [address],
      payload: true,
      envelope: true,
    },
  },
  policy: createPolicy({
    chainId: 'flow-emulator',
    accounts: [address],
    scripts: [
      { name: 'dev', cadence, parameters: JSON.parse(options.parameters), maxComputeLimit: 9_999 },
    ],
  }),
  ledger: createMemoryLedger(),
  onRequest: (event) => console.log(JSON.stringify(event)),
})

const where =
  options.socket === undefined ? { port: Number(options.port) } : { socketPath: options.socket }
const door = await listen(service, where)
const to = options.socket === undefined ? '' : `--unix-socket ${options.socket} `
const url = options.socket === undefined ? door.address : 'http://localhost/'
console.log(`Signing service ${door.address}
  Signs with the key dev for ${address} of an emulator, and only this script:
    ${cadence.trim().replaceAll('\n', '\n    ')}
  Try  curl -s ${to}-H 'content-type: application/json' \\
         -d '{"version":1,"operation":"publicKey","key":"dev"}' ${url}`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => door.close())
