/*
 * docs/API.md, made from the OpenAPI document: the page is what the document says, in the order in which it says it.
 */

type Parameter = { name: string; in: string; required: boolean; description?: string; schema: Schema }
type Schema = {
  type?: string | string[]
  enum?: string[]
  format?: string
  default?: unknown
  anyOf?: Schema[]
}
type Operation = {
  tags: string[]
  summary: string
  parameters: Parameter[]
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> }
  responses: Record<string, { description: string }>
}
export type OpenApi = { paths: Record<string, Record<string, Operation>> }

/** What every route may answer is said once, above. */
const COMMON = ['401', '403', '429', '422']

export function apiPage({ paths }: OpenApi): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const tags = [...new Set(operations.map(({ operation }) => operation.tags[0] ?? ''))]
  const sections = tags.flatMap((tag) => [
    `## ${tag}`,
    ...operations.filter(({ operation }) => operation.tags[0] === tag).map(sectionOf),
  ])
  return `${[HEAD, ...sections].join('\n\n')}\n`
}

const HEAD = `# The API

Made from the schemas that check the requests; \`tests/http/api-page.test.ts\` holds it against them, and
\`npx vitest run tests/http/api-page.test.ts -u\` writes it anew. The whole, with every field, is at \`/api/v1/openapi.json\`.

Requests carry \`Authorization: Bearer KEY\` or \`X-API-Key: KEY\`, or the cookie of a console session. Errors are
\`application/problem+json\` (RFC 9457) and say what is wrong where, in \`detail\` and \`errors\`. Every route may answer 401
(the key is missing or wrong), 403 (not from this address), 422 (the request does not fit) and 429 (too many requests).
Whatever is not a question is in the audit log before it is done.`

function sectionOf({
  path,
  method,
  operation,
}: {
  path: string
  method: string
  operation: Operation
}): string {
  const { summary, parameters, requestBody, responses } = operation
  const answers = Object.entries(responses).filter(([status]) => !COMMON.includes(status))
  return [
    `### ${method.toUpperCase()} ${path}`,
    `${summary}.`,
    ...(parameters.length > 0 ? [parameters.map(parameterLine).join('\n')] : []),
    ...(requestBody ? [bodyLine(requestBody)] : []),
    `Answers: ${answers.map(([status, { description }]) => `${status}, ${lowerFirst(description)}`).join(' · ')}`,
  ].join('\n\n')
}

const lowerFirst = (words: string) =>
  /^[A-Z][a-z]/.test(words) ? words.charAt(0).toLowerCase() + words.slice(1) : words

function parameterLine({ name, in: place, required, description, schema }: Parameter): string {
  const fallback = schema.default === undefined ? '' : `, ${JSON.stringify(schema.default)} by default`
  const about = [kindOf(schema), place === 'path' || required ? '' : 'optional'].filter(Boolean).join(', ')
  return `- \`${name}\` (${about}${fallback})${description ? `: ${description}` : ''}`
}

function kindOf({ type, enum: choices, format, anyOf }: Schema): string {
  if (choices) return choices.join(' | ')
  if (anyOf) return [...new Set(anyOf.map(kindOf))].join(' or ')
  return format ?? (Array.isArray(type) ? type.join(' or ') : (type ?? 'any'))
}

function bodyLine({ content }: NonNullable<Operation['requestBody']>): string {
  const [[mediaType, { schema }] = ['', { schema: {} as { $ref?: string } }]] = Object.entries(content)
  const name = schema.$ref?.split('/').at(-1)
  return `Body: \`${mediaType}\`${name ? `, \`${name}\` in the OpenAPI document` : ''}.`
}
