/** Stacks of CloudFormation: deployed, planned and deleted. @module */

export type { SignerDocument } from '../../remote-signer-lambda/document.ts'
export type { StackChange } from './changes.ts'
export { type DeletedStack, type DeleteStackOptions, deleteStack } from './delete-stack.ts'
export {
  type DeployedStack,
  type DeployStackOptions,
  deployStack,
  type PlanStackOptions,
  planStack,
  type StackPlan,
} from './deploy-stack.ts'
export { type DiagnoseStackOptions, diagnoseStack } from './diagnosis/diagnose-stack.ts'
export type { StackEvent } from './follow.ts'
export {
  type PackRemoteSignerOptions,
  packRemoteSigner,
  type RemoteSignerCode,
  type UploadRemoteSignerOptions,
  uploadRemoteSigner,
} from './remote-signer-code.ts'
export type { StackCaller, StackClientConfig, StackSettings } from './session.ts'
export type { StackTemplate } from './template.ts'
