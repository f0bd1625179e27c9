/** The client of S3 for anchors. @module */

import { S3Client } from '@aws-sdk/client-s3'
import type { Config } from '../config/config.ts'

/** Credentials come from the environment, as those of KMS do. The caller destroys it. */
export const createS3 = ({ region, endpoint }: Config['aws']): S3Client =>
  new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  })
