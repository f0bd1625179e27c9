/** All that is asked: here, and the same in the other partitions. @module */
import { inPartition, partitions } from '../../../support/stack-variants.ts'
import { adminServer } from './admin-server.ts'
import { documentsAlone } from './documents-alone.ts'
import { enclave } from './enclave.ts'
import type { Matrix, Question } from './question.ts'
import { remoteSigner } from './remote-signer.ts'
import { sealedKeys } from './sealed-keys.ts'
import { signingKeys } from './signing-keys.ts'
import { watch } from './watch.ts'

const ofStacks: Matrix = {
  ...signingKeys,
  ...remoteSigner,
  ...sealedKeys,
  ...enclave,
  ...adminServer,
  ...watch,
}

export const matrix: Matrix = { ...ofStacks, ...documentsAlone }

export const matrixElsewhere: Matrix = Object.fromEntries(
  partitions.flatMap(([place, partition, region]) =>
    Object.entries(ofStacks)
      // GovCloud has no function URLs.
      .filter(([name]) => place !== 'GovCloud' || !name.startsWith('signer by URL/'))
      .map(([name, questions]) => [
        name.replace('/', ` in ${place}/`),
        questions.flatMap((one) => askedIn(one, partition, region)),
      ]),
  ),
)

/** The variants there are replicated to one Region. */
function askedIn(question: Question, partition: string, region: string): readonly Question[] {
  const replica = question.context?.['kms:ReplicaRegion']
  if (replica === 'us-east-1') return []
  const asked = inPartition(question, partition, region) as Question // the same fields
  if (replica === undefined || replica === 'eu-north-1') return [asked]
  return [{ ...asked, context: { 'kms:ReplicaRegion': `${region.slice(0, -1)}2` } }]
}
