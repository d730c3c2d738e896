export { type ChildBehaviour, childCommand } from './child-command.ts'
