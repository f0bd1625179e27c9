declare module '@onflow/fcl'
