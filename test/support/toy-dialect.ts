import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { JobId } from '../../src/domain/id.ts'
import { Submission } from '../../src/domain/job.ts'
import type { Principal } from '../../src/domain/principal.ts'
import { type Dialect, type DialectRoute, jsonReply } from '../../src/hub/dialect.ts'
import { aJob } from './jobs.ts'

/** The largest JSON body and the largest upload that the toy dialect takes. */
export const TOY_BYTES_MAX = 1000

const tokenId = 'toy'
/** Its principals, by the value of its token header. */
const PEOPLE: Readonly<Record<string, Principal>> = {
  ada: { kind: 'user', tokenId, name: 'ada', scopes: ['jobs:submit'] },
  drone: { kind: 'worker', tokenId, name: 'drone', lanes: null },
}

/** A dialect that shares nothing with our own API: another token header, error form and limit. */
export const toyDialect = (changes: Partial<Dialect> = {}): Dialect => ({
  name: 'toy',
  prefixes: ['/toy', '/toys'],
  limits: { jsonBytes: TOY_BYTES_MAX },
  headers: { 'x-toy': 'yes' },
  admit: async ({ headers }) => PEOPLE[String(headers['x-toy-token'])] ?? null,
  problem: ({ status, code }) => ({
    status,
    headers: { 'content-type': 'text/toy' },
    body: `toy: ${code}`,
  }),
  routes: (desk): readonly DialectRoute[] => [
    {
      method: 'GET',
      path: '/toy/hello',
      access: { kind: 'public' },
      takes: null,
      answer: async ({ query }) => jsonReply(200, query),
    },
    {
      method: 'POST',
      path: '/toy/jobs',
      access: { kind: 'scope', scope: 'jobs:submit' },
      takes: 'json',
      answer: async ({ body, principal }) => {
        if (principal?.kind !== 'user') throw new Error('the route has let a stranger in')
        const { job } = await desk.submit(Submission.parse(aJob(Object(body))), principal)
        return jsonReply(202, { ticket: job.id })
      },
    },
    {
      method: 'GET',
      path: '/toy/jobs/{ticket}',
      access: { kind: 'scope', scope: 'jobs:submit' },
      takes: null,
      answer: async ({ params }) => {
        const { state } = await desk.readJob(JobId.parse(params['ticket']))
        return jsonReply(200, { state })
      },
    },
    {
      method: 'PUT',
      path: '/toy/files/{name}',
      access: { kind: 'worker' },
      takes: { bytes: true, maxBytes: TOY_BYTES_MAX },
      answer: async ({ body, headers }) => {
        if (!(body instanceof Readable)) throw new Error('an upload is a stream')
        const bytes = await buffer(body)
        return {
          status: 200,
          headers: { 'x-sent-as': String(headers['content-type']) },
          body: bytes,
        }
      },
    },
    {
      method: 'POST',
      path: '/toy/attempts/{job}/{attempt}',
      access: { kind: 'attempt' },
      takes: null,
      answer: async () => ({ status: 204, body: null }),
    },
    {
      method: 'GET',
      path: '/toy/bug',
      access: { kind: 'public' },
      takes: null,
      answer: async () => {
        throw new Error('secret innards')
      },
    },
  ],
  ...changes,
})
