/*
 * JSON Schema in words, for docs/API.md: of what type a value is, and which fields an object has.
 */

export type Schema = {
  $ref?: string
  type?: string | string[]
  enum?: string[]
  format?: string
  description?: string
  default?: unknown
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  minimum?: number
  maximum?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
}

/** `isInput`: whether it says what a client may leave out, and what is then taken for it. */
export function fieldTable(schema: Schema, isInput: boolean): string {
  const rows = fieldsOf(schema, '', isInput).map((cells) => `| ${cells.join(' | ')} |`)
  return ['| field | type | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}

function fieldsOf({ properties = {}, required = [] }: Schema, within: string, isInput: boolean): string[][] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const { description = '', default: fallback } = field
    const type = [
      typeWords(field),
      isInput && !required.includes(name) && fallback === undefined ? 'optional' : '',
      fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\` by default`,
      !isInput && !required.includes(name) ? 'may be missing' : '',
    ]
    const row = [`\`${within}${name}\``, type.filter(Boolean).join(', '), description]
    const inner = objectIn(field)
    return [row, ...(inner ? fieldsOf(inner.schema, `${within}${name}${inner.mark}.`, isInput) : [])]
  })
}

/** The object that a field is, or holds, when its fields are told here and not under a name of their own. */
function objectIn(schema: Schema): { schema: Schema; mark: string } | null {
  if (schema.properties) return { schema, mark: '' }
  if (schema.items?.properties) return { schema: schema.items, mark: '[]' }
  const object = schema.anyOf?.find(({ properties }) => properties)
  return object ? { schema: object, mark: '' } : null
}

export function typeWords(schema: Schema): string {
  const { $ref, enum: choices, anyOf, type, items, format } = schema
  if ($ref) return linkTo($ref)
  if (choices) return listed(choices.map((choice) => `\`${choice}\``))
  if (anyOf) return [...new Set(anyOf.map(typeWords))].join(' or ')
  if (items) return `list of ${typeWords(items)}${bounds(schema)}`
  const name = Array.isArray(type) ? type.join(' or ') : (type ?? 'any JSON')
  return `${format === 'binary' ? 'file' : (format ?? name)}${bounds(schema)}`
}

const linkTo = (ref: string) => {
  const name = ref.split('/').at(-1) ?? ''
  return `[${name}](#${name.toLowerCase()})`
}

const listed = (words: string[]) =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

/** In brackets, for more words may follow. What is bounded by what JavaScript can count to is not worth a word. */
function bounds({ minimum, maximum, maxLength, minItems, maxItems }: Schema): string {
  if (maxItems !== undefined) return minItems ? ` (${minItems} to ${maxItems})` : ` (at most ${maxItems})`
  if (maxLength !== undefined) return ` (at most ${maxLength} characters)`
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : ` (${minimum} to ${maximum})`
}

/** An answer in one line: the name of its shape, or its few fields. */
export function shapeWords(schema: Schema): string {
  const { properties } = schema
  if (!properties) return typeWords(schema)
  const fields = Object.entries(properties).map(([name, field]) => `\`${name}\` (${typeWords(field)})`)
  return fields.join(', ')
}
