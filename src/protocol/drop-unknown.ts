import { z } from 'zod'

/** Schema types without parts. All members of a record are data and are kept. */
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
 * Copies a schema so that its objects drop unknown members instead of refusing them. Throws a
 * TypeError for an unsupported schema type, because an object inside it would stay strict.
 * @param exceptions schemas to replace, by identity, and their replacements
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
