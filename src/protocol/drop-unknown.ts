import { z } from 'zod'

/** Schemas without parts of their own. The members of a record are data, all of which is kept. */
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
 * The same schema with objects that drop the members they do not know, where it refuses them. Throws
 * a TypeError for a kind of schema that it does not know: an object inside would stay strict.
 * @param exceptions what stands for a schema instead, by its identity
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
  throw new TypeError(`a ${schema.constructor.name} cannot be read tolerantly`)
}
