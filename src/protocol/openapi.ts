import { z } from 'zod'
import { Callback } from '../domain/callback.ts'
import { Delivery } from '../domain/delivery.ts'
import { Checkpoint, JobEvent, WorkerEvent } from '../domain/event.ts'
import { Job, Submission } from '../domain/job.ts'
import { Lease, WorkerIdentity } from '../domain/lease.ts'
import { Limits } from '../domain/limits.ts'
import { Settlement, Usage } from '../domain/outcome.ts'
import { Publication, PublicationIntent } from '../domain/publication.ts'
import { RetryPolicy } from '../domain/retry.ts'
import { Totals } from '../domain/totals.ts'
import type { Access } from '../domain/principal.ts'
import { PROBLEM_TYPE, Problem } from './problem.ts'
import type { Route } from './route.ts'
import { ROUTES } from './routes.ts'
import { ArtifactInfo, TokenInfo } from './schemas.ts'

type Json = Record<string, unknown>

/**
 * Whether a schema describes what a caller sends (`input`) or receives (`output`). In input, members
 * that have a default are optional.
 */
type Direction = 'input' | 'output'
/** Converts a schema to JSON Schema. Schemas in `NAMED` are written to the document's components. */
type WriteSchema = (schema: z.ZodType, direction: Direction) => Json

/** Schemas that are listed by name in the document's components; all others are inlined. */
const NAMED = {
  Problem,
  Job,
  Submission,
  Callback,
  Delivery,
  Limits,
  RetryPolicy,
  Publication,
  PublicationIntent,
  Settlement,
  Usage,
  Checkpoint,
  WorkerEvent,
  JobEvent,
  Lease,
  WorkerIdentity,
  ArtifactInfo,
  TokenInfo,
  Totals,
}

/** Builds an OpenAPI 3.1 document of the protocol from the route table. */
export function openApiDocument(version: string): Json {
  const schemas: Json = {}
  const write = schemaWriter(schemas)
  const paths: Record<string, Json> = {}
  for (const [name, route] of Object.entries<Route>(ROUTES)) {
    const operations = (paths[route.path] ??= {})
    operations[route.method.toLowerCase()] = operationOf(name, route, write)
  }
  const license = { name: 'Apache-2.0', identifier: 'Apache-2.0' }
  return {
    openapi: '3.1.0',
    info: { title: 'Millwright', version, license },
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Token of a person or a program' },
        worker: { type: 'http', scheme: 'bearer', description: 'Token of a worker' },
        attempt: {
          type: 'http',
          scheme: 'bearer',
          description: 'Token of one attempt, issued with its lease',
        },
      },
    },
  }
}

function operationOf(name: string, route: Route, write: WriteSchema): Json {
  const { summary, access, params, query, body, answer, status } = route
  return {
    operationId: name,
    summary,
    'x-access': access,
    security: securityOf(access),
    parameters: [...parametersOf(params, 'path', write), ...parametersOf(query, 'query', write)],
    ...(body === null
      ? {}
      : { requestBody: { required: true, content: contentOf(body, 'input', write) } }),
    responses: {
      [status]: {
        description: 'The request succeeded',
        content: contentOf(answer, 'output', write),
      },
      default: {
        description:
          'The request failed; `code` identifies the error, and `fix` says what to do next',
        content: { [PROBLEM_TYPE]: { schema: write(Problem, 'output') } },
      },
    },
  }
}

function securityOf(access: Access): readonly Json[] {
  switch (access.kind) {
    case 'public':
      return []
    case 'scope':
      return [{ token: [access.scope] }]
    case 'worker':
    case 'attempt':
      return [{ [access.kind]: [] }]
  }
}

function parametersOf(
  schema: z.ZodType,
  place: 'path' | 'query',
  write: WriteSchema,
): readonly Json[] {
  if (!(schema instanceof z.ZodObject)) return []
  return Object.entries<z.ZodType>(schema.shape).map(([name, part]) => ({
    name,
    in: place,
    required: place === 'path',
    ...(place === 'query' ? { explode: false } : {}),
    schema: write(part, 'output'),
  }))
}

function contentOf(
  part: NonNullable<Route['body']>,
  direction: Direction,
  write: WriteSchema,
): Json {
  if ('bytes' in part) return { 'application/octet-stream': {} }
  return { 'application/json': { schema: write(part, direction) } }
}

function schemaWriter(schemas: Json): WriteSchema {
  const names = { input: registryOf('Input'), output: registryOf('') }
  return (schema, direction) => {
    const {
      $schema: _,
      $defs = {},
      ...written
    } = z.toJSONSchema(schema, {
      metadata: names[direction],
      io: direction,
      unrepresentable: 'any',
    })
    const place = direction === 'input' ? pointToComponents : openToMore
    for (const [name, part] of Object.entries($defs)) schemas[name] = place(part)
    return place(written)
  }
}

function registryOf(suffix: string): z.core.$ZodRegistry<{ id: string }> {
  const registry = z.registry<{ id: string }>()
  for (const [name, schema] of Object.entries(NAMED)) registry.add(schema, { id: name + suffix })
  return registry
}

/** Allows unknown members in responses, because later versions of the hub may add some. */
const openToMore = (schema: object): Json =>
  pointToComponents(z.looseObject({}).parse(JSON.parse(JSON.stringify(schema, withoutClosing))))

const withoutClosing = (key: string, value: unknown): unknown =>
  key === 'additionalProperties' && value === false ? undefined : value

/**
 * zod refers to named schemas in `$defs`; in OpenAPI, they are in `components`. Changes the
 * references.
 */
function pointToComponents(schema: object): Json {
  const moved = JSON.stringify(schema).replaceAll('#/$defs/', '#/components/schemas/')
  return z.looseObject({}).parse(JSON.parse(moved))
}
