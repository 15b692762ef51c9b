import type { ToolSet } from 'ai'
import { bashTool } from './bash.ts'
import { editTool } from './edit.ts'
import { listTool } from './list.ts'
import { readTool } from './read.ts'
import { runTestsTool } from './run-tests.ts'
import { searchTool } from './search.ts'
import { writeTool } from './write.ts'

/**
 * The tools that the model can call in a workspace.
 * @param root real path of the workspace
 */
export function toolsFor(root: string, test: readonly string[] | null): ToolSet {
  const [program, ...args] = test ?? []
  return {
    read: readTool(root),
    write: writeTool(root),
    edit: editTool(root),
    list: listTool(root),
    search: searchTool(root),
    bash: bashTool(root),
    ...(program === undefined ? {} : { run_tests: runTestsTool(root, [program, ...args]) }),
  }
}
