import { fieldTable, type Schema, shapeWords, typeWords } from './api-shapes.ts'

/*
 * The part of docs/API.md that is made from the OpenAPI document, which it follows, and from the metrics.
 */

type Parameter = { name: string; in: string; required: boolean; description?: string; schema: Schema }
type Content = Record<string, { schema: Schema }>
type Operation = {
  tags: string[]
  summary: string
  parameters: Parameter[]
  requestBody?: { content: Content }
  responses: Record<string, { description: string; content?: Content }>
}
export type OpenApi = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}
export type Metric = { name: string; help: string; labelNames: readonly string[] }

/** What is above it on the page is written by hand. */
const MADE_FROM_HERE =
  '<!-- From here on made from the schemas and metrics of the code: npx vitest run tests/http/api-page.test.ts -u -->'

export const writtenByHand = (page: string): string => page.split(MADE_FROM_HERE)[0] ?? ''

/** What every route may answer is said once, above. */
const COMMON = ['401', '403', '429', '422']

export function apiPage(byHand: string, { paths, components }: OpenApi, metrics: readonly Metric[]): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const tags = [...new Set(operations.map(({ operation }) => operation.tags[0] ?? ''))]
  const sections = tags.flatMap((tag) => [
    `## ${tag}`,
    ...operations.filter(({ operation }) => operation.tags[0] === tag).map(sectionOf),
  ])
  const shapes = Object.entries(components.schemas).map(([name, schema]) => shapeSection(name, schema))
  const parts = [...sections, '## Shapes', ...shapes, '## Metrics', metricTable(metrics)]
  return `${[byHand + MADE_FROM_HERE, ...parts].join('\n\n')}\n`
}

type Section = { path: string; method: string; operation: Operation }

function sectionOf({ path, method, operation }: Section): string {
  const { summary, parameters, requestBody, responses } = operation
  const answers = Object.entries(responses).filter(([status]) => !COMMON.includes(status))
  return [
    `### ${method.toUpperCase()} ${path}`,
    `${summary}.`,
    ...(parameters.length > 0 ? [parameters.map(parameterLine).join('\n')] : []),
    ...(requestBody ? [bodyOf(requestBody.content)] : []),
    `Answers:\n\n${answers.map(([status, answer]) => answerLine(status, answer)).join('\n')}`,
  ].join('\n\n')
}

function answerLine(status: string, { description, content }: Operation['responses'][string]): string {
  const schema = content?.['application/json']?.schema
  const isTold = schema && Object.keys(schema).length > 0
  return `- ${status}: ${isTold ? `${shapeWords(schema)}. ` : ''}${description}`
}

function parameterLine({ name, in: place, required, description, schema }: Parameter): string {
  const fallback = schema.default === undefined ? '' : `, ${JSON.stringify(schema.default)} by default`
  const about = [typeWords(schema), place === 'path' || required ? '' : 'optional'].filter(Boolean).join(', ')
  return `- \`${name}\` (${about}${fallback})${description ? `: ${description}` : ''}`
}

function bodyOf(content: Content): string {
  const [[mediaType, { schema }] = ['', { schema: {} }]] = Object.entries(content)
  const fields = schema.$ref ? `: ${typeWords(schema)}.` : `:\n\n${fieldTable(schema, true)}`
  return `Body, \`${mediaType}\`${fields}`
}

/** Those that a client sends, of which it may leave fields out. */
const SENT = ['AgentDraft', 'AgentChange']

function shapeSection(name: string, schema: Schema): string {
  const about = schema.description ? [schema.description] : []
  return [`### ${name}`, ...about, fieldTable(schema, SENT.includes(name))].join('\n\n')
}

function metricTable(metrics: readonly Metric[]): string {
  const rows = metrics.map(({ name, labelNames, help }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${labels} | ${help} |`
  })
  return ['| metric | labels | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
