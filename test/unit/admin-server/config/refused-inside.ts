/** What is wrong with the file's shape, its network, its keys and its functions. @module */

import type { Loose, Refused } from './support.ts'

const onMainnet = (s: Loose) => {
  s.network.chainId = 'flow-mainnet'
  s.network.accessNodes = ['https://node.example.com']
}
const PRIVATE = 'c0ffee00'.repeat(8)

export const shapes: readonly Refused[] = [
  {
    id: 'an unknown section',
    change: (s) => Object.assign(s, { debug: {} }),
    expected: 'UNKNOWN_FIELD debug',
  },
  {
    id: 'an unknown field',
    change: (s) => Object.assign(s.network, { chainID: 'x' }),
    expected: 'UNKNOWN_FIELD network.chainID',
  },
  {
    id: 'an unknown field of a key',
    change: (s) => Object.assign(s.account.keys[0], { weight: 1000 }),
    expected: 'UNKNOWN_FIELD account.keys[0].weight',
  },
  {
    id: 'an unknown field of a function',
    change: (s) => Object.assign(s.functions.mint, { maxPerDay: 1 }),
    expected: 'UNKNOWN_FIELD functions.mint.maxPerDay',
  },
  { id: 'no network', change: (s) => delete s.network, expected: 'MISSING network' },
  {
    id: 'no address',
    change: (s) => delete s.account.address,
    expected: 'MISSING account.address',
  },
  {
    id: 'a key without a rule',
    change: (s) => delete s.account.keys[1].signs,
    expected: 'MISSING account.keys[1].signs',
  },
  { id: 'no functions', change: (s) => delete s.functions, expected: 'MISSING functions' },
  {
    id: 'an empty object of functions',
    change: (s) => Object.assign(s, { functions: {} }),
    expected: 'OUT_OF_RANGE functions',
  },
  {
    id: 'a list in place of a section',
    change: (s) => Object.assign(s, { aws: [] }),
    expected: 'WRONG_TYPE aws',
  },
  {
    id: 'null in place of a section',
    change: (s) => Object.assign(s, { http: null }),
    expected: 'WRONG_TYPE http',
  },
  {
    id: 'a port as a text',
    change: (s) => Object.assign(s, { http: { port: '8080' } }),
    expected: 'WRONG_TYPE http.port',
  },
  {
    id: 'port 0',
    change: (s) => Object.assign(s, { http: { port: 0 } }),
    expected: 'OUT_OF_RANGE http.port',
  },
  {
    id: 'port 65,536',
    change: (s) => Object.assign(s, { http: { port: 65_536 } }),
    expected: 'OUT_OF_RANGE http.port',
  },
  {
    id: 'half a millisecond',
    change: (s) => Object.assign(s, { relay: { pollMs: 250.5 } }),
    expected: 'WRONG_TYPE relay.pollMs',
  },
  {
    id: 'a rate of 0',
    change: (s) => Object.assign(s, { http: { requestsPerSecond: { token: 0 } } }),
    expected: 'OUT_OF_RANGE http.requestsPerSecond.token',
  },
  {
    id: 'a negative limit',
    change: (s) => Object.assign(s.functions.transfer, { maxAmountPerDay: -1 }),
    expected: 'OUT_OF_RANGE functions.transfer.maxAmountPerDay',
  },
  {
    id: 'a compute limit above 9,999',
    change: (s) => Object.assign(s.functions.mint, { maxComputeLimit: 10_000 }),
    expected: 'OUT_OF_RANGE functions.mint.maxComputeLimit',
  },
  {
    id: 'an approval that counts for ever',
    change: (s) => Object.assign(s, { approvals: { validMinutes: 1e9 } }),
    expected: 'OUT_OF_RANGE approvals.validMinutes',
  },
  {
    id: 'an unknown log level',
    change: (s) => Object.assign(s, { log: { level: 'trace' } }),
    expected: 'NOT_ONE_OF log.level',
  },
  {
    id: 'an unknown role',
    change: (s) => Object.assign(s.functions.mint, { roles: ['admin'] }),
    expected: 'NOT_ONE_OF functions.mint.roles[0]',
  },
  {
    id: 'a role twice',
    change: (s) => Object.assign(s.functions.mint, { roles: ['operator', 'operator'] }),
    expected: 'DUPLICATE functions.mint.roles[1]',
  },
  {
    id: 'a function that nobody may ask for',
    change: (s) => Object.assign(s.functions.mint, { roles: [] }),
    expected: 'OUT_OF_RANGE functions.mint.roles',
  },
  {
    id: 'a rule of no known form',
    change: (s) => Object.assign(s.account.keys[0], { signs: 'always' }),
    expected: 'NO_KNOWN_FORM account.keys[0].signs',
  },
  {
    id: 'a rule with a field more',
    change: (s) => Object.assign(s.account.keys[1].signs, { needed: 2 }),
    expected: 'NO_KNOWN_FORM account.keys[1].signs',
  },
  {
    id: 'an approver that is a number',
    change: (s) => s.account.keys[1].signs.approvers.push(7),
    expected: 'WRONG_TYPE account.keys[1].signs.approvers[2]',
  },
  {
    id: 'recipients by list and pattern',
    change: (s) => Object.assign(s.functions.transfer.recipients, { pattern: '0x.{16}' }),
    expected: 'NO_KNOWN_FORM functions.transfer.recipients',
  },
  {
    id: 'an anchor to a file and a bucket',
    change: (s) => Object.assign(s.audit.anchor, { file: 'heads' }),
    expected: 'NO_KNOWN_FORM audit.anchor',
  },
  {
    id: 'an anchor without a time',
    change: (s) => delete s.audit.anchor.everyMinutes,
    expected: 'NO_KNOWN_FORM audit.anchor',
  },
  {
    id: 'a retention of no day',
    change: (s) => Object.assign(s.audit.anchor, { retainDays: 0 }),
    expected: 'OUT_OF_RANGE audit.anchor.retainDays',
  },
]

export const networks: readonly Refused[] = [
  {
    id: 'an unknown chain',
    change: (s) => Object.assign(s.network, { chainId: 'flow-previewnet' }),
    expected: 'NOT_ONE_OF network.chainId',
  },
  {
    id: 'no access node',
    change: (s) => Object.assign(s.network, { accessNodes: [] }),
    expected: 'OUT_OF_RANGE network.accessNodes',
  },
  {
    id: 'an access node over http',
    change: (s) => Object.assign(s.network.accessNodes, { 1: 'http://node.example.com' }),
    expected: 'NOT_HTTPS network.accessNodes[1]',
  },
  {
    id: 'an access node that only begins like loopback',
    change: (s) => Object.assign(s.network.accessNodes, { 1: 'http://127.0.0.1.example.com' }),
    expected: 'NOT_HTTPS network.accessNodes[1]',
  },
  {
    id: 'an access node by gRPC',
    change: (s) => Object.assign(s.network.accessNodes, { 1: 'grpc://node.example.com' }),
    expected: 'URL_INVALID network.accessNodes[1]',
  },
  {
    id: 'one access node twice',
    change: (s) => Object.assign(s.network.accessNodes, { 1: 'https://REST-testnet.onflow.org/' }),
    expected: 'DUPLICATE network.accessNodes[1]',
  },
  {
    id: 'one access node twice, with a path',
    change: (s) => {
      s.network.accessNodes = ['https://node.example.com/v/', 'https://node.example.com:443/v']
    },
    expected: 'DUPLICATE network.accessNodes[1]',
  },
  {
    id: 'an access node of mainnet on testnet',
    change: (s) => Object.assign(s.network.accessNodes, { 0: 'https://rest-mainnet.onflow.org' }),
    expected: 'NETWORK_MIXED network.accessNodes[0]',
  },
  {
    id: 'mainnet by a node on loopback',
    change: (s) => {
      onMainnet(s)
      s.network.accessNodes = ['http://127.0.0.1:8888']
    },
    expected: 'NETWORK_MIXED network.accessNodes[0]',
  },
  {
    id: 'mainnet with an emulated KMS',
    change: (s) => {
      onMainnet(s)
      s.aws.endpoint = 'http://localhost:4566'
    },
    expected: 'NETWORK_MIXED aws.endpoint',
  },
  {
    id: 'mainnet with a contract of the emulator',
    change: (s) => {
      onMainnet(s)
      s.network.contracts.DropNFT = '0xf8d6e0586b0a20c7'
    },
    expected: 'NETWORK_MIXED network.contracts.DropNFT',
  },
  {
    id: 'mainnet with an account of the emulator',
    change: (s) => {
      onMainnet(s)
      s.account.address = '0x0ae53cb6e3f42a79'
    },
    expected: 'NETWORK_MIXED account.address',
  },
  {
    id: 'a standard contract at an address of its own',
    change: (s) => Object.assign(s.network.contracts, { MetadataViews: '0x9c6c3b1d5d3f7a01' }),
    expected: 'NETWORK_MIXED network.contracts.MetadataViews',
  },
  {
    id: 'a contract with a hyphen',
    change: (s) => Object.assign(s.network.contracts, { 'Drop-NFT': '0x9c6c3b1d5d3f7a01' }),
    expected: 'CONTRACT_NAME_INVALID network.contracts.Drop-NFT',
  },
  {
    id: 'an upper-case address',
    change: (s) => Object.assign(s.account, { address: '0x9C6C3B1D5D3F7A01' }),
    expected: 'ADDRESS_INVALID account.address',
  },
  {
    id: 'an address without 0x',
    change: (s) => Object.assign(s.account, { address: '9c6c3b1d5d3f7a01' }),
    expected: 'ADDRESS_INVALID account.address',
  },
  {
    id: 'the address 0',
    change: (s) => Object.assign(s.account, { address: `0x${'0'.repeat(16)}` }),
    expected: 'ADDRESS_INVALID account.address',
  },
  {
    id: 'a short address of a contract',
    change: (s) => Object.assign(s.network.contracts, { DropNFT: '0x1' }),
    expected: 'ADDRESS_INVALID network.contracts.DropNFT',
  },
  {
    id: 'another expiry on testnet',
    change: (s) => Object.assign(s.network, { transactionExpiry: 100 }),
    expected: 'EXPIRY_NOT_600 network.transactionExpiry',
  },
  {
    id: 'a Region with spaces',
    change: (s) => Object.assign(s.aws, { region: 'Europe (Frankfurt)' }),
    expected: 'REGION_INVALID aws.region',
  },
  {
    id: 'an AWS endpoint over http',
    change: (s) => Object.assign(s.aws, { endpoint: 'http://kms.example.com' }),
    expected: 'NOT_HTTPS aws.endpoint',
  },
]

export const keys: readonly Refused[] = [
  {
    id: 'no key',
    change: (s) => Object.assign(s.account, { keys: [] }),
    expected: 'OUT_OF_RANGE account.keys',
  },
  {
    id: 'a name that is no key id',
    change: (s) => Object.assign(s.account.keys[0], { key: 'minter' }),
    expected: 'KEY_ID_INVALID account.keys[0].key',
  },
  {
    id: 'an ARN of another service',
    change: (s) => Object.assign(s.account.keys[0], { key: 'arn:aws:s3:::bucket' }),
    expected: 'KEY_ID_INVALID account.keys[0].key',
  },
  {
    id: 'a private key in place of a key id',
    change: (s) => Object.assign(s.account.keys[0], { key: PRIVATE }),
    expected: 'PRIVATE_KEY account.keys[0].key',
  },
  {
    id: 'a private key with 0x',
    change: (s) => Object.assign(s.account.keys[0], { key: `0x${PRIVATE.toUpperCase()}` }),
    expected: 'PRIVATE_KEY account.keys[0].key',
  },
  {
    id: 'a PEM in place of a key id',
    change: (s) =>
      Object.assign(s.account.keys[0], { key: '-----BEGIN EC PRIVATE KEY-----\nMHcCAQ==' }),
    expected: 'PRIVATE_KEY account.keys[0].key',
  },
  {
    id: 'a PKCS #8 body in place of a key id',
    change: (s) =>
      Object.assign(s.account.keys[0], { key: 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0w' }),
    expected: 'PRIVATE_KEY account.keys[0].key',
  },
  {
    id: 'one alias twice',
    change: (s) => Object.assign(s.account.keys[1], { key: 'alias/minter-policy' }),
    expected: 'KEY_TWICE account.keys[1].key',
  },
  {
    id: 'a successor that is no KMS key',
    change: (s) => Object.assign(s.account.keys[1], { successor: 'minter' }),
    expected: 'KEY_ID_INVALID account.keys[1].successor',
  },
  {
    id: 'a key as its own successor',
    change: (s) => Object.assign(s.account.keys[0], { successor: 'alias/minter-policy' }),
    expected: 'KEY_TWICE account.keys[0].successor',
  },
  {
    id: 'a successor that is the key of another holder',
    change: (s) => Object.assign(s.account.keys[1], { successor: 'alias/minter-policy' }),
    expected: 'KEY_TWICE account.keys[1].successor',
  },
  {
    id: 'a key by id and by ARN',
    change: (s) =>
      Object.assign(s.account.keys[2], {
        key: 'arn:aws:kms:eu-central-1:111122223333:key/2f6b1c9e-0d7a-4a53-9a51-0c2d3e4f5a6b',
      }),
    expected: 'KEY_TWICE account.keys[2].key',
  },
  {
    id: 'a multi-Region key in two Regions',
    change: (s) =>
      Object.assign(s.account.keys[0], {
        key: 'arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab',
      }),
    expected: 'KEY_TWICE account.keys[2].key',
  },
  {
    id: 'an empty list of approvers',
    change: (s) => Object.assign(s.account.keys[1].signs, { approvers: [] }),
    expected: 'APPROVERS_EMPTY account.keys[1].signs.approvers',
  },
  {
    id: 'an approver with a space',
    change: (s) => s.account.keys[1].signs.approvers.push('Mallory Jones'),
    expected: 'NAME_INVALID account.keys[1].signs.approvers[2]',
  },
  {
    id: 'an approver in another script that looks the same',
    change: (s) => s.account.keys[1].signs.approvers.push('аlice'),
    expected: 'NAME_INVALID account.keys[1].signs.approvers[2]',
  },
  {
    id: 'an approver who is called as the server',
    change: (s) => s.account.keys[1].signs.approvers.push('Server'),
    expected: 'NAME_RESERVED account.keys[1].signs.approvers[2]',
  },
  {
    id: 'an approver twice for one key',
    change: (s) => s.account.keys[1].signs.approvers.push('bob'),
    expected: 'DUPLICATE account.keys[1].signs.approvers[2]',
  },
  {
    id: 'an approver for two keys',
    change: (s) => s.account.keys[2].signs.approvers.push('alice'),
    expected: 'APPROVER_TWICE account.keys[2].signs.approvers[1]',
  },
  {
    id: 'approvers who differ by case only',
    change: (s) => s.account.keys[2].signs.approvers.push('Alice'),
    expected: 'NAMES_CONFUSABLE account.keys[2].signs.approvers[1]',
  },
]

export const functions: readonly Refused[] = [
  {
    id: 'an unknown function',
    change: (s) => Object.assign(s.functions, { burn: {} }),
    expected: 'FUNCTION_UNKNOWN functions.burn',
  },
  {
    id: 'a function with the name of a method',
    change: (s) => Object.assign(s.functions, { constructor: {} }),
    expected: 'UNKNOWN_FIELD functions.constructor',
  },
  {
    id: 'a day below a request',
    change: (s) => Object.assign(s.functions.mint, { maxAmountPerDay: 99 }),
    expected: 'LIMITS_NOT_ORDERED functions.mint.maxAmountPerDay',
  },
  {
    id: 'a total below a request, without a limit by day',
    change: (s) => {
      delete s.functions.mint.maxAmountPerDay
      s.functions.mint.maxAmountInAll = 99
    },
    expected: 'LIMITS_NOT_ORDERED functions.mint.maxAmountInAll',
  },
  {
    id: 'a recipient that is no address',
    change: (s) => s.functions.transfer.recipients.allow.push('alice'),
    expected: 'ADDRESS_INVALID functions.transfer.recipients.allow[1]',
  },
  {
    id: 'a recipient twice',
    change: (s) => s.functions.transfer.recipients.allow.push('0x179b6b1cb6755e31'),
    expected: 'DUPLICATE functions.transfer.recipients.allow[1]',
  },
  {
    id: 'a recipient of another chain',
    change: (s) => s.functions.transfer.recipients.allow.push('0x1d7e57aa55817448'),
    expected: 'NETWORK_MIXED functions.transfer.recipients.allow[1]',
  },
  ...['0x[0-9', '0x.*', '(a+)+', '(0x.{16}){9}', '0x.{99}', '(|0|0)0x', '(?=0x).', '\\w{18}'].map(
    (pattern) => ({
      id: `the pattern ${pattern}`,
      change: (s: Loose) => Object.assign(s.functions.transfer, { recipients: { pattern } }),
      expected: 'PATTERN_INVALID functions.transfer.recipients.pattern',
    }),
  ),
]
