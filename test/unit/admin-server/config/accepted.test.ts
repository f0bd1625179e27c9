import { good, goodEnvironment, idsAndPaths, load, refusal, withFile } from './support.ts'

describe('a configuration without mistakes', () => {
  const small = () => {
    const { network, aws, account } = good()
    return { network, aws, account, functions: { mint: {} } }
  }

  it('has defaults where nothing is said', () => {
    const { config } = load(small(), { environment: {} })
    expect(config).toEqual({
      ...small(),
      network: {
        ...small().network,
        contracts: {
          DropNFT: '0x9c6c3b1d5d3f7a01',
          FungibleToken: '0x9a0766d93b6608b7',
          MetadataViews: '0x631e88ae7f1d7c20',
          NonFungibleToken: '0x631e88ae7f1d7c20',
          ViewResolver: '0x631e88ae7f1d7c20',
        },
        transactionExpiry: 600,
      },
      approvals: { validMinutes: 1_440, requestMinutes: 10_080 },
      functions: { mint: { roles: ['requester'] } },
      database: { folder: 'admin-server-data' },
      http: {
        host: '127.0.0.1',
        port: 8_080,
        publicUrl: 'http://127.0.0.1:8080',
        trustedProxies: [],
        allowedNetworks: [],
        requestsPerSecond: { token: 50, address: 100, all: 1_000 },
        requestSignatures: 'off',
        maxConnections: 1_000,
        maxConnectionsPerAddress: 100,
        sessionMinutes: 60,
      },
      webhooks: { allow: [] },
      audit: {},
      relay: {
        sendsPerSecond: 50,
        kmsRequestsPerSecond: 300,
        maxOpenJobs: 100_000,
        batchWaitMs: 50,
        leaseMs: 3_000,
        pollMs: 250,
      },
      log: { level: 'info' },
    })
  })

  it('fills in the fields that an object lacks', () => {
    const { config } = load({ ...small(), http: { requestsPerSecond: { all: 5 } } })
    expect(config.http.requestsPerSecond).toEqual({ token: 50, address: 100, all: 5 })
  })

  it('is frozen throughout', () => {
    const { config, warnings } = load(good())
    expect(Object.isFrozen(config.account.keys[1]?.signs)).toBe(true)
    expect(Object.isFrozen(config.http.requestsPerSecond)).toBe(true)
    expect(Object.isFrozen(warnings)).toBe(true)
  })

  it('lets variables of the environment win over the file', () => {
    const environment = {
      ...goodEnvironment,
      DATABASE_URL: 'postgresql://me:pw@db.example.com/mint?sslmode=verify-full',
      HOST: 'localhost',
      PORT: '9090',
      PUBLIC_URL: 'https://mint.example.com/',
      LOG_LEVEL: 'warn',
      AWS_REGION: 'us-west-2',
    }
    const settings = { ...good(), http: { port: 1, host: '::1' }, log: { level: 'debug' } }
    const { config } = load({ ...settings, database: { folder: 'data' } }, { environment })
    expect(config.database).toEqual({ url: environment.DATABASE_URL })
    expect(config.http).toMatchObject({
      host: 'localhost',
      port: 9_090,
      publicUrl: 'https://mint.example.com',
    })
    expect(config.log.level).toBe('warn')
    expect(config.aws.region).toBe('us-west-2')
  })

  it('takes variables for fields and sections that the file lacks', () => {
    const settings = good()
    delete settings.aws
    const environment = { ...goodEnvironment, AWS_REGION: 'us-west-2', PORT: '9090' }
    const { config } = load(settings, { environment })
    expect(config.aws).toEqual({ region: 'us-west-2' })
    expect(config.http.publicUrl).toBe('http://127.0.0.1:9090')
  })

  it('takes an empty variable for none', () => {
    const environment = { ...goodEnvironment, PORT: '', DATABASE_URL: '', WEBHOOK_SECRET_FILE: '' }
    const { config } = load(good(), { environment })
    expect(config.http.port).toBe(8_080)
    expect(config.database).toEqual({ folder: 'admin-server-data' })
  })

  it.each(['80a', '0x50', '-1', '70000', '1e3'])('refuses PORT=%s by its name', (port) => {
    const environment = { ...goodEnvironment, PORT: port }
    const { mistakes } = refusal(() => load(good(), { environment }))
    expect(mistakes.map(({ path }) => path)).toEqual(['PORT'])
  })

  it('has the secret of the variable', () => {
    const { config } = load(good())
    expect(config.webhooks.secret).toBe(goodEnvironment['WEBHOOK_SECRET'])
  })

  it('has the secret of the file, less its line break', () => {
    const { config } = withFile(`${'s'.repeat(40)}\n`, (path) =>
      load(good(), { environment: { WEBHOOK_SECRET_FILE: path } }),
    )
    expect(config.webhooks.secret).toBe('s'.repeat(40))
  })

  it('names the key that will take the place of another', () => {
    const settings = good()
    settings.account.keys[0].successor = 'alias/minter-next'
    const { config, warnings } = load(settings)
    expect(config.account.keys[0]).toMatchObject({ successor: 'alias/minter-next' })
    expect(config.account.keys[1]).not.toHaveProperty('successor')
    expect(warnings).toEqual([])
  })

  it('anchors the pattern of recipients at both ends', () => {
    const settings = good()
    settings.functions.mint.recipients = { pattern: '0xaa.{14}|0xbb[0-9a-f]{14}' }
    const { recipients } = load(settings).config.functions['mint'] ?? {}
    const pattern = new RegExp((recipients as { pattern: string }).pattern)
    expect(pattern.test(`0xaa${'1'.repeat(14)}`)).toBe(true)
    expect(pattern.test(`0xbb${'1'.repeat(14)}`)).toBe(true)
    expect(pattern.test(`0xaa${'1'.repeat(15)}`)).toBe(false)
    expect(pattern.test(`00xbb${'1'.repeat(14)}`)).toBe(false)
  })

  it.each([
    'postgres://localhost/mint',
    'postgresql://me:pw@127.0.0.1:5432/mint?sslmode=disable',
    'postgresql://[::1]/mint',
    'postgresql://%2Fvar%2Frun%2Fpostgresql/mint',
    'postgresql://localhost/mint?host=/var/run/postgresql',
    'postgresql:///mint?host=/var/run/postgresql',
    'postgresql://minter@/mint?host=/var/run/postgresql',
    'postgresql://minter:pw@/mint?host=%2Fvar%2Frun%2Fpostgresql&port=5433',
    'postgres://minter:pw@%2Fvar%2Frun%2Fpostgresql/mint',
    'socket:/var/run/postgresql?db=mint&encoding=utf8',
    'socket:/var/run/postgresql/?encoding=utf8&db=mint',
    'postgresql://db.example.com/mint?sslmode=verify-full&sslrootcert=/etc/ca.pem',
  ])('takes the database %s', (url) => {
    const environment = { ...goodEnvironment, DATABASE_URL: url }
    expect(load(good(), { environment })).toMatchObject({
      config: { database: { url } },
      warnings: [],
    })
  })

  it('may use http for an emulator and an emulated KMS', () => {
    const settings = good()
    settings.network = {
      chainId: 'flow-emulator',
      accessNodes: ['http://emulator:8888'],
      contracts: { DropNFT: '0xf8d6e0586b0a20c7', MetadataViews: '0x01cf0e2f2f715450' },
      transactionExpiry: 100,
    }
    settings.aws.endpoint = 'http://aws:4566'
    const { network } = load(settings).config
    expect(network.contracts['MetadataViews']).toBe('0x01cf0e2f2f715450')
    expect(network.transactionExpiry).toBe(100)
  })

  it.each([
    { allowedNetworks: ['0.0.0.0/0', '::/0'] },
    { trustedProxies: ['10.1.2.3/32', '2001:db8::/32', 'fe80::1/128', '::ffff:10.0.0.0/104'] },
  ])('may listen on every address once it is said who calls: %j', (fields) => {
    const proxies = { trustedProxies: ['10.0.0.1/32'] }
    const publicUrl = 'https://mint.example.com'
    const http = { host: '0.0.0.0', publicUrl, ...proxies, ...fields }
    expect(load({ ...good(), http }).warnings).toEqual([])
  })

  it('asks the given function whether an address is of the chain', () => {
    const asked: string[] = []
    const isAddressOfChain = (address: string, chainId: string) => {
      asked.push(`${chainId} ${address}`)
      return address !== '0x179b6b1cb6755e31'
    }
    const { mistakes } = refusal(() => load(good(), { isAddressOfChain }))
    expect(idsAndPaths(mistakes)).toEqual(['NETWORK_MIXED functions.transfer.recipients.allow[0]'])
    expect(new Set(asked)).toEqual(
      new Set(['flow-testnet 0x9c6c3b1d5d3f7a01', 'flow-testnet 0x179b6b1cb6755e31']),
    )
  })
})
