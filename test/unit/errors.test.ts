import { inspect } from 'node:util'
import { type SignerErrorCode, signerErrorTable } from '../../src/error-codes.ts'
import { isSignerError, SignerError, shownNode } from '../../src/errors.ts'

const codes = Object.keys(signerErrorTable) as readonly SignerErrorCode[]
const make = (code: SignerErrorCode, context: object = {}, options?: ErrorOptions) =>
  // The contexts differ by code; here any will do.
  new SignerError(code, context as never, options)

/** A new code is a minor release, a renamed or lost one a major: change this list with care. */
const expected: Readonly<Record<string, readonly string[]>> = {
  refuse: [
    'ACCESS_NODE_REPLY_INVALID',
    'ALIAS_FOREIGN',
    'ATTESTATION_MALFORMED',
    'ATTESTATION_MISMATCH',
    'ATTESTATION_STALE',
    'ATTESTATION_UNTRUSTED',
    'ENCLAVE_TLS_REFUSED',
    'KMS_RECIPIENT_IGNORED',
    'KMS_REPLY_MISMATCH',
    'MALFORMED_MESSAGE',
    'MALFORMED_PUBLIC_KEY',
    'MALFORMED_SIGNATURE',
    'MALFORMED_TRANSACTION',
    'MESSAGE_MISMATCH',
    'PAYLOAD_MISMATCH',
    'PKCS11_KEY_CHANGED',
    'POLICY_REFUSED',
    'RECIPIENT_CIPHERTEXT_INVALID',
    'REMOTE_SIGNER_REFUSED',
    'REMOTE_SIGNER_REPLY_MISMATCH',
    'ROTATION_WEIGHTS_CHANGED',
    'SEALED_KEY_INVALID',
    'SECURITY_MODULE_REPLY_INVALID',
    'SIGNATURE_INVALID',
    'SIGNATURE_REFUSED',
    'SIGNING_DENIED',
    'STACK_FOREIGN',
    'STACK_REPLACES',
    'STORE_ANSWER_INVALID',
    'WALLET_RECORD_INVALID',
  ],
  hold: [
    'AWS_CONFIG_INVALID',
    'AWS_CREDENTIALS_UNUSABLE',
    'AWS_DENIED',
    'ENCLAVE_CLOCK_WRONG',
    'ENCLAVE_NOT_STARTED',
    'ENCLAVE_PIN_NOT_OPENED',
    'ENCLAVE_REFUSED',
    'JOB_QUARANTINED',
    'KEY_CREATION_UNCERTAIN',
    'KEY_DISABLED',
    'KEY_STATE_INVALID',
    'KEY_STILL_USED',
    'KMS_ACCESS_DENIED',
    'KMS_CLOCK_SKEWED',
    'KMS_CREDENTIALS_INVALID',
    'KMS_CREDENTIALS_MISSING',
    'LEDGER_BUDGET_SPENT',
    'PKCS11_PIN_MISSING',
    'PKCS11_PIN_REFUSED',
    'PKCS11_TOKEN_NOT_FOUND',
    'POLICY_FAILED',
    'RELAY_HELD',
    'REMOTE_SIGNER_CLOCK_SKEWED',
    'REMOTE_SIGNER_CREDENTIALS',
    'REMOTE_SIGNER_DENIED',
    'REMOTE_SIGNER_HELD',
    'REMOTE_SIGNER_NOT_FOUND',
    'REMOTE_SIGNER_REPLY_INVALID',
    'REMOTE_SIGNER_TLS_FAILED',
    'ROTATION_OPEN',
    'ROTATION_RECORD_INVALID',
    'SIGNATURES_MISSING',
    'SIGNING_SERVICE_FAILED',
    'STACK_FAILED',
    'STACK_STUCK',
    'STORE_DENIED',
    'TRAIL_DENIED',
    'WALLET_CLAIMED',
  ],
  retry: [
    'ACCESS_NODE_STALE',
    'ACCESS_NODE_UNREACHABLE',
    'AWS_UNAVAILABLE',
    'ENCLAVE_UNAVAILABLE',
    'KMS_CREDENTIALS_UNAVAILABLE',
    'KMS_QUEUE_TIMEOUT',
    'KMS_THROTTLED',
    'KMS_TIMEOUT',
    'KMS_UNAVAILABLE',
    'LEASE_LOST',
    'LEDGER_CONFLICT',
    'LEDGER_UNAVAILABLE',
    'NODES_CANNOT_TELL',
    'PKCS11_TIMEOUT',
    'PKCS11_UNAVAILABLE',
    'POLICY_POSTPONED',
    'PROPOSAL_KEYS_BUSY',
    'REFERENCE_BLOCK_UNKNOWN',
    'RELAY_CLOSED',
    'RELAY_QUEUE_FULL',
    'REMOTE_SIGNER_QUEUE_TIMEOUT',
    'REMOTE_SIGNER_THROTTLED',
    'REMOTE_SIGNER_TIMEOUT',
    'REMOTE_SIGNER_UNAVAILABLE',
    'ROTATION_DRAIN_TIMEOUT',
    'ROTATION_TAKEN',
    'ROTATION_UNSETTLED',
    'SEALED_KEY_UNCERTAIN',
    'SECURITY_MODULE_UNAVAILABLE',
    'SIGNING_QUEUE_FULL',
    'SIGNING_REPLY_MALFORMED',
    'SIGNING_SERVICE_BUSY',
    'SIGNING_SERVICE_TIMEOUT',
    'SIGNING_TIMEOUT',
    'STACK_BUSY',
    'STACK_UNSETTLED',
    'STORE_UNAVAILABLE',
    'TRAIL_UNAVAILABLE',
    'TRANSACTION_UNSETTLED',
    'WALLETS_TAKEN',
  ],
  fail: [
    'ACCESS_NODE_DENIES',
    'ACCESS_NODE_NOT_SET',
    'ACCESS_NODE_REFUSED',
    'ACCOUNT_CREATION_INCOMPLETE',
    'ACCOUNT_NOT_FOUND',
    'ATTESTATION_UNAVAILABLE',
    'AWS_REGION_INVALID',
    'AWS_REQUEST_INVALID',
    'AWS_SDK_MISSING',
    'AWS_TARGET_MISMATCH',
    'CADENCE_IMPORT_UNRESOLVED',
    'CHAIN_MISMATCH',
    'ENCLAVE_CONFIGURATION_INVALID',
    'ENCLAVE_START_FAILED',
    'INVALID_ADDRESS',
    'INVALID_KEY_ID',
    'INVALID_KEY_INDEX',
    'INVALID_OPTION',
    'INVALID_WEIGHT',
    'JOB_CANCELLED',
    'JOB_FAILED',
    'JOB_ID_TAKEN',
    'JOB_UNKNOWN',
    'KEY_CREATION_INCOMPLETE',
    'KEY_INDEX_UNKNOWN',
    'KEY_NOT_FOUND',
    'KEY_NOT_HELD',
    'KEY_REGION_MISMATCH',
    'KEY_REVOKED',
    'KEY_ROTATED',
    'KEY_SPEC_UNSUPPORTED',
    'KEY_USAGE_UNSUPPORTED',
    'KMS_REQUEST_INVALID',
    'MALFORMED_CADENCE_VALUE',
    'MALFORMED_HEX',
    'NODE_CRYPTO_MISSING',
    'NO_KEY_HELD',
    'NO_PROPOSAL_KEYS',
    'PKCS11_CLOSED',
    'PKCS11_KEY_AMBIGUOUS',
    'PKCS11_KEY_EXISTS',
    'PKCS11_KEY_INCOMPLETE',
    'PKCS11_KEY_NOT_FOUND',
    'PKCS11_KEY_UNUSABLE',
    'PKCS11_MODULE_UNUSABLE',
    'PKCS11_PACKAGE_MISSING',
    'PKCS11_PACKAGE_NOT_BUILT',
    'PKCS11_TOKEN_AMBIGUOUS',
    'POOL_CLOSED',
    'PROPOSAL_KEYS_INCOMPLETE',
    'REMOTE_SIGNER_REQUEST_REFUSED',
    'ROTATION_NOT_FOUND',
    'ROTATION_TOO_LATE',
    'SEALED_KEY_EXISTS',
    'SEALED_KEY_NOT_FOUND',
    'SECURITY_MODULE_REFUSED',
    'SEQUENCE_NUMBER_MISMATCH',
    'SIGNING_KEY_UNKNOWN',
    'SIGNING_REQUEST_MALFORMED',
    'SIGNING_REQUEST_TOO_LARGE',
    'STACK_CHANGE_REFUSED',
    'STACK_NOT_FOUND',
    'STORE_REFUSED',
    'STORE_VERSION_UNKNOWN',
    'TRAIL_TOO_LONG',
    'TRANSACTION_EXPIRED',
    'TRANSACTION_FAILED',
    'TRANSACTION_TOO_LARGE',
    'WALLET_NOT_FOUND',
    'WEIGHT_TOO_LOW',
  ],
}

describe('the codes', () => {
  it.each(Object.keys(expected))('that mean %s are these', (disposition) => {
    const found = codes.filter((code) => signerErrorTable[code][0] === disposition)
    expect([...found].sort()).toEqual(expected[disposition])
  })

  it('are all listed', () => {
    expect([...codes].sort()).toEqual(Object.values(expected).flat().sort())
  })
})

describe('SignerError', () => {
  it.each(codes)('%s has sentences that say what to do, and carries its code', (code) => {
    const [disposition, sentence] = signerErrorTable[code]
    const error = make(code, { fact: 'seven' })
    expect(sentence).toMatch(/^[A-Z].{20,}\.$/)
    expect(error.message).toBe(`${sentence} (fact: seven) [${code}]`)
    expect(error).toMatchObject({ name: 'SignerError', code, disposition })
  })

  it('is an Error with a stack and a cause', () => {
    const cause = new Error('below')
    const error = make('KMS_TIMEOUT', {}, { cause })
    expect(error).toBeInstanceOf(Error)
    expect(error.cause).toBe(cause)
    expect(error.stack).toContain('errors.test')
  })

  it('has no empty brackets when there are no facts', () => {
    expect(make('KMS_TIMEOUT').message).toMatch(/is named\. \[KMS_TIMEOUT\]$/)
  })

  it('copies its context and freezes it', () => {
    const context = { keyId: 'alias/minter' }
    const error = new SignerError('KEY_DISABLED', context)
    context.keyId = 'changed'
    expect(error.context).toEqual({ keyId: 'alias/minter' })
    expect(Object.isFrozen(error.context)).toBe(true)
  })

  it('shows what it was given and nothing else', () => {
    const shown = inspect(new SignerError('KEY_DISABLED', { keyId: 'alias/minter' }), { depth: 10 })
    expect(shown).toContain('alias/minter')
    expect(shown).toContain("code: 'KEY_DISABLED'")
    expect(JSON.parse(JSON.stringify(new SignerError('KEY_DISABLED', { keyId: 'a' })))).toEqual({
      name: 'SignerError',
      code: 'KEY_DISABLED',
      disposition: 'hold',
      context: { keyId: 'a' },
    })
  })
})

describe('isSignerError', () => {
  it('knows a code, and tells it from another', () => {
    const error = make('KMS_TIMEOUT')
    expect(isSignerError(error)).toBe(true)
    expect(isSignerError(error, 'KMS_TIMEOUT')).toBe(true)
    expect(isSignerError(error, 'KMS_THROTTLED')).toBe(false)
  })

  it('knows an error of another copy of the package', () => {
    const other = Object.assign(new Error('x'), { name: 'SignerError', code: 'KMS_TIMEOUT' })
    expect(isSignerError(other, 'KMS_TIMEOUT')).toBe(true)
  })

  it.each([
    ['an error', new Error('x')],
    ['a look-alike that is no error', { name: 'SignerError', code: 'KMS_TIMEOUT' }],
    ['a text', 'SignerError'],
    ['null', null],
    ['undefined', undefined],
  ])('does not know %s', (_, value) => {
    expect(isSignerError(value)).toBe(false)
  })
})

describe('the name of an access node', () => {
  it.each([
    ['http://127.0.0.1:8888', 'http://127.0.0.1:8888'],
    ['https://Node.example', 'https://Node.example'],
    ['https://node.example/', 'https://node.example/'],
    ['https://node.example:8443/token', 'https://node.example:8443/…'],
    ['https://node.example/a/token/', 'https://node.example/…'],
    ['https://node.example?key=token', 'https://node.example/…'],
    ['https://user:token@node.example', 'https://node.example/…'],
    ['https://a.example/token, https://b.example', 'https://a.example/…, https://b.example'],
    ['https://node.example/…', 'https://node.example/…'],
    ['n', 'n'],
  ])('holds no token: %s', (url, name) => {
    expect(shownNode(url)).toBe(name)
    const error = new SignerError('ACCESS_NODE_UNREACHABLE', { accessNode: url, reason: 'no' })
    expect(error.context.accessNode).toBe(name)
    expect(error.message).not.toContain('token')
  })
})
