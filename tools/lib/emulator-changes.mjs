/**
 * What our build of the Flow emulator changes in its source, and why:
 *
 * - Its debugger listens on all interfaces, whatever --host says, and no flag turns it off: loopback.
 * - It parses and checks every imported contract anew for every transaction, the system's own of each
 *   empty block included: 55 ms of a processor for a block in which nothing happens. An execution node
 *   keeps checked programs from block to block (flow-go, fvm/storage/derived), and drops those that a
 *   transaction changes. So does our build, for the newest block only, and starts with none after a
 *   rollback or a jump to a snapshot. An empty block then takes 9 ms.
 * @module
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const blockchain = 'emulator/blockchain.go'
const none = 'derived.NewEmptyDerivedBlockData(0)'

/**
 * Each `from` stands once in its file, or nothing is built.
 * @type {readonly { file: string, from: string, to: string }[]}
 */
export const changes = [
  {
    file: 'server/debugger/debugger.go',
    from: 'fmt.Sprintf(":%d"',
    to: 'fmt.Sprintf("127.0.0.1:%d"',
  },
  {
    file: blockchain,
    from: '\t"github.com/onflow/flow-go/fvm/storage/snapshot"\n',
    to: '\t"github.com/onflow/flow-go/fvm/storage/derived"\n\t"github.com/onflow/flow-go/fvm/storage/snapshot"\n',
  },
  {
    file: blockchain,
    from: '\tvmCtx fvm.Context\n',
    to: '\tvmCtx fvm.Context\n\tsealedPrograms *derived.DerivedBlockData\n',
  },
  ...[
    ['newPendingBlock(latestBlock, latestLedger, b.clock)\n', none], // start, rollback, jump
    ['newPendingBlock(&latestBlock, latestLedger, b.clock)\n', none], // reset
    ['newPendingBlock(block, ledger, b.clock)\n', 'b.vmCtx.DerivedBlockData'], // the next block
  ].map(([from = '', parent]) => ({
    file: blockchain,
    from,
    to: `${from}\tb.inheritPrograms(${parent})\n`,
  })),
  {
    file: blockchain,
    from: 'fvm.WithBlockHeader(requestedBlock.ToHeader()),\n',
    to: 'fvm.WithBlockHeader(requestedBlock.ToHeader()),\n\t\tb.withProgramsAt(requestedBlock.Height),\n',
  },
  {
    file: blockchain,
    from: 'fvm.GetAccount(b.vmCtx, ',
    to: 'fvm.GetAccount(fvm.NewContextFromParent(b.vmCtx, b.withProgramsAt(blockHeight)), ',
  },
  {
    file: blockchain,
    from: 'func (b *Blockchain) setFVMContextFromHeader(',
    to: `func (b *Blockchain) inheritPrograms(parent *derived.DerivedBlockData) {
	b.sealedPrograms = parent.NewChildDerivedBlockData()
	b.vmCtx.DerivedBlockData = parent.NewChildDerivedBlockData()
}

func (b *Blockchain) withProgramsAt(height uint64) fvm.Option {
	if height+1 == b.pendingBlock.height {
		return fvm.WithDerivedBlockData(b.sealedPrograms)
	}
	return fvm.WithDerivedBlockData(nil)
}

func (b *Blockchain) setFVMContextFromHeader(`,
  },
]

/**
 * @param {string} folder the module's source, in a module cache that lives for one build only
 * @throws {Error} when a file is not the one that the changes were written for
 */
export function applyChanges(folder) {
  for (const file of new Set(changes.map((change) => change.file))) {
    const path = join(folder, file)
    let source = readFileSync(path, 'utf8')
    for (const { from, to } of changes.filter((change) => change.file === file)) {
      if (source.split(from).length !== 2)
        throw new Error(`${path} is not the source that we know.`)
      source = source.replace(from, () => to)
    }
    rmSync(path) // read-only
    writeFileSync(path, source)
  }
}
