/** Loaded by a server whose memory is measured, which needs `--expose-gc`: SIGUSR2 leaves no garbage. @module */
process.on('SIGUSR2', () => globalThis.gc())
