export default {
  testEnvironment: '<rootDir>/tools/jest-environment.cjs',
  testSequencer: '<rootDir>/tools/jest-sequencer.cjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'es6' },
      },
    ],
  },
  // The admin server knows the library by its name; tests take it from its sources.
  moduleNameMapper: {
    '^fcl-kms$': '<rootDir>/src/index.ts',
    '^fcl-kms/(.+)$': '<rootDir>/src/$1/index.ts',
    '^@electric-sql/pglite$': '<rootDir>/test/support/pglite-image.ts',
  },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // On a busy machine a test that starts five servers takes its time; one that hangs ends all the same.
  testTimeout: 180_000,
}
