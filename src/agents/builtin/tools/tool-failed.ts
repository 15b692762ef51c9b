/** What a tool could not do; its words go to the model, which is to try another way. */
export class ToolFailed extends Error {
  override readonly name = 'ToolFailed'
}
