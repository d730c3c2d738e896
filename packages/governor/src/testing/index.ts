export { type ChildBehaviour, childCommand } from './child-command.ts'
export {
  type Behaviour,
  type Care,
  type GovernorKind,
  type GovernorSuite,
  governorContract,
} from './governor-contract.ts'
