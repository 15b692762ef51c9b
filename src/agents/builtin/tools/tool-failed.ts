/** A tool failed. Its message goes to the model, which can then try another way. */
export class ToolFailed extends Error {
  override readonly name = 'ToolFailed'
}
