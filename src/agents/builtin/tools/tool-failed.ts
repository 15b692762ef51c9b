/** Thrown if a tool fails. The message goes to the model, which can then try something else. */
export class ToolFailed extends Error {
  override readonly name = 'ToolFailed'
}
