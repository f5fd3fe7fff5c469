import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { CallError } from './call-error.ts'

export type Element = {
  name: string
  attributes: Record<string, string>
  /** All text in it, also within its children, in document order and without the white space around it. */
  text: string
  /** Whether some of that text stands directly in it. */
  hasOwnText: boolean
  children: Element[]
}

const TEXT = '#text'
const CDATA = '#cdata'
const ATTRIBUTES = ':@'

/** A node as the parser gives it: the content under the element's name, the attributes beside it. */
type ParsedNode = { [TEXT]?: string; [ATTRIBUTES]?: Record<string, string> } & Record<string, unknown>

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  textNodeName: TEXT,
  cdataPropName: CDATA,
  // The parser would leave numeric and unknown entities as they stand; `decoded` knows the former and refuses the latter.
  processEntities: false,
})

/** Parses a document and returns its root. Throws CallError 12100 when it is not well-formed. */
export function parseXml(xml: string): Element {
  const verdict = XMLValidator.validate(xml)
  if (verdict !== true) throw notXml(`line ${verdict.err.line}: ${verdict.err.msg}`)
  // Entities of a document's own could make a few bytes into gigabytes, and TwiML has no use for them.
  if (/<!DOCTYPE/i.test(xml)) throw notXml('a document type is not allowed.')
  const roots = elementsIn(parsed(xml))
  const [root] = roots
  if (!root || roots.length > 1) throw notXml(`there must be one root element; there are ${roots.length}.`)
  return root
}

function parsed(xml: string): ParsedNode[] {
  try {
    return parser.parse(xml)
  } catch (error) {
    throw notXml((error as Error).message)
  }
}

function elementsIn(nodes: ParsedNode[]): Element[] {
  return nodes.flatMap((node) => {
    const name = Object.keys(node).find((key) => key !== ATTRIBUTES)
    if (name === undefined || name === TEXT || name === CDATA) return []
    const content = node[name] as ParsedNode[]
    const attributes = Object.entries(node[ATTRIBUTES] ?? {}).map(([key, value]) => [key, decoded(value)])
    return {
      name,
      attributes: Object.fromEntries(attributes),
      text: textIn(content).trim(),
      hasOwnText: textIn(content.filter((child) => TEXT in child || CDATA in child)).trim() !== '',
      children: elementsIn(content),
    }
  })
}

function textIn(nodes: ParsedNode[]): string {
  return nodes
    .map((node) => {
      if (node[TEXT] !== undefined) return decoded(node[TEXT])
      if (node[CDATA] !== undefined) return (node[CDATA] as ParsedNode[]).map((cdata) => cdata[TEXT]).join('')
      const content = Object.entries(node).find(([key]) => key !== ATTRIBUTES)?.[1]
      return textIn(content as ParsedNode[])
    })
    .join('')
}

const NAMED_ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' }

function decoded(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|([\w.-]+));/gi, (entity, hex, decimal, name) => {
    const character = name === undefined ? fromCodePoint(hex, decimal) : NAMED_ENTITIES[name]
    if (character === undefined) throw notXml(`${entity} is not an entity of XML.`)
    return character
  })
}

function fromCodePoint(hex: string | undefined, decimal: string): string | undefined {
  const codePoint = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16)
  return codePoint > 0 && codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : undefined
}

function notXml(why: string): CallError {
  return new CallError(12100, `The document is not well-formed XML: ${why}`)
}
