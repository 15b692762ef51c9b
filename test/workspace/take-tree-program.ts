// Takes the tree of the folder in the first argument after each script in the other arguments, and
// prints the results. A separate program, because a test that runs as root could read everything.
import { takeTree } from '../../src/workspace/take-tree.ts'
import { aWorkspace, byHand, makeRemote, patient, shell } from '../support/repository.ts'

const [folder = '', ...scripts] = process.argv.slice(2)
const { remote } = await makeRemote(folder, { 'a.txt': 'a\n', 'dir/deep/b.txt': 'b\n' })
const taken = []
for (const script of scripts) {
  const workspace = await aWorkspace(folder, { repository: remote })
  await shell(workspace.tree, script)
  const { tree, notes } = await takeTree(workspace, patient())
  const names = await byHand(workspace.gitDir, 'ls-tree', '-r', '--name-only', tree)
  taken.push({ names: names.split('\n'), notes: notes.map(({ text }) => text) })
}
process.stdout.write(JSON.stringify(taken))
