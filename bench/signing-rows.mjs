/** What one signature, one transaction and one import cost, as rows. @module */
import { bytes, count, kilobytes, megabytes, ms } from './units.mjs'

/** @param results From `measure-signing.mjs`. */
export function addSigningRows(table, results) {
  addSignCalls(table, results)
  addAddedTime(table, results)
  addBytes(table, results)
  addImport(table, results)
  addSizes(table, results)
}

function addSignCalls(table, { transactions: { full, halves }, weightedPeer }) {
  const bare = table.note('FCL with a hand-written authorization function and a bare SignCommand.')
  const exactly = (measured, bar) =>
    measured.first.signCalls === bar && measured.later.signCalls === bar
  table.row({
    what: 'Sign calls a transaction, one key of weight 1000 in all roles',
    ours: count(full.ours.later.signCalls),
    peer: count(full.peer.later.signCalls),
    bare: `${full.bare.later.signCalls} ${bare}`,
    bar: '1',
    met: exactly(full.ours, 1),
  })
  const allRoles = weightedPeer['all-roles']
  const apart = weightedPeer['proposer-apart']
  const told = ({ failure, counts }) =>
    failure === undefined
      ? `executed with ${counts.signCalls} Sign calls`
      : `${counts.signCalls} Sign calls, then ${failure}`
  const ways = 'with one key as proposer and both as payer and authorizer'
  const outcome = table.note(
    told(allRoles) === told(apart)
      ? `In all roles, and also ${ways}: ${told(allRoles)}.`
      : `In all roles: ${told(allRoles)}. ${ways.replace('with', 'With')}: ${told(apart)}.`,
  )
  table.row({
    what: 'Sign calls a transaction, keys of weight 500 + 500 in all roles',
    ours: count(halves.ours.later.signCalls),
    peer: `${allRoles.failure === undefined ? allRoles.counts.signCalls : 'cannot'} ${outcome}`,
    bar: '2',
    met: exactly(halves.ours, 2),
  })
  const first = table.note(
    `fcl-kms reads the public key of each KMS key once, at its first use: with two keys ${halves.ours.first.otherKmsCalls}, then ${halves.ours.later.otherKmsCalls}.`,
  )
  table.row({
    what: 'Other KMS calls, one key: first transaction, later ones',
    ours: `${full.ours.first.otherKmsCalls}, ${full.ours.later.otherKmsCalls} ${first}`,
    peer: `${full.peer.first.otherKmsCalls}, ${full.peer.later.otherKmsCalls}`,
    bare: `${full.bare.first.otherKmsCalls}, ${full.bare.later.otherKmsCalls}`,
    bar: 'later 0',
    met: halves.ours.later.otherKmsCalls === 0 && full.ours.later.otherKmsCalls === 0,
  })
}

function addAddedTime(table, { addedTime: { rounds, ...curves } }) {
  const raw = table.note(
    `Over a raw SignCommand by the same client in the same round: the p50 of the differences in ${rounds} interleaved rounds. "bare" is the p50 of the raw call itself.`,
  )
  const unchecked = table.note('fcl-kms-authorizer verifies no signature.')
  for (const [curve, name] of [
    ['secp256k1', 'secp256k1'],
    ['p256', 'P-256'],
  ]) {
    const { addedMs, medianMs, verifyMs } = curves[curve]
    table.row({
      what: `Added time a signature, p50, ${name}`,
      ours: ms(addedMs.ours),
      peer: ms(addedMs.peer),
      bare: `raw call ${ms(medianMs.bare)} ${raw}`,
      bar: '≤ 1 ms',
      met: addedMs.ours <= 1,
    })
    table.row({
      what: '  of which verification',
      ours: ms(verifyMs),
      peer: `none ${unchecked}`,
    })
  }
}

function addBytes(table, { transactions: { full, halves, many }, weightedPeer }) {
  const reads = table.note(
    'Bodies of replies to account and key reads, in later transactions. "bare" is FCL fetching for itself.',
  )
  const read = ({ later }) => bytes(later.accountBytes)
  table.row({
    what: `Bytes read of the account a transaction, 1 key ${reads}`,
    ours: read(full.ours),
    peer: read(full.peer),
    bare: read(full.bare),
  })
  const { failure, counts } = weightedPeer['all-roles']
  table.row({
    what: '  500 + 500',
    ours: read(halves.ours),
    peer: failure === undefined ? bytes(counts.accountBytes) : 'cannot',
  })
  table.row({
    what: '  251 keys',
    ours: read(many.ours),
    peer: read(many.peer),
    bare: read(many.bare),
  })
  table.row({
    what: '  251 keys, first transaction',
    ours: bytes(many.ours.first.accountBytes),
    peer: bytes(many.peer.first.accountBytes),
    bare: bytes(many.bare.first.accountBytes),
  })
  const fclOwn = table.note(
    'FCL reads the reference block and posts the transaction, whoever signs.',
  )
  const both = ({ later }) => `${count(later.otherBytes)} + ${count(later.postedBytes)} B`
  table.row({
    what: `Bytes of FCL itself: block read + transaction posted ${fclOwn}`,
    ours: both(full.ours),
    peer: both(full.peer),
    bare: both(full.bare),
  })
}

function addImport(table, { coldImport: { runs, medianMs, packages } }) {
  const alone = table.note(
    `Median of ${runs} fresh processes each, interleaved. "bare" is @onflow/fcl, @aws-sdk/client-kms and @onflow/sdk, each alone.`,
  )
  table.row({
    what: `Cold import of the root entry ${alone}`,
    ours: ms(medianMs.ours),
    peer: ms(medianMs.peer),
    bare: `${ms(medianMs.fcl)}, ${ms(medianMs.client)}, ${ms(medianMs.sdk)}`,
    bar: '≤ 60 ms',
    met: medianMs.ours <= 60,
  })
  const vendors = (names) => names.filter((name) => /^@(onflow|aws-sdk|smithy|aws)\//.test(name))
  const told = (names) => `${names.length}, ${vendors(names).length || 'none'} of @onflow or AWS`
  const list = table.note(`fcl-kms loads ${packages.ours.join(', ')}.`)
  table.row({
    what: 'Packages it loads',
    ours: `${told(packages.ours)} ${list}`,
    peer: told(packages.peer),
    bar: 'neither',
    met: vendors(packages.ours).length === 0,
  })
}

function addSizes(table, { bundle, install }) {
  const sizes = ({ minifiedBytes, gzipBytes }) =>
    `${kilobytes(minifiedBytes)}, ${kilobytes(gzipBytes)}`
  const external = table.note('By esbuild, with @onflow/fcl and @aws-sdk/client-kms left outside.')
  table.row({
    what: `Root bundle: minified, after gzip ${external}`,
    ours: sizes(bundle.ours),
    peer: sizes(bundle.peer),
  })
  const { tarball, alone, withFclAndClient } = install
  const installed = (size) => `${megabytes(size.bytes)}, ${count(size.packages)}`
  const packed = table.note(
    `The tarball of fcl-kms is ${kilobytes(tarball.tarballBytes)}, ${kilobytes(tarball.unpackedBytes)} unpacked, ${tarball.files} files. The peer brings its own FCL and the AWS client.`,
  )
  table.row({
    what: `Install size, packages ${packed}`,
    ours: installed(alone.ours),
    peer: installed(alone.peer),
  })
  table.row({
    what: '  with the current FCL and AWS client',
    ours: installed(withFclAndClient.ours),
    peer: installed(withFclAndClient.peer),
    bare: installed(withFclAndClient.bare),
  })
}
