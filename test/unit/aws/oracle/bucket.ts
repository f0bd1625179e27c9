/** Who changes a bucket. @module */
import { ADMIN, FOREIGNER, may, mayNot, type Question, tls } from './question.ts'

const changes = [
  's3:DeleteBucketPolicy',
  's3:PutBucketPolicy',
  's3:PutBucketVersioning',
  's3:PutLifecycleConfiguration',
]

/** @returns That the administrator may, and nobody else, whatever IAM allows. */
export const changedByAdmin = (bucket: string, others: readonly string[]): Question[] => [
  ...may(ADMIN, changes, bucket, { context: tls }),
  ...others.flatMap((who) => mayNot(who, changes, bucket, { context: tls })),
  ...mayNot(FOREIGNER, changes, bucket, { context: tls, wider: true }),
]
