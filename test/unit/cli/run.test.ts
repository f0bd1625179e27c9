import { type Outcome, run } from '../../../src/cli/run.ts'
import { emulatorServicePrivateKey } from '../../../src/provisioning/index.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { startHttp } from '../provisioning/http-fake.ts'
import { PAYER, startNodeEndpoint } from '../provisioning/node-endpoint.ts'

async function* nothing(): AsyncGenerator<string> {}

/** Runs without environment and network. */
async function cli(args: readonly string[], signal = new AbortController().signal, env = {}) {
  const notes: string[] = []
  const outcome = await run(args, {
    env,
    signal,
    note: (line) => notes.push(line),
    stdin: nothing(),
  })
  return { ...outcome, notes }
}

const errorOf = ({ stdout }: Outcome): { code: string; message: string; context: object } =>
  JSON.parse(stdout).error

describe('fcl-kms --help', () => {
  it('shows the commands', async () => {
    const { stdout, stderr, exitCode } = await cli(['--help'])
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(stdout).toMatchInlineSnapshot(`
"Usage: fcl-kms <command> [options]

Flow accounts whose keys live in AWS KMS.

Commands:
  keys create                 Create a signing key in AWS KMS or on an HSM and show its Flow public key
  keys show                   Show the Flow public key, state and spec of a key, and where it is used
  keys policy                 Print the IAM policy of a role that signs, or with --role and --admin the key policy
  keys rotate                 Put a new key in the place of an old one, step by step; run again, it goes on
  keys rotate status          Tell how far a rotation is, and what it waits for
  keys rotate resume          Go on with a rotation, with what others have signed if they had to
  keys rotate abort           Take the new key off the account again, as long as the old one is on it
  accounts create             Create a Flow account whose keys are KMS keys
  accounts show               Show the balance and keys of an account, and which KMS key holds which
  accounts add-proposal-keys  Add n copies of a key to an account, at weight 0, to send transactions in parallel
  wallets create              Create wallets, each a key with an account that a treasury pays for; run again, it goes on
  wallets list                List the wallets of a book and their accounts, or find some
  wallets show                Show the account of a wallet, its balance, and whether the wallet can sign for it
  wallets sign                Sign a user message, or a transaction in a file, with the key of a wallet; nothing is sent
  wallets send                Send FLOW from a wallet to an address, in one transaction that is sent once
  wallets rewrap              Put sealed wallets under another KMS key; run again, it goes on
  sign message                Sign a user message, as fcl.AppUtils.verifyUserSignatures verifies it
  sign transaction            Add the signatures of an account to a transaction in a file; nothing is sent
  transactions prepare        Prepare a transaction that several parties sign; nothing is signed or sent
  transactions approve        Verify and merge the signatures of all parties, and tell who is missing
  transactions send           Send a transaction that all have signed, once, and wait for the seal
  audit reconcile             Compare the Sign events of CloudTrail with our own records
  enclave attest              Prove by the hardware which image keeps a key, and say what that does not prove
  aws cost                    What a month of KMS costs, with the prices that were assumed and their date
  aws template                Print a stack as CloudFormation; calls nothing
  aws deploy                  Show what a stack would change, and with --yes change it
  aws delete                  Delete a stack; its keys and data are kept, and told
  doctor                      Check credentials, KMS, keys, permissions, clock, access node and account

Examples:
  fcl-kms keys create --alias alias/flow-minter --region eu-central-1
  fcl-kms keys show --key alias/flow-minter
  fcl-kms keys policy --key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
  fcl-kms keys rotate --plan --network testnet --address 0x1d007d755531709b --old-key alias/minter
  fcl-kms keys rotate status --network testnet --address 0x1d007d755531709b
  fcl-kms keys rotate resume --network testnet --address 0x1d007d755531709b --key alias/minter --old-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab --signed rotation.signed.rlp
  fcl-kms keys rotate abort --network testnet --address 0x1d007d755531709b --key alias/minter
  fcl-kms accounts create --network emulator --payer emulator --key alias/flow-minter
  fcl-kms accounts show --network testnet --address 0x1d007d755531709b --key alias/flow-minter
  fcl-kms accounts add-proposal-keys 100 --network testnet --address 0x1d007d755531709b --key alias/flow-minter
  fcl-kms wallets create --network testnet --folder wallets --wrapping-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab --count 1000 --prefix user- --payer 0x1d007d755531709b --payer-key alias/treasury
  fcl-kms wallets list --folder wallets --prefix user-1 --limit 20
  fcl-kms wallets show --network testnet --folder wallets --id user-17
  fcl-kms wallets sign --network testnet --folder wallets --wrapping-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab --id user-17 --text "hello"
  fcl-kms wallets send --network testnet --folder wallets --wrapping-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab --id user-17 --to 0x1d007d755531709b --amount 1.5 --out sent.rlp
  fcl-kms wallets rewrap --plan --folder wallets --wrapping-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab --to arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321
  fcl-kms sign message --network testnet --address 0x1d007d755531709b --key alias/flow-minter --text "hello"
  fcl-kms sign transaction --network testnet --address 0x1d007d755531709b --key alias/flow-minter --in tx.rlp --out signed.rlp
  fcl-kms transactions prepare --network testnet --cadence mint.cdc --proposer 0x1d007d755531709b --payer 0x1d007d755531709b --compute-limit 500 --out mint.rlp
  fcl-kms transactions approve --network testnet --in mint.rlp --signed ours.rlp --signed theirs.rlp --out whole.rlp
  fcl-kms transactions send --network testnet --in whole.rlp
  fcl-kms audit reconcile --key alias/flow-minter --records signatures.jsonl
  fcl-kms enclave attest --url https://signer.internal:8443/ --key minter --pcr0 $PCR0
  fcl-kms aws cost --mints 100000 --keys 2
  fcl-kms aws template signing-keys --options keys.json
  fcl-kms aws deploy signing-keys --options keys.json --region eu-central-1
  fcl-kms aws delete remote-signer --name fcl-kms-remote-signer-production --yes
  fcl-kms doctor --key alias/flow-minter --network testnet --address 0x1d007d755531709b

fcl-kms <command> --help shows the options of a command; fcl-kms --version the version.
Exit codes: 0 done, 1 it failed, 2 wrong usage, 3 doctor or audit found a problem, an enclave is not proven, or a rotation waits for somebody, 130 interrupted.
"
`)
  })

  it.each([
    'keys create',
    'keys show',
    'keys policy',
    'keys rotate',
    'keys rotate status',
    'keys rotate resume',
    'keys rotate abort',
    'accounts create',
    'accounts show',
    'accounts add-proposal-keys',
    'sign message',
    'sign transaction',
    'transactions prepare',
    'transactions approve',
    'transactions send',
    'enclave attest',
    'wallets create',
    'wallets list',
    'wallets show',
    'wallets sign',
    'wallets send',
    'wallets rewrap',
    'doctor',
  ])('shows options, examples and exit codes of %s', async (name) => {
    const { stdout, exitCode } = await cli([...name.split(' '), '--help'])
    const operand = name === 'accounts add-proposal-keys' ? '100 ' : ''
    expect(exitCode).toBe(0)
    for (const part of [
      `Usage: fcl-kms ${name}${operand === '' ? '' : ' <n>'} [options]`,
      '--json',
      `  fcl-kms ${name} ${operand}--`,
      'Exit codes',
    ])
      expect(stdout).toContain(part)
  })

  it.each(['keys', 'accounts', 'wallets', 'sign', 'transactions'])(
    'shows the commands of %s',
    async (group) => {
      const { stdout, exitCode } = await cli([group, '--help'])
      expect(exitCode).toBe(0)
      expect(stdout).toContain(`  ${group} `)
      expect(stdout).not.toContain('  doctor')
    },
  )

  it('and --version shows a version', async () => {
    expect((await cli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+.*\n$/)
  })
})

describe('wrong usage ends with 2 and says which option', () => {
  const account = ['--access-node', 'http://127.0.0.1:1', '--address', '0xf8d6e0586b0a20c7']
  const message = ['sign', 'message', ...account, '--key', 'alias/a']
  const transaction = ['sign', 'transaction', ...account, '--key', 'alias/a', '--out', '-']
  const chain = ['--access-node', 'http://127.0.0.1:1']
  const vectors = 'test/vectors/der-signatures.json'
  const signing = [...transaction, '--in', vectors]
  const service = '0xf8d6e0586b0a20c7'
  const prepare = [
    ...['transactions', 'prepare', ...chain, '--proposer', service, '--payer', service],
    ...['--compute-limit', '9', '--out', '-'],
  ]
  const approve = ['transactions', 'approve', ...chain, '--in', 'test/vectors/tx.rlp']
  const picture = 'docs/dashboard-inbox.png'
  const create = ['accounts', 'create', '--network', 'emulator', '--payer', 'emulator']
  const key = ['--key', 'alias/a']
  const grow = ['accounts', 'add-proposal-keys']
  const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
  const policy = ['keys', 'policy', '--key', keyArn]
  const role = ['--role', 'arn:aws:iam::111122223333:role/a']
  const others = ['--key', keyArn.replace(':111122223333:', ':444455556666:')]

  it.each([
    ['no command', [], 'command'],
    ['an unknown command', ['keys', 'delete'], 'command'],
    ['a lonely group', ['keys'], 'command'],
    ['a missing option', ['keys', 'show'], '--key'],
    ['a missing value', ['keys', 'show', '--key'], '--key'],
    ['an option twice', ['keys', 'show', ...key, ...key], '--key'],
    ['an unknown option', ['keys', 'show', '--kye', 'a'], '--kye'],
    ['a stray word', ['keys', 'show', ...key, 'hunter2'], 'arguments'],
    ['an option of another command', ['keys', 'show', ...key, '--payer', 'x'], '--payer'],
    ['a timeout that is none', ['keys', 'show', ...key, '--timeout', 'x'], '--timeout'],
    ['an endpoint that is none', ['keys', 'show', ...key, '--endpoint', 'x'], '--endpoint'],
    [
      'an endpoint with a password',
      ['keys', 'show', ...key, '--endpoint', 'http://a:b@c'],
      '--endpoint',
    ],
    ['an empty profile', ['keys', 'show', ...key, '--profile='], '--profile'],
    ['an unknown network', ['accounts', 'show', ...account, '--network', 'devnet'], '--network'],
    [
      'a network that objects have',
      ['accounts', 'show', ...account, '--network', 'toString'],
      '--network',
    ],
    [
      'an access node that is none',
      ['accounts', 'show', '--access-node', 'x', '--address', 'y'],
      '--access-node',
    ],
    ['a tag without a value', ['keys', 'create', '--tag', 'team'], '--tag'],
    ['a tag twice', ['keys', 'create', '--tag', 'a=1', '--tag', 'a=2'], '--tag'],
    ['a wrong spec', ['keys', 'create', '--spec', 'RSA_2048'], 'spec'],
    ['a wrong alias', ['keys', 'create', '--alias', 'minter'], 'alias'],
    ['no message', message, '--message'],
    ['two messages', [...message, '--text', 'a', '--message', 'aa'], '--message'],
    ['a key index that is none', [...message, '--text', 'a', '--key-index', '-1'], '--key-index'],
    ['a key index that is a word', [...message, '--text', 'a', '--key-index', 'x'], '--key-index'],
    ['a file that is not there', [...transaction, '--in', 'no-such-file'], '--in'],
    ['a folder for a file', [...transaction, '--in', '.'], '--in'],
    ['a policy that is not there', [...signing, '--policy', 'no-such-file'], '--policy'],
    ['a policy that is no JSON', [...signing, '--policy', 'jest.config.mjs'], '--policy'],
    ['a policy of nothing', [...signing, '--policy', 'tsconfig.json'], 'compilerOptions'],
    ['a form that is none', [...signing, '--format', 'yaml'], '--format'],
    ['no source', prepare, '--cadence'],
    ['a source that is not there', [...prepare, '--cadence', 'no-such-file'], '--cadence'],
    ['a source that is no text', [...prepare, '--cadence', picture], '--cadence'],
    ['nowhere to go', prepare.slice(0, -2), '--out'],
    ['a limit of none', [...prepare.slice(0, -3), '0', '--out', '-'], '--compute-limit'],
    ['arguments that are no JSON', [...prepare, '--args-json', 'hunter2'], '--args-json'],
    ['arguments that are no list', [...prepare, '--args-json', '{}'], '--args-json'],
    ['arguments that are texts', [...prepare, '--args-json', '["a"]'], '--args-json'],
    ['a signature without digits', [...approve, '--signature', '0x1:0'], '--signature'],
    ['a signature of no index', [...approve, '--signature', '0x1:x:00'], '--signature'],
    ['a short signature', [...approve, '--signature', '0x1:0:00'], '--signature'],
    ['no file to approve', approve.slice(0, -2), '--in'],
    ['no file to send', ['transactions', 'send', ...chain], '--in'],
    ['no key for the account', create, '--key'],
    ['no number of keys', [...grow, ...account, ...key], 'n'],
    ['a number of keys that is a word', [...grow, 'hunter2', ...account, ...key], 'n'],
    ['no keys', [...grow, '0', ...account, ...key], 'n'],
    ['too many keys', [...grow, '10001', ...account, ...key], 'n'],
    ['two numbers of keys', [...grow, '1', '2', ...account, ...key], 'arguments'],
    ['a pool without a key', [...grow, '1', ...account], '--key'],
    ['a pool of a weight', [...grow, '1', ...account, ...key, '--weight', '1'], '--weight'],
    ['two keys without weights', [...create, ...key, ...key], '--weight'],
    ['a weight too many', [...create, ...key, '--weight', '1', '--weight', '2'], '--weight'],
    ['a weight that is a word', [...create, ...key, '--weight', 'all'], '--weight'],
    ['a hash too many', [...create, ...key, '--hash', 'SHA2_256', '--hash', 'SHA2_256'], '--hash'],
    ['a policy on nothing', ['keys', 'policy'], '--key'],
    ['a policy on one key twice', [...policy, '--key', keyArn], 'keyArns'],
    ['a key policy without an administrator', [...policy, ...role], '--admin'],
    ['a key policy without a signer', [...policy, '--admin', 'x'], '--role'],
    ['a key policy for a name', [...policy, '--role', 'x', '--admin', 'x'], 'signerRoleArn'],
    ['a key policy of two accounts', [...policy, ...others, ...role, '--admin', 'x'], '--key'],
    ['a doctor with a wrong weight', ['doctor', '--weight', '1001'], '--weight'],
  ])('for %s', async (_, args, option) => {
    const outcome = await cli([...args, '--json'])
    expect(errorOf(outcome)).toMatchObject({ code: 'INVALID_OPTION', context: { option } })
    expect(outcome).toMatchObject({ stderr: '', exitCode: 2 })
    expect(outcome.stdout).not.toContain('hunter2')
    const plain = await cli(args)
    expect(plain.stdout).toBe('')
    expect(plain.stderr).toMatch(/^fcl-kms: [^\n]+ \[INVALID_OPTION\]\n$/)
  })

  it.each([
    [
      'a wrong address',
      ['accounts', 'show', '--network', 'emulator', '--address', '0x1'],
      'INVALID_ADDRESS',
    ],
    [
      'no access node',
      ['accounts', 'show', '--address', '0xf8d6e0586b0a20c7'],
      'ACCESS_NODE_NOT_SET',
    ],
    ['a wrong key id', [...message.slice(0, -1), 'alias', '--text', 'a'], 'INVALID_KEY_ID'],
    ['a policy on an alias', ['keys', 'policy', ...key], 'INVALID_KEY_ID'],
    ['a wrong Region', ['keys', 'show', ...key, '--region', 'the moon'], 'AWS_REGION_INVALID'],
    ['odd hex', [...message, '--message', 'abc'], 'MALFORMED_HEX'],
    ['0x hex', [...message, '--message', '0xab'], 'MALFORMED_HEX'],
    ['a weight over 1000', [...create, ...key, '--weight', '1001'], 'INVALID_WEIGHT'],
    ['half a weight', [...create, ...key, '--weight', '0.5'], 'INVALID_WEIGHT'],
    ['a negative weight', [...create, ...key, '--weight=-1'], 'INVALID_WEIGHT'],
  ])('for %s, with a code of its own', async (_, args, code) => {
    const outcome = await cli([...args, '--json'])
    expect(errorOf(outcome).code).toBe(code)
    expect(outcome.exitCode).toBe(2)
  })
})

describe('a failure', () => {
  const show = (url: string) => [
    'accounts',
    'show',
    '--access-node',
    url,
    '--address',
    '0xf8d6e0586b0a20c7',
  ]

  it('ends with 1, in one line', async () => {
    const { stderr, exitCode } = await cli([...show('http://127.0.0.1:1'), '--timeout', '1'])
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^fcl-kms: [^\n]+ \[ACCESS_NODE_UNREACHABLE\]\n$/)
  })

  it('shows where it was thrown only when asked', async () => {
    const env = { FCL_KMS_DEBUG: '1' }
    const args = [...show('http://127.0.0.1:1'), '--timeout', '1']
    const { stderr } = await cli(args, undefined, env)
    expect(stderr).toMatch(/\n\s+at /)
  })

  it('that is an interrupt ends with 130', async () => {
    const controller = new AbortController()
    await using server = await startHttp(() => {
      controller.abort(new Error('interrupted'))
      return 'hang'
    })
    const outcome = await cli([...show(server.url), '--json'], controller.signal)
    expect(errorOf(outcome).code).toBe('INTERRUPTED')
    expect(outcome.exitCode).toBe(130)
  })

  it('that is an interrupt after a transaction was sent still tells its id', async () => {
    const privateKey = Buffer.from(emulatorServicePrivateKey, 'hex')
    const { bytes } = await createSoftwareSigner({
      algorithm: 'ECDSA_P256',
      privateKey,
    }).publicKey()
    const publicKey = Buffer.from(bytes).toString('hex')
    await using node = await startNodeEndpoint()
    node.setKeys(PAYER, [{ publicKey }])
    node.result = { status: 404, body: {} }
    const controller = new AbortController()
    node.onCall = (name) => name === 'GET transaction_results' && controller.abort()
    const create = ['accounts', 'create', '--access-node', node.url, '--payer', 'emulator']
    const key = ['--key', `ECDSA_P256:${publicKey}`]
    const outcome = await cli([...create, ...key, '--json'], controller.signal)
    expect(errorOf(outcome)).toMatchObject({
      code: 'ACCOUNT_CREATION_INCOMPLETE',
      context: { transactionId: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    expect(outcome.exitCode).toBe(130)
  })

  it('of ours that nobody expected keeps its text to itself', async () => {
    const env = new Proxy(
      {},
      {
        get(_, name) {
          if (name === 'FCL_KMS_DEBUG') return undefined
          throw new TypeError('hunter2')
        },
      },
    )
    const outcome = await cli(['accounts', 'show', '--address', '0x1', '--json'], undefined, env)
    expect(errorOf(outcome)).toMatchObject({ code: 'UNEXPECTED', context: { name: 'TypeError' } })
    expect(outcome.stdout).not.toContain('hunter2')
    expect(outcome.exitCode).toBe(1)
  })
})

it('shows what a node says without what a terminal would obey', async () => {
  await using node = await startNodeEndpoint()
  const hostile = 'ECDSA_P256\u001b[2J\u202e\n\u009b31mheld'
  node.setKeys(PAYER, [{ publicKey: 'ab'.repeat(64), weight: 1_000, hash: hostile }])
  const args = ['accounts', 'show', '--address', PAYER, '--access-node', node.url]
  for (const format of [[], ['--json']]) {
    const { stdout } = await cli([...args, ...format])
    expect(stdout).toContain('[2J')
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  }
})
