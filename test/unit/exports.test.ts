/** What each entry exports: adding is a minor release, losing is a major. @module */
import { existsSync, readFileSync } from 'node:fs'

type Entries = Record<string, string | { readonly types: string; readonly default: string }>
const root = new URL('../../', import.meta.url)
const { exports: entries }: { exports: Entries } = JSON.parse(
  readFileSync(new URL('package.json', root), 'utf8'),
)

const expected: Readonly<Record<string, readonly string[]>> = {
  '.': ['KmsAuthorizer', 'SignerError', 'createSigningGovernor', 'isSignerError'],
  './crypto': [
    'MAX_TRANSACTION_BYTES',
    'REQUIRED_WEIGHT',
    'addressToBytes',
    'assertWeight',
    'bytesToHex',
    'decodeMessage',
    'decodeTransaction',
    'derToRaw',
    'domainTags',
    'encodeAccountKey',
    'encodeDomainTag',
    'encodeTransaction',
    'envelopeMessage',
    'hasDomainTag',
    'hashMessage',
    'hexToBytes',
    'importPublicKey',
    'normalizeAddress',
    'normalizeRaw',
    'payloadMessage',
    'signerAddresses',
    'spkiToPublicKey',
    'transactionId',
    'userMessage',
    'accountProofMessage',
    'verifySignature',
    'withDomainTag',
  ],
  './aws': [
    'adminServerStack',
    'awsCost',
    'awsPrices',
    'enclaveStack',
    'inspectionPolicy',
    'keyPolicy',
    'keyPolicyFaults',
    'permissionBoundary',
    'policyFaults',
    'remoteSignerStack',
    'rotationPolicy',
    'sealedKeysStack',
    'serviceControlPolicy',
    'signingKeysStack',
    'signingPolicy',
    'stacks',
    'watchStack',
  ],
  './provisioning': [
    'abortRotation',
    'accountKeyOf',
    'addProposalKeys',
    'createAccount',
    'createFileRotations',
    'createFileWalletBook',
    'createKey',
    'createMemoryRotations',
    'createSqlRotations',
    'createSqlWalletBook',
    'createWallets',
    'deleteStack',
    'deployStack',
    'describeKey',
    'diagnose',
    'diagnoseStack',
    'emulatorChainId',
    'emulatorPayer',
    'emulatorServiceAddress',
    'emulatorServicePrivateKey',
    'inspectionPolicy',
    'keyPolicy',
    'keyPolicyFaults',
    'kmsRetirement',
    'kmsVault',
    'packRemoteSigner',
    'planRotation',
    'planStack',
    'policyFaults',
    'resumeRotation',
    'rewrapSealedKeys',
    'rotateKey',
    'rotationPolicy',
    'rotationStatus',
    'rotationTransactions',
    'sealedKeyRetirement',
    'sealedKeyVault',
    'sendFlow',
    'showAccount',
    'signerVault',
    'signingPolicy',
    'uploadRemoteSigner',
    'wrappingKeyRetirement',
  ],
  './enclave': [
    'attestKey',
    'connectSecurityModule',
    'createEnclaveHost',
    'createNitroRunner',
    'createRecipient',
    'verifyAttestation',
  ],
  './reconciliation': [
    'readTrailBucket',
    'lookUpSignEvents',
    'readOwnSignatures',
    'readTrailFolder',
    'readTrailLog',
    'reconcile',
    'slackMs',
  ],
  './signing-service': [
    'createDynamoDbLedger',
    'createMemoryLedger',
    'createSigningService',
    'createSqlLedger',
    'lambdaHandler',
    'listen',
  ],
  './proposal-keys': ['createProposalKeyPool'],
  './relay': ['createRelay'],
  './policy': [
    'assertCadenceValue',
    'cadenceTypeText',
    'createPolicy',
    'decodeArguments',
    'inspectTransaction',
    'isAddressOfChain',
    'parseCadenceType',
  ],
  './transactions': [
    'approveTransaction',
    'decodeTransactionFile',
    'encodeTransactionFile',
    'messageToSign',
    'prepareTransaction',
    'sendTransaction',
    'signTransaction',
  ],
  './observability': ['createPrometheusMetrics', 'createTracing'],
  './stores': ['createMemoryStore', 'createSqlStore'],
  './testing': [
    'createSoftwareSigner',
    'describeSignerContract',
    'emulatorServicePrivateKey',
    'signerContract',
    'startAws',
    'startEmulator',
  ],
  './signers/aws-kms': ['createAwsKmsSigner', 'describeAwsKmsKey'],
  './signers/pkcs11': ['createPkcs11Signer', 'createPkcs11Token', 'parsePkcs11Uri'],
  './signers/remote': ['createRemoteSigner'],
  './signers/sealed-key': [
    'createFileKeyStore',
    'createS3KeyStore',
    'createSecretsManagerKeyStore',
    'createSealedKeys',
    'createSqlKeyStore',
  ],
}

const sourceOf = (entry: string) =>
  new URL(`src/${entry === '.' ? 'index.ts' : `${entry.slice(2)}/index.ts`}`, root)

describe('the entries', () => {
  it.each(Object.keys(expected))('%s exports exactly these', async (entry) => {
    const module: object = await import(sourceOf(entry).href)
    expect(Object.keys(module).sort()).toEqual([...(expected[entry] ?? [])].sort())
  })

  it.each(Object.keys(expected))('%s has a place in package.json', (entry) => {
    const folder = entry === '.' ? '.' : entry
    expect(entries[entry]).toEqual({
      types: `./dist/${folder === '.' ? '' : `${folder.slice(2)}/`}index.d.ts`,
      default: `./dist/${folder === '.' ? '' : `${folder.slice(2)}/`}index.js`,
    })
  })

  it('are all listed here', () => {
    const places = Object.keys(entries).filter((entry) => entry !== './package.json')
    expect(places.sort()).toEqual(Object.keys(expected).sort())
  })

  it('have a source for each place in package.json', () => {
    const places = Object.keys(entries).filter((entry) => entry !== './package.json')
    const missing = places.filter((entry) => !existsSync(sourceOf(entry)))
    expect(missing).toEqual([])
  })
})
