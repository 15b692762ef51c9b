// A small agent: asks the worker's model for the new contents of one file, and writes them.
// Usage: millwright submit … --agent command "<what to change>" -- node ask-model.mjs <file>
import { readFile, writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'

const [file] = process.argv.slice(2)
const { MILLWRIGHT_MODEL_URL: url, MILLWRIGHT_MODEL_TOKEN: token } = process.env
if (file === undefined) throw new Error('name the file to change')
if (url === undefined) throw new Error('this worker has no model')

const task = await text(process.stdin)
const before = await readFile(file, 'utf8')
const tool = {
  name: 'write_file',
  description: `Replaces the contents of ${file}.`,
  input_schema: {
    type: 'object',
    properties: { contents: { type: 'string' } },
    required: ['contents'],
  },
}
const response = await fetch(`${url}/anthropic/v1/messages`, {
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    'anthropic-version': '2023-06-01',
    'x-api-key': token,
  },
  body: JSON.stringify({
    model: 'claude-sonnet-5',
    max_tokens: 4096,
    tools: [tool],
    tool_choice: { type: 'tool', name: tool.name },
    messages: [{ role: 'user', content: `${task}\n\n${file} contains:\n\n${before}` }],
  }),
})
if (!response.ok) throw new Error(`the model answered ${response.status}: ${await response.text()}`)
const { content } = await response.json()
const call = content.find(({ type }) => type === 'tool_use')
if (call === undefined) throw new Error('the model did not answer with new contents')
await writeFile(file, call.input.contents)
console.log(`changed ${file}`)
