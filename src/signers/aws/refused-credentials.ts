/** Answers of AWS that say who asked wrongly, whichever service gave them. @module */

import type { ThrownFacts } from './thrown-facts.ts'

const CREDENTIALS =
  /^(ExpiredToken|ExpiredTokenException|UnrecognizedClientException|InvalidClientTokenId|MissingAuthenticationToken|MissingAuthenticationTokenException|IncompleteSignature|IncompleteSignatureException|InvalidSignatureException|SignatureDoesNotMatch|NotAuthorized)$/
const SKEWED = /^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture)$/

/** AWS did not take the signature of a request, since a clock is off. */
export const isSkewed = ({ name, message }: Pick<ThrownFacts, 'name' | 'message'>): boolean =>
  SKEWED.test(name) ||
  (CREDENTIALS.test(name) && /not yet current|signature expired/i.test(message))

/** AWS knows no such credentials, or they did not sign this request. */
export const areRefusedCredentials = ({ name }: Pick<ThrownFacts, 'name'>): boolean =>
  CREDENTIALS.test(name)
