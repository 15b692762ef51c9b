import { z } from 'zod'

/**
 * Schemas of these types are returned unchanged, because they contain no object with a fixed set of
 * members. The keys of a record are data, so none of them is unknown.
 */
const WHOLE: ReadonlySet<string> = new Set([
  'string',
  'number',
  'boolean',
  'null',
  'literal',
  'enum',
  'unknown',
  'record',
])

/**
 * Copies a schema so that its objects drop unknown members instead of rejecting them. Throws a
 * TypeError for an unsupported schema type, because objects inside it would still reject unknown
 * members.
 * @param exceptions maps a schema (compared by identity) to the schema that replaces it
 */
export function dropUnknown(
  schema: z.core.$ZodType,
  exceptions: ReadonlyMap<z.core.$ZodType, z.ZodType> = new Map(),
): z.ZodType {
  const inside = (part: z.core.$ZodType): z.ZodType => dropUnknown(part, exceptions)
  const exception = exceptions.get(schema)
  if (exception !== undefined) return exception
  if (schema instanceof z.ZodObject) {
    const members = Object.entries<z.ZodType>(schema.shape)
    return z.object(Object.fromEntries(members.map(([name, part]) => [name, inside(part)])))
  }
  if (schema instanceof z.ZodArray) return z.array(inside(schema.element))
  if (schema instanceof z.ZodNullable) return z.nullable(inside(schema.unwrap()))
  if (schema instanceof z.ZodOptional) return z.optional(inside(schema.unwrap()))
  if (schema instanceof z.ZodDefault) {
    return inside(schema.unwrap()).default(schema.def.defaultValue)
  }
  if (schema instanceof z.ZodUnion) return z.union(schema.options.map(inside))
  if (schema instanceof z.ZodIntersection) {
    return z.intersection(inside(schema.def.left), inside(schema.def.right))
  }
  if (schema instanceof z.ZodPipe) return z.pipe(schema.in, inside(schema.out))
  if (schema instanceof z.ZodType && WHOLE.has(schema.def.type)) return schema
  throw new TypeError(`dropUnknown does not support ${schema.constructor.name}`)
}
