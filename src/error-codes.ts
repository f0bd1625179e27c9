/** The codes of the one error class: their facts, what a caller may do, and what to say. @module */

/**
 * What a caller may do about an error.
 * - `retry`: a passing fault; the same call may succeed later.
 * - `hold`: an operator must act first (a disabled key, a denied permission); nothing is lost by waiting.
 * - `fail`: the call as given can never succeed.
 * - `refuse`: a reply or a request did not match what was expected. Raise an alarm; never send it.
 */
export type Disposition = 'retry' | 'hold' | 'fail' | 'refuse'

/** A job that a policy does not allow, and why. */
type RefusedJob = { readonly id: string; readonly reason: string }

/** The facts each code carries. A new code is a minor release; a renamed or lost one is major. */
export type SignerErrorContext = {
  // Bytes
  MALFORMED_SIGNATURE: { byteLength: number; reason: string }
  MALFORMED_PUBLIC_KEY: { byteLength: number; reason: string }
  MALFORMED_HEX: { field: string; reason: string }
  MALFORMED_TRANSACTION: { reason: string }
  SIGNATURE_INVALID: { signerId: string }
  MESSAGE_MISMATCH: { address: string; keyIndex: number; reason: string }
  NODE_CRYPTO_MISSING: { needed: string }
  // Arguments
  INVALID_OPTION: { option: string; reason: string }
  INVALID_ADDRESS: { value: string; reason: string }
  INVALID_KEY_INDEX: { value: string }
  INVALID_KEY_ID: { reason: string }
  INVALID_WEIGHT: { weight: string; reason: string }
  MALFORMED_CADENCE_VALUE: { path: string; expected: string; reason: string }
  CADENCE_IMPORT_UNRESOLVED: { import: string; reason: string }
  // An account and its keys
  ACCOUNT_NOT_FOUND: { address: string; accessNode: string }
  KEY_INDEX_UNKNOWN: { address: string; keyIndex: number }
  KEY_REVOKED: { address: string; keyIndex: number }
  KEY_ROTATED: { address: string; keyIndexes: readonly number[]; weight: number }
  KEY_NOT_HELD: { address: string; keyIndex: number }
  NO_KEY_HELD: { address: string; signerIds: readonly string[] }
  WEIGHT_TOO_LOW: { address: string; weight: number; required: number }
  // The access node
  ACCESS_NODE_NOT_SET: { reason: string }
  ACCESS_NODE_UNREACHABLE: { accessNode: string; reason: string }
  ACCESS_NODE_REFUSED: { accessNode: string; status: number; reason: string }
  ACCESS_NODE_DENIES: { accessNode: string; status: number }
  ACCESS_NODE_STALE: { accessNode: string; height: number; quietMs: number }
  ACCESS_NODE_REPLY_INVALID: { accessNode: string; reason: string }
  NODES_CANNOT_TELL: { asked: number; needed: number; reason: string }
  CHAIN_MISMATCH: { expected: string; actual: string }
  TRANSACTION_FAILED: { transactionId: string; errorCodes: readonly number[]; reason: string }
  TRANSACTION_EXPIRED: { transactionId: string }
  TRANSACTION_UNSETTLED: { transactionId: string; waitedMs: number }
  // Transactions of several parties
  PAYLOAD_MISMATCH: { source: string; field: string }
  SIGNATURE_REFUSED: { address: string; keyIndex: number; part: string; reason: string }
  SIGNATURES_MISSING: { missing: string }
  SEQUENCE_NUMBER_MISMATCH: {
    address: string
    keyIndex: number
    given: string
    onChain: string
    executedAs: string
  }
  REFERENCE_BLOCK_UNKNOWN: { blockId: string; accessNode: string }
  // AWS KMS
  AWS_SDK_MISSING: { package: string }
  AWS_REGION_INVALID: { reason: string }
  AWS_CONFIG_INVALID: { setting: string; reason: string }
  KEY_REGION_MISMATCH: { keyRegion: string; clientRegion: string }
  KEY_NOT_FOUND: { keyId: string }
  KEY_SPEC_UNSUPPORTED: { keyId: string; keySpec: string }
  KEY_USAGE_UNSUPPORTED: { keyId: string; keyUsage: string }
  KEY_DISABLED: { keyId: string }
  KEY_STATE_INVALID: { keyId: string; reason: string }
  KMS_ACCESS_DENIED: { keyId: string; operation: string }
  KMS_CREDENTIALS_MISSING: { keyId: string; provider: string; reason: string; remedy: string }
  KMS_CREDENTIALS_INVALID: { keyId: string; provider: string; reason: string; remedy: string }
  KMS_CREDENTIALS_UNAVAILABLE: { keyId: string; provider: string; reason: string }
  KMS_CLOCK_SKEWED: { keyId: string; reason: string }
  KMS_REQUEST_INVALID: { keyId: string; reason: string }
  KMS_THROTTLED: { keyId: string; attempts: number; elapsedMs: number }
  KMS_UNAVAILABLE: { keyId: string; reason: string; attempts: number; elapsedMs: number }
  KMS_TIMEOUT: { keyId: string; limit: string; attempts: number; elapsedMs: number }
  KMS_QUEUE_TIMEOUT: {
    keyId: string
    waitedFor: 'socket' | 'quota'
    wasSent: boolean
    waiting: number
    callsAtOnce: number
    waitedMs: number
  }
  KMS_REPLY_MISMATCH: { keyId: string; field: string }
  KMS_RECIPIENT_IGNORED: { keyId: string; field: string }
  SIGNING_TIMEOUT: { address: string; timeoutMs: number }
  SIGNING_QUEUE_FULL: { name: string; queued: number }
  // CloudTrail
  TRAIL_DENIED: { operation: string; reason: string }
  TRAIL_UNAVAILABLE: { reason: string }
  TRAIL_TOO_LONG: { maxEvents: number }
  // Attestation of an enclave
  ATTESTATION_MALFORMED: { reason: string }
  ATTESTATION_UNTRUSTED: { reason: string }
  ATTESTATION_STALE: { reason: string }
  ATTESTATION_MISMATCH: { reason: string }
  ATTESTATION_UNAVAILABLE: { key: string }
  // Inside an enclave
  SECURITY_MODULE_UNAVAILABLE: { reason: string }
  SECURITY_MODULE_REFUSED: { reason: string }
  SECURITY_MODULE_REPLY_INVALID: { reason: string }
  RECIPIENT_CIPHERTEXT_INVALID: { byteLength: number }
  // The parent of an enclave
  ENCLAVE_UNAVAILABLE: { reason: string }
  ENCLAVE_REFUSED: { enclaveCode: string }
  ENCLAVE_NOT_STARTED: { reason: string; remedy: string }
  // PKCS#11
  PKCS11_PACKAGE_MISSING: { package: string }
  PKCS11_PACKAGE_NOT_BUILT: { package: string; reason: string }
  PKCS11_MODULE_UNUSABLE: { module: string; reason: string }
  /** `present`: the labels of the tokens that are there. */
  PKCS11_TOKEN_NOT_FOUND: { token: string; module: string; present: string }
  PKCS11_TOKEN_AMBIGUOUS: { token: string; matches: number }
  PKCS11_PIN_MISSING: { token: string; reason: string }
  PKCS11_PIN_REFUSED: { token: string; reason: string }
  PKCS11_KEY_NOT_FOUND: { key: string }
  PKCS11_KEY_AMBIGUOUS: { key: string; matches: number }
  PKCS11_KEY_UNUSABLE: { key: string; reason: string }
  PKCS11_KEY_CHANGED: { key: string }
  PKCS11_KEY_EXISTS: { key: string }
  PKCS11_KEY_INCOMPLETE: { key: string; step: string }
  PKCS11_UNAVAILABLE: { key: string; reason: string; attempts: number; elapsedMs: number }
  PKCS11_TIMEOUT: { key: string; limit: string; attempts: number; elapsedMs: number }
  PKCS11_CLOSED: { token: string }
  // Proposal keys
  NO_PROPOSAL_KEYS: { address: string }
  PROPOSAL_KEYS_BUSY: { address: string; waiting: number; waitedMs: number }
  LEASE_LOST: { address: string; keyIndex: number }
  POOL_CLOSED: { address: string }
  // The relay
  JOB_ID_TAKEN: { id: string }
  JOB_UNKNOWN: { id: string }
  JOB_FAILED: { id: string; transactionId: string; reason: string }
  JOB_CANCELLED: { id: string }
  JOB_QUARANTINED: { id: string; transactionId: string; reason: string }
  POLICY_REFUSED: { reason: string }
  POLICY_FAILED: { reason: string }
  POLICY_POSTPONED: { postponed: readonly string[]; refused: readonly RefusedJob[] }
  TRANSACTION_TOO_LARGE: { byteLength: number; limit: number }
  RELAY_HELD: { address: string; code: string; reason: string }
  RELAY_QUEUE_FULL: { address: string; limit: number }
  RELAY_CLOSED: { address: string }
  // Stores
  /** `waitedMs` when no answer came by then: the step may have been taken. */
  STORE_UNAVAILABLE: { operation: string; waitedMs?: number }
  /** By SQLSTATE of class 22 or 54. */
  STORE_REFUSED: { operation: string; sqlState: string }
  STORE_VERSION_UNKNOWN: { version: number; known: number }
  // A signing service
  SIGNING_REQUEST_MALFORMED: { reason: string }
  SIGNING_REQUEST_TOO_LARGE: { byteLength: number; maxBytes: number }
  SIGNING_REPLY_MALFORMED: { reason: string }
  SIGNING_KEY_UNKNOWN: { key: string }
  SIGNING_DENIED: { key: string; reason: string }
  SIGNING_SERVICE_BUSY: { reason: string }
  SIGNING_SERVICE_TIMEOUT: { waitedMs: number }
  SIGNING_SERVICE_FAILED: { reason: string }
  MALFORMED_MESSAGE: { reason: string }
  LEDGER_CONFLICT: { address: string; keyIndex: number; sequenceNumber: string }
  LEDGER_BUDGET_SPENT: { budget: string }
  LEDGER_UNAVAILABLE: { reason: string }
  // A remote signer
  REMOTE_SIGNER_UNAVAILABLE: {
    signerId: string
    reason: string
    attempts: number
    elapsedMs: number
  }
  REMOTE_SIGNER_TIMEOUT: { signerId: string; limit: string; attempts: number; elapsedMs: number }
  REMOTE_SIGNER_THROTTLED: { signerId: string; reason: string; attempts: number; elapsedMs: number }
  REMOTE_SIGNER_QUEUE_TIMEOUT: {
    signerId: string
    waitedFor: 'socket' | 'quota'
    waiting: number
    callsAtOnce: number
    waitedMs: number
  }
  REMOTE_SIGNER_CREDENTIALS: { signerId: string; provider: string; reason: string; remedy: string }
  REMOTE_SIGNER_CLOCK_SKEWED: { signerId: string; reason: string }
  REMOTE_SIGNER_DENIED: { signerId: string; reason: string }
  REMOTE_SIGNER_TLS_FAILED: { signerId: string; reason: string }
  REMOTE_SIGNER_NOT_FOUND: { signerId: string; reason: string }
  REMOTE_SIGNER_REPLY_INVALID: {
    signerId: string
    reason: string
    attempts: number
    elapsedMs: number
  }
  REMOTE_SIGNER_REPLY_MISMATCH: { signerId: string; field: string }
  REMOTE_SIGNER_HELD: { signerId: string; serviceCode: string; reason: string; requestId: string }
  REMOTE_SIGNER_REQUEST_REFUSED: {
    signerId: string
    serviceCode: string
    reason: string
    requestId: string
  }
  REMOTE_SIGNER_REFUSED: {
    signerId: string
    serviceCode: string
    reason: string
    requestId: string
  }
  // Sealed keys
  SEALED_KEY_INVALID: { id: string }
  SEALED_KEY_EXISTS: { id: string }
  SEALED_KEY_NOT_FOUND: { id: string }
  SEALED_KEY_UNCERTAIN: { id: string }
  STORE_DENIED: { operation: string; reason: string }
  STORE_ANSWER_INVALID: { operation: string }
  // What runs inside an enclave
  ENCLAVE_CONFIGURATION_INVALID: { reason: string }
  ENCLAVE_START_FAILED: { step: string; reason: string }
  ENCLAVE_CLOCK_WRONG: { aheadMs: number; boundMs: number }
  ENCLAVE_TLS_REFUSED: { host: string; reason: string }
  ENCLAVE_PIN_NOT_OPENED: { token: string }
  // AWS, other than KMS
  AWS_DENIED: { operation: string }
  AWS_CREDENTIALS_UNUSABLE: { operation: string; reason: string; remedy: string }
  AWS_UNAVAILABLE: { operation: string; reason: string }
  AWS_REQUEST_INVALID: { operation: string; reason: string }
  AWS_TARGET_MISMATCH: { field: string; expected: string; actual: string }
  // Stacks of CloudFormation
  STACK_NOT_FOUND: { stackName: string; region: string }
  STACK_FOREIGN: { stackName: string; kind: string; reason: string }
  STACK_BUSY: { stackName: string; status: string }
  STACK_STUCK: { stackName: string; status: string; remedy: string }
  STACK_CHANGE_REFUSED: { stackName: string; reason: string }
  STACK_REPLACES: { stackName: string; resources: string }
  STACK_FAILED: {
    stackName: string
    status: string
    resource: string
    reason: string
    deniedAction: string
    rolledBack: boolean
  }
  STACK_UNSETTLED: { stackName: string; status: string; waitedMs: number }
  // Provisioning
  KEY_CREATION_INCOMPLETE: { keyArn: string; step: string }
  ACCOUNT_CREATION_INCOMPLETE: { transactionId: string; reason: string }
  PROPOSAL_KEYS_INCOMPLETE: { added: number; asked: number; transactionId: string; reason: string }
  WALLET_NOT_FOUND: { id: string }
  WALLET_RECORD_INVALID: { id: string }
  WALLETS_TAKEN: { revision: number }
  WALLET_CLAIMED: { keyId: string; alias: string }
  // Key rotation
  ROTATION_OPEN: { address: string; id: string; step: string }
  ROTATION_NOT_FOUND: { address: string }
  ROTATION_TAKEN: { address: string; id: string }
  ROTATION_UNSETTLED: { address: string; purpose: string; transactionId: string; reason: string }
  ROTATION_WEIGHTS_CHANGED: { address: string; step: string; expected: string; found: string }
  ROTATION_TOO_LATE: { address: string; id: string; step: string }
  ROTATION_DRAIN_TIMEOUT: {
    address: string
    inUse: number
    waitedMs: number
    transactionIds: readonly string[]
  }
  ROTATION_RECORD_INVALID: { address: string; reason: string }
  KEY_CREATION_UNCERTAIN: { id: string; reason: string }
  KEY_STILL_USED: { reference: string; reason: string }
  ALIAS_FOREIGN: { alias: string; keyArn: string }
}

/** A stable name for one kind of failure; see `docs/errors.md`. */
export type SignerErrorCode = keyof SignerErrorContext

/** Every code with its disposition and remedy, in the order of `docs/errors.md`. */
export const signerErrorTable: Readonly<Record<SignerErrorCode, readonly [Disposition, string]>> = {
  MALFORMED_SIGNATURE: [
    'refuse',
    'The signature is not strict DER of two scalars in range. Check the key spec and the backend.',
  ],
  MALFORMED_PUBLIC_KEY: [
    'refuse',
    'The public key is not an uncompressed point of P-256 or secp256k1. Use a key of one of these specs.',
  ],
  MALFORMED_HEX: [
    'fail',
    'The value is not plain hexadecimal. Pass an even number of digits, no 0x.',
  ],
  MALFORMED_TRANSACTION: [
    'refuse',
    'The transaction could not be read, so it is not signed. Build it with FCL or the Flow CLI.',
  ],
  SIGNATURE_INVALID: [
    'refuse',
    'The signer answered with a signature that its public key does not verify. It was not used; check the backend.',
  ],
  MESSAGE_MISMATCH: [
    'refuse',
    'The message to sign is not the one that the transaction encodes to. Nothing was signed; check who built it.',
  ],
  NODE_CRYPTO_MISSING: [
    'fail',
    'Signatures are made and verified by node:crypto, which is not here. Do it where Node.js runs.',
  ],
  INVALID_OPTION: ['fail', 'An option is unknown or out of range. Correct it.'],
  INVALID_ADDRESS: [
    'fail',
    'A Flow address is 16 hexadecimal digits, with or without 0x. Correct it.',
  ],
  INVALID_KEY_INDEX: ['fail', 'A key index is a whole number from 0 to 4294967295. Correct it.'],
  INVALID_KEY_ID: [
    'fail',
    'This does not name a KMS key. Pass a key id, key ARN, alias/name or alias ARN.',
  ],
  INVALID_WEIGHT: [
    'fail',
    'A weight is a whole number from 0 to 1000, and an account needs 1000 in all.',
  ],
  MALFORMED_CADENCE_VALUE: [
    'fail',
    'The value is not strict JSON-Cadence of the type expected. The path names the part to correct.',
  ],
  CADENCE_IMPORT_UNRESOLVED: [
    'fail',
    'The Cadence source imports something without an address. Write the address, pass imports or flowJson to createRelay, or set it with fcl.config.',
  ],
  ACCOUNT_NOT_FOUND: [
    'fail',
    'The access node has no such account. Check the address and the network it belongs to.',
  ],
  KEY_INDEX_UNKNOWN: ['fail', 'The account has no key of this index. See `fcl-kms accounts show`.'],
  KEY_REVOKED: ['fail', 'This account key is revoked and cannot sign. Choose another index.'],
  KEY_ROTATED: [
    'fail',
    'The keys of these indexes were rotated: the account has a newer key that no signer here holds. Give the authorizer the signer of the new key, and start the process again.',
  ],
  KEY_NOT_HELD: [
    'fail',
    'No signer holds the key of this index. Add its signer or choose another index.',
  ],
  NO_KEY_HELD: [
    'fail',
    'No key of the account belongs to any of the signers. Check the address, or add the public key to the account.',
  ],
  WEIGHT_TOO_LOW: [
    'fail',
    'The keys held do not reach the weight a payer or authorizer needs. Add signers, or name the indexes when others sign too.',
  ],
  ACCESS_NODE_NOT_SET: [
    'fail',
    "No access node is known. Set fcl.config({ 'accessNode.api': url }) or pass { accessNode: url }.",
  ],
  ACCESS_NODE_UNREACHABLE: [
    'retry',
    'The access node did not answer. Check the URL and the network.',
  ],
  ACCESS_NODE_REFUSED: [
    'fail',
    'The access node refused the request. The reason names what to correct.',
  ],
  ACCESS_NODE_DENIES: [
    'fail',
    'The access node, or a gateway before it, turns requests away. Check the URL, its credentials and its limits; what was sent may have been taken.',
  ],
  ACCESS_NODE_STALE: [
    'retry',
    'The access node tells no new block. Look whether the network stands still, or name another node.',
  ],
  ACCESS_NODE_REPLY_INVALID: [
    'refuse',
    'The access node answered with something that is not its REST API. Check the URL: it must be the REST endpoint.',
  ],
  NODES_CANNOT_TELL: [
    'retry',
    'Too few access nodes could tell what was asked, and nothing was decided. Mend the nodes that the reason names, or give the relay others.',
  ],
  CHAIN_MISMATCH: [
    'fail',
    'The address or the access node belongs to another network. Correct one of them.',
  ],
  TRANSACTION_FAILED: [
    'fail',
    'The chain executed the transaction and it failed. The reason says where.',
  ],
  TRANSACTION_EXPIRED: [
    'fail',
    'The transaction expired before a block took it. Build and sign it again.',
  ],
  TRANSACTION_UNSETTLED: [
    'retry',
    'The outcome is not known yet. Look the transaction id up before sending anything again.',
  ],
  PAYLOAD_MISMATCH: [
    'refuse',
    'A signed file holds another transaction than the one prepared. Nothing of it was taken; ask who signed what.',
  ],
  SIGNATURE_REFUSED: [
    'refuse',
    'A signature cannot be part of this transaction. Leave it out, and let that key sign again.',
  ],
  SIGNATURES_MISSING: [
    'hold',
    'Not all have signed yet, so it was not sent, and the payer does not sign. Let those sign who are missing.',
  ],
  SEQUENCE_NUMBER_MISMATCH: [
    'fail',
    'The proposal key has another sequence number now, so this cannot be executed any more. Prepare it again only when executedAs is another transaction: it may have been executed.',
  ],
  REFERENCE_BLOCK_UNKNOWN: [
    'retry',
    'The access node does not have the reference block. Check the network, or try again when the node lags behind.',
  ],
  AWS_SDK_MISSING: [
    'fail',
    'A package of AWS that this needs is not installed. Run npm install with its name.',
  ],
  AWS_REGION_INVALID: [
    'fail',
    'The client has no usable AWS Region. Set region, AWS_REGION or a profile.',
  ],
  AWS_CONFIG_INVALID: [
    'hold',
    'The AWS client cannot work as it is configured, so nothing was sent. Correct the setting.',
  ],
  KEY_REGION_MISMATCH: [
    'fail',
    'The key lives in another Region. Configure a client for that Region.',
  ],
  KEY_NOT_FOUND: ['fail', 'KMS knows no such key here. Check the id, the account and the Region.'],
  KEY_SPEC_UNSUPPORTED: [
    'fail',
    'Flow cannot use a key of this spec. Create one of spec ECC_SECG_P256K1 or ECC_NIST_P256.',
  ],
  KEY_USAGE_UNSUPPORTED: [
    'fail',
    'The key is of another usage. Create one with usage SIGN_VERIFY to sign, with ENCRYPT_DECRYPT to seal.',
  ],
  KEY_DISABLED: ['hold', 'The key is disabled. Enable it, or point the signer at its successor.'],
  KEY_STATE_INVALID: [
    'hold',
    'The state of the key does not allow this. Cancel its deletion, or wait until it is available.',
  ],
  KMS_ACCESS_DENIED: [
    'hold',
    'AWS denied the call. Grant it on this key; see docs/set-up-a-key.md.',
  ],
  KMS_CREDENTIALS_MISSING: [
    'hold',
    'There are no AWS credentials, so nothing was sent to KMS. The remedy names what gets some.',
  ],
  KMS_CREDENTIALS_INVALID: [
    'hold',
    'AWS did not accept the credentials, or gave none to who asked. The remedy names what to mend.',
  ],
  KMS_CREDENTIALS_UNAVAILABLE: [
    'retry',
    'The provider of the AWS credentials did not answer, so nothing was sent to KMS. It may recover.',
  ],
  KMS_CLOCK_SKEWED: ['hold', 'The clock of this machine is off. Synchronise it.'],
  KMS_REQUEST_INVALID: [
    'fail',
    'KMS refused the request as invalid. Check the key id and the grant.',
  ],
  KMS_THROTTLED: [
    'retry',
    'KMS is throttling this account. Send fewer requests or raise the quota.',
  ],
  KMS_UNAVAILABLE: [
    'retry',
    'KMS could not be reached or failed. Check the endpoint; it may recover.',
  ],
  KMS_TIMEOUT: [
    'retry',
    'KMS did not answer in time. Check the endpoint, or allow more for the limit that is named.',
  ],
  KMS_QUEUE_TIMEOUT: [
    'retry',
    'The call waited its queueTimeoutMs for a socket of its client, or for the quota. Lower the load, give the client more sockets (maxSockets of its request handler) or raise the quota.',
  ],
  KMS_REPLY_MISMATCH: [
    'refuse',
    'KMS answered for another key or algorithm than asked. The answer was not used; check endpoint and alias.',
  ],
  KMS_RECIPIENT_IGNORED: [
    'refuse',
    'An open key came back, though it was asked for one that only this enclave opens. It was overwritten and not used; look at what stands in for KMS.',
  ],
  SIGNING_TIMEOUT: [
    'retry',
    'The signers did not answer in time. Nothing was sent, and it is tried again; give the signer a limit of its own.',
  ],
  SIGNING_QUEUE_FULL: [
    'retry',
    'Too many signatures wait for this backend. Nothing was signed; sign later, or raise its quota or queueLimit.',
  ],
  TRAIL_DENIED: [
    'hold',
    'CloudTrail refuses to tell its events. Grant the operation to whoever reconciles, or correct the credentials.',
  ],
  TRAIL_UNAVAILABLE: ['retry', 'CloudTrail does not answer. Try again later; nothing was judged.'],
  TRAIL_TOO_LONG: [
    'fail',
    'There are more events than may be read. Judge a shorter time, or read the files that a trail delivers.',
  ],
  ATTESTATION_MALFORMED: [
    'refuse',
    'What was given is no attestation document of Nitro. Ask the enclave again; look at what stands between.',
  ],
  ATTESTATION_UNTRUSTED: [
    'refuse',
    'The document was not made by Nitro hardware of this root. Trust nothing that came with it.',
  ],
  ATTESTATION_STALE: [
    'refuse',
    'A time of the document does not fit. Ask the enclave for a new one, and look at the clock of this machine.',
  ],
  ATTESTATION_MISMATCH: [
    'refuse',
    'The document is real, and of another image or question. Compare the measurements with those of the image that you built.',
  ],
  ATTESTATION_UNAVAILABLE: [
    'fail',
    'This signing service does not attest. Ask one that runs in an enclave; believe nothing of what it runs until then.',
  ],
  SECURITY_MODULE_UNAVAILABLE: [
    'retry',
    'The Nitro Secure Module did not answer. Look whether the init of the enclave runs and has /dev/nsm.',
  ],
  SECURITY_MODULE_REFUSED: [
    'fail',
    'The Nitro Secure Module does not do this. The reason is its own word for it.',
  ],
  SECURITY_MODULE_REPLY_INVALID: [
    'refuse',
    'What answered is no Nitro Secure Module. Nothing of it was used; look at what stands between.',
  ],
  RECIPIENT_CIPHERTEXT_INVALID: [
    'refuse',
    'What KMS sent for this enclave does not open with its key. Nothing was signed; look at what stands in for KMS.',
  ],
  ENCLAVE_UNAVAILABLE: [
    'retry',
    'The enclave did not answer, and nothing was signed outside of it. It may be restarting; look at the events and the log of its host.',
  ],
  ENCLAVE_REFUSED: [
    'hold',
    'The enclave cannot do what it was asked. Look enclaveCode up in docs/errors.md, and its log for the facts.',
  ],
  ENCLAVE_NOT_STARTED: [
    'hold',
    'The enclave did not start. Nothing is signed until it does; do what the remedy says.',
  ],
  PKCS11_PACKAGE_MISSING: [
    'fail',
    'The package that loads PKCS#11 modules is not installed. Run npm install pkcs11js.',
  ],
  PKCS11_PACKAGE_NOT_BUILT: [
    'fail',
    'The package that loads PKCS#11 modules is installed but not built. Run npm rebuild pkcs11js, which needs a C++ compiler, make and Python.',
  ],
  PKCS11_MODULE_UNUSABLE: [
    'fail',
    'The library that module-path names cannot be used. Correct the path, or install the library of the vendor for this machine.',
  ],
  PKCS11_TOKEN_NOT_FOUND: [
    'hold',
    'The module has no token of this name. Check its label or serial, its connection and the settings of the module.',
  ],
  PKCS11_TOKEN_AMBIGUOUS: [
    'fail',
    'The module has several tokens of this name. Name the serial of the one that is meant.',
  ],
  PKCS11_PIN_MISSING: [
    'hold',
    'There is no PIN to log in with. Name its file by pin-source, or give it by the option pin.',
  ],
  PKCS11_PIN_REFUSED: [
    'hold',
    'The PIN was refused, and is not tried again. Mend the PIN, or unlock the token; then start again, or let the file or function give the new one.',
  ],
  PKCS11_KEY_NOT_FOUND: [
    'fail',
    'The token has no such private key. Check object and id of the URI, and what this user may see.',
  ],
  PKCS11_KEY_AMBIGUOUS: [
    'fail',
    'Several private keys of the token have this name. Name the one that is meant by object and id, or give it an id of its own.',
  ],
  PKCS11_KEY_UNUSABLE: [
    'fail',
    'The key cannot be used, or not be made, as it must be. Make one with fcl-kms keys create --pkcs11.',
  ],
  PKCS11_KEY_CHANGED: [
    'refuse',
    'Another key has taken the name of the key. Nothing was signed; find out who changed the token.',
  ],
  PKCS11_KEY_EXISTS: [
    'fail',
    'The token has an object of this label or id. Nothing was made; choose others.',
  ],
  PKCS11_KEY_INCOMPLETE: [
    'fail',
    'The key may exist on the token. Look for it with fcl-kms keys show --pkcs11 before you make another.',
  ],
  PKCS11_UNAVAILABLE: [
    'retry',
    'The token failed, or the process of its module ended. Check the HSM and the settings of the module; it may recover.',
  ],
  PKCS11_TIMEOUT: [
    'retry',
    'The token did not answer in time. Check the HSM, or allow more for the limit that is named.',
  ],
  PKCS11_CLOSED: ['fail', 'The token was closed. Make a new signer.'],
  NO_PROPOSAL_KEYS: [
    'fail',
    'The account has no weight-0 copy of a key that signs. Add some: fcl-kms accounts add-proposal-keys.',
  ],
  PROPOSAL_KEYS_BUSY: [
    'retry',
    'No proposal key came free in time, or too many callers wait already. Add keys or send more slowly.',
  ],
  LEASE_LOST: [
    'retry',
    'The lease of the proposal key was over before all had signed. Nothing was sent; send the transaction anew.',
  ],
  POOL_CLOSED: ['fail', 'The pool of proposal keys is closed. Create another.'],
  JOB_ID_TAKEN: [
    'fail',
    'The id names a job with another intent. Use an id of its own for each thing to be done.',
  ],
  JOB_UNKNOWN: ['fail', 'The relay has no job of this id. Check the id and the account.'],
  JOB_FAILED: ['fail', 'The job failed and will not be tried again. The reason says why.'],
  JOB_CANCELLED: ['fail', 'The job was cancelled before anything was sent.'],
  JOB_QUARANTINED: [
    'hold',
    'Whether the job was executed is not certain, so it is not tried again. See docs/exactly-once.md.',
  ],
  POLICY_REFUSED: [
    'refuse',
    'The policy of the relay refused the transaction. Nothing was signed; see who submitted it.',
  ],
  POLICY_FAILED: [
    'hold',
    'The policy threw, or said something that is no verdict. Nothing was signed; mend the policy: it returns undefined or a verdict, or throws POLICY_REFUSED.',
  ],
  POLICY_POSTPONED: [
    'retry',
    'The policy of the relay does not allow the job yet. Nothing was signed; it is asked again.',
  ],
  TRANSACTION_TOO_LARGE: [
    'fail',
    'No node takes a transaction of so many bytes. Nothing was stored; pass less data.',
  ],
  RELAY_HELD: [
    'hold',
    'The relay is held or paused, so nothing is sent. Mend the cause; see docs/exactly-once.md.',
  ],
  RELAY_QUEUE_FULL: [
    'retry',
    'The relay holds as many jobs as it may. Nothing was stored; submit again later with the same id.',
  ],
  RELAY_CLOSED: ['retry', 'The relay was closed. Jobs that were accepted go on in the next one.'],
  STORE_UNAVAILABLE: [
    'retry',
    'The store did not take the step. Check its database, folder or bucket; nothing was sent because of this step.',
  ],
  STORE_REFUSED: [
    'fail',
    'The database does not take these values, and has kept none of them. See the cause.',
  ],
  STORE_VERSION_UNKNOWN: [
    'fail',
    'A later version of this package has changed the tables of the store. Run that version.',
  ],
  SIGNING_REQUEST_MALFORMED: [
    'fail',
    'The request to the signing service is not one of its protocol. Nothing was signed; see docs/signing-service.md.',
  ],
  SIGNING_REQUEST_TOO_LARGE: [
    'fail',
    'The request is larger than a signing service takes. Nothing was signed; make the transaction smaller.',
  ],
  SIGNING_REPLY_MALFORMED: [
    'retry',
    'What answered is no signing service of this protocol. Check the address, and what lies between.',
  ],
  SIGNING_KEY_UNKNOWN: [
    'fail',
    'The signing service has no key of this name. Ask for one that its configuration names.',
  ],
  SIGNING_DENIED: [
    'refuse',
    'The signing service does not let this key sign such a message. Nothing was signed; find out who asked.',
  ],
  SIGNING_SERVICE_BUSY: [
    'retry',
    'The signing service answers as many requests as it may. Nothing was signed; ask again later.',
  ],
  SIGNING_SERVICE_TIMEOUT: [
    'retry',
    'The signing service had no signature in time. Ask again: the same message gets the same decision.',
  ],
  SIGNING_SERVICE_FAILED: [
    'hold',
    'The signing service is not able to sign. Look the request id up in its log.',
  ],
  MALFORMED_MESSAGE: [
    'refuse',
    'Bytes are no message that a Flow account signs, or are not written in its one form. Pass the whole message with its domain tag, never a digest.',
  ],
  LEDGER_CONFLICT: [
    'retry',
    'Another transaction was signed for this proposal key and sequence number. Take another number, or wait until that one has expired.',
  ],
  LEDGER_BUDGET_SPENT: [
    'hold',
    'The budget of the day is spent. Nothing was signed; wait for the next day in UTC, or raise the budget.',
  ],
  LEDGER_UNAVAILABLE: [
    'retry',
    'The ledger of the signing service did not answer. Nothing was signed; check the database and ask again.',
  ],
  REMOTE_SIGNER_UNAVAILABLE: [
    'retry',
    'The signing service could not be reached, or failed. It may recover; look at it, and at what lies between.',
  ],
  REMOTE_SIGNER_TIMEOUT: [
    'retry',
    'The signing service did not answer in time. Look at it, or allow more for the limit that is named.',
  ],
  REMOTE_SIGNER_THROTTLED: [
    'retry',
    'The signing service, or what lies before it, takes no more requests for now. Send fewer, or raise its limits.',
  ],
  REMOTE_SIGNER_QUEUE_TIMEOUT: [
    'retry',
    'The call waited its queueTimeoutMs for a socket, or for the quota. Lower the load, or raise maxSockets or the quota.',
  ],
  REMOTE_SIGNER_CREDENTIALS: [
    'hold',
    'There are no AWS credentials for the signing service, so nothing was sent. The remedy names what gets some.',
  ],
  REMOTE_SIGNER_CLOCK_SKEWED: [
    'hold',
    'The clock of this machine is off, so AWS takes no signature of its requests. Synchronise it.',
  ],
  REMOTE_SIGNER_DENIED: [
    'hold',
    'The signing service, or what lies before it, does not let this caller in. Grant it, or correct the credentials or the path.',
  ],
  REMOTE_SIGNER_TLS_FAILED: [
    'hold',
    'No TLS connection came about. Check the certificates of both sides.',
  ],
  REMOTE_SIGNER_NOT_FOUND: [
    'hold',
    'There is no signing service at this address. Correct it, or deploy the service.',
  ],
  REMOTE_SIGNER_REPLY_INVALID: [
    'hold',
    'What answered is no signing service of this protocol. Check the address, and what lies between.',
  ],
  REMOTE_SIGNER_REPLY_MISMATCH: [
    'refuse',
    'The signing service answered for another key than asked or pinned. The answer was not used; find out who changed it.',
  ],
  REMOTE_SIGNER_HELD: [
    'hold',
    'The signing service cannot sign until an operator of it acts. Look serviceCode and requestId up there.',
  ],
  REMOTE_SIGNER_REQUEST_REFUSED: [
    'fail',
    'The signing service can never sign this as it was asked. Look serviceCode up; nothing was signed.',
  ],
  REMOTE_SIGNER_REFUSED: [
    'refuse',
    'The signing service refused to sign this message. Nothing was signed; the reason is that of its policy.',
  ],
  SEALED_KEY_INVALID: [
    'refuse',
    'What lies sealed for this wallet is not its key under the KMS keys that are named. Nothing was signed; restore the record, or name its KMS key in alsoOpens.',
  ],
  SEALED_KEY_EXISTS: ['fail', 'The wallet has a sealed key, which stays as it is. Use another id.'],
  SEALED_KEY_NOT_FOUND: ['fail', 'No key is sealed for this wallet. Check the id and the store.'],
  SEALED_KEY_UNCERTAIN: [
    'retry',
    'Whether the wallet was kept is not known. Ask describe(id) before creating it again: what it finds is whole.',
  ],
  STORE_DENIED: [
    'hold',
    'The place of the records turned the step away: sealed keys, wallets or a rotation. Mend the folder or the bucket, the rights on it or the credentials.',
  ],
  STORE_ANSWER_INVALID: [
    'refuse',
    'The store of sealed keys answered with something that is not in its contract. Correct the store.',
  ],
  ENCLAVE_CONFIGURATION_INVALID: [
    'fail',
    'The measured configuration of the enclave cannot be used. Correct what the reason names, and build the image again.',
  ],
  ENCLAVE_START_FAILED: [
    'fail',
    'The program of the enclave could not start. The step and the reason say what is missing in its image.',
  ],
  ENCLAVE_CLOCK_WRONG: [
    'hold',
    'The clock of the enclave and that of KMS are too far apart, so it signs nothing. Set the clock of the host, and start the enclave again.',
  ],
  ENCLAVE_TLS_REFUSED: [
    'refuse',
    'What answers in the place of KMS has no certificate for this host that the enclave trusts. Look at where the parent leads it; a CA of your own has to be in the measured configuration.',
  ],
  ENCLAVE_PIN_NOT_OPENED: [
    'hold',
    'KMS does not open the sealed PIN of this token for this enclave. Seal it again, with the key, the name of the enclave and the label of the token that the configuration has, and build the image again.',
  ],
  AWS_DENIED: [
    'hold',
    'AWS does not allow this action to these credentials. Allow it, or use those of another role.',
  ],
  AWS_CREDENTIALS_UNUSABLE: [
    'hold',
    'No credentials that AWS takes. Nothing was changed; do what the remedy says.',
  ],
  AWS_UNAVAILABLE: [
    'retry',
    'AWS did not answer, or not in time. Run it again: it goes on where the stack stands.',
  ],
  AWS_REQUEST_INVALID: [
    'fail',
    'AWS refused the request as given, and the reason is its own. Nothing was changed.',
  ],
  AWS_TARGET_MISMATCH: [
    'fail',
    'The credentials lead to another account, Region or partition than was asked for. Nothing was changed.',
  ],
  STACK_NOT_FOUND: [
    'fail',
    'There is no stack of this name in this account and Region. Check all three.',
  ],
  STACK_FOREIGN: [
    'refuse',
    'The stack of this name holds other resources. Nothing was changed; choose another name.',
  ],
  STACK_BUSY: [
    'retry',
    'CloudFormation is at work on the stack. Nothing was changed; wait until it stands still.',
  ],
  STACK_STUCK: [
    'hold',
    'The stack cannot be updated as it stands. Nothing was changed; do what the remedy says.',
  ],
  STACK_CHANGE_REFUSED: [
    'fail',
    'CloudFormation refused the change set, and the reason is its own. Nothing was changed.',
  ],
  STACK_REPLACES: [
    'refuse',
    'The change would replace a key or a store of data, or take it out of the stack. Nothing was changed; when it is meant, say each of them twice: --replace and --confirm-replace.',
  ],
  STACK_FAILED: [
    'hold',
    'CloudFormation could not make the change; the reason is of the first event that failed. Keys and data are kept.',
  ],
  STACK_UNSETTLED: [
    'retry',
    'CloudFormation is still at work. It goes on; run the command again to see how it ended.',
  ],
  KEY_CREATION_INCOMPLETE: [
    'fail',
    'The key exists but a later step failed. Finish that step, or schedule the deletion of the key.',
  ],
  ACCOUNT_CREATION_INCOMPLETE: [
    'fail',
    'The transaction was sent but the new address is not known. Look the transaction id up before trying again.',
  ],
  PROPOSAL_KEYS_INCOMPLETE: [
    'fail',
    'Not all proposal keys were added, or it is not certain. Look the transaction id up, then run it again with the total.',
  ],
  WALLET_NOT_FOUND: ['fail', 'The book has no account of this wallet. Check the id and the book.'],
  WALLET_RECORD_INVALID: [
    'refuse',
    'What the book holds of this wallet is damaged, or of another. Restore the record; nothing was sent.',
  ],
  WALLETS_TAKEN: [
    'retry',
    'Another run has taken the book over and goes on with what this one had stored. Let that run end, then run it again.',
  ],
  WALLET_CLAIMED: [
    'hold',
    'Another run makes the account of this key, or ended before it could tell which one it made. Let it end. When none runs, look among the transactions of the payer for an account with this key, then delete the alias.',
  ],
  ROTATION_OPEN: [
    'hold',
    'Another rotation of this account is open, and nothing was begun. Resume it or abort it first.',
  ],
  ROTATION_NOT_FOUND: [
    'fail',
    'No rotation of this account is stored here. Check the address, and that this is the store it was begun with.',
  ],
  ROTATION_TAKEN: [
    'retry',
    'Another process goes on with this rotation, and this one stopped. Let it, or ask for its status.',
  ],
  ROTATION_UNSETTLED: [
    'retry',
    'It is not known whether a transaction of the rotation was executed. Resume it: the chain is asked again, and no other transaction is signed before.',
  ],
  ROTATION_WEIGHTS_CHANGED: [
    'refuse',
    'The keys of the account are not those that the rotation was planned for, so nothing more was sent. Find out who changed them; abort the rotation and plan another.',
  ],
  ROTATION_TOO_LATE: [
    'fail',
    'The old key is revoked on the chain, so the rotation cannot be aborted. Resume it to its end.',
  ],
  ROTATION_DRAIN_TIMEOUT: [
    'retry',
    'Transactions of the account were still under way when the time was over, and the proposal keys went back. Resume the rotation when it is quieter, or give it more time.',
  ],
  ROTATION_RECORD_INVALID: [
    'hold',
    'What is stored of the rotation cannot be read. Bring it back from a backup and resume; what the account has is on the chain.',
  ],
  KEY_CREATION_UNCERTAIN: [
    'hold',
    'It cannot be told whether this rotation has a key already, so that none is made. Do what the reason says, then run it again.',
  ],
  KEY_STILL_USED: [
    'hold',
    'The key is still used, or nothing proves that it is not, so it is left as it is. Do what the reason says, then run it again.',
  ],
  ALIAS_FOREIGN: [
    'refuse',
    'The alias names neither the old key nor the new one, so it was not moved. Find out who moved it, and what uses that key.',
  ],
}
