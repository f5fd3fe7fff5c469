import { globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

/*
 * The configuration of the media and SIP servers: whether it hangs together, and whether it keeps strangers out. That it
 * works is shown by calls over real servers.
 */

const ROOT = resolve(import.meta.dirname, '../..')
const FOLDER = join(ROOT, 'freeswitch-config')
const files = globSync('**/*.xml', { cwd: FOLDER })
const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8')
const withoutComments = (text: string) => text.replace(/<!--.*?-->/gs, '')

/** What a file's preprocessor lines say: `<X-PRE-PROCESS cmd="set" data="name=value"/>`. */
function preprocessed(file: string, command: string): string[] {
  const lines = withoutComments(read(file)).matchAll(/<X-PRE-PROCESS cmd="([\w-]+)" data="([^"]*)"\/>/g)
  return [...lines].filter(([, cmd]) => cmd === command).map(([, , data = '']) => data)
}

const namesOf = (assignments: string[]) => assignments.map((line) => line.split('=')[0] ?? '')

/** FreeSWITCH knows these without being told. */
const BUILT_IN = ['local_ip_v4']

describe('the files', () => {
  test.each(files)('%s is well-formed', (file) => {
    expect(XMLValidator.validate(read(file))).toBe(true)
  })

  test('that are included are there, and no other is', () => {
    const included = files.flatMap((file) =>
      preprocessed(file, 'include').map((pattern) => join(dirname(file), pattern)),
    )
    const found = included.map((pattern) => [pattern, globSync(pattern, { cwd: FOLDER })] as const)
    expect(found.filter(([, matches]) => matches.length === 0)).toEqual([])
    const roots = ['freeswitch.xml', 'drachtio.conf.xml']
    expect([...roots, ...found.flatMap(([, matches]) => matches)].sort()).toEqual(files.sort())
  })

  test('use variables that are set, and all of them', () => {
    const set = namesOf([...preprocessed('vars.xml', 'set'), ...preprocessed('vars.xml', 'exec-set')])
    const used = files.flatMap((file) =>
      [...withoutComments(read(file)).matchAll(/\$\$\{(\w+)\}/g)].map(([, name = '']) => name),
    )
    expect([...new Set(used)].sort()).toEqual([...set, ...BUILT_IN].sort())
    expect(namesOf(preprocessed('vars.xml', 'env-set')).sort()).toEqual(set.sort())
  })

  test('take from the environment what docker-compose.yml gives them', () => {
    const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true })
    const taken = preprocessed('vars.xml', 'env-set').map((line) => line.split('=$')[1])
    const given = Object.keys(services.freeswitch.environment)
    expect(given.filter((name) => !taken.includes(name))).toEqual([])
    expect(taken).toContain('FREESWITCH_SECRET')
  })
})

describe('strangers', () => {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' })
  const settings = (file: string) => parser.parse(read(file)).configuration.settings.param
  const setting = (file: string, name: string) =>
    settings(file).find((param: { name: string }) => param.name === name)?.value
  const defaults = new Map(preprocessed('vars.xml', 'set').map((line) => line.split('=') as [string, string]))

  test('do not reach the event socket', () => {
    const file = 'autoload_configs/event_socket.conf.xml'
    expect(setting(file, 'listen-ip')).toBe('$${event_socket_ip}')
    expect(defaults.get('event_socket_ip')).toBe('127.0.0.1')
    const list = setting(file, 'apply-inbound-acl')
    const lists = parser.parse(read('autoload_configs/acl.conf.xml')).configuration['network-lists'].list
    expect(lists).toContainEqual(expect.objectContaining({ name: list, default: 'deny' }))
    expect(defaults.get('event_socket_client')).toBe('127.0.0.1/32')
  })

  test('have no calls taken by FreeSWITCH itself, and cannot have it call them back', () => {
    const { settings } = parser.parse(read('sip_profiles/mrf.xml')).include.profile
    const of = (name: string) => settings.param.find((param: { name: string }) => param.name === name)?.value
    expect([of('sip-ip'), of('ext-sip-ip')]).toEqual(['$${sip_ip}', '$${sip_ip}'])
    expect([defaults.get('sip_ip'), defaults.get('sip_client')]).toEqual(['127.0.0.1', '127.0.0.1/32'])
    const lists = parser.parse(read('autoload_configs/acl.conf.xml')).configuration['network-lists'].list
    expect(lists).toContainEqual(expect.objectContaining({ name: of('apply-inbound-acl'), default: 'deny' }))
    const dialplan = read('dialplan/mrf.xml')
    const back = dialplan.indexOf(' event_socket)}')
    expect(back).toBeGreaterThan(0)
    expect(back).toBeLessThan(dialplan.indexOf('application="socket"'))
  })

  test('would not know its password, which is made anew where none is given', () => {
    expect(setting('autoload_configs/event_socket.conf.xml', 'password')).toBe('$${event_socket_password}')
    expect(preprocessed('vars.xml', 'exec-set')).toEqual([
      expect.stringMatching(/^event_socket_password=.*\/dev\/urandom/),
    ])
  })

  test('do not reach drachtio’s control socket, and find no secret in the file', () => {
    const { admin } = parser.parse(read('drachtio.conf.xml')).drachtio
    expect(admin).toEqual({ port: '9022', '#text': '127.0.0.1' })
  })

  test('have nothing set or run by an answer to a request for audio', () => {
    const { profile } = parser.parse(read('autoload_configs/httapi.conf.xml')).configuration.profiles
    expect(profile.permissions).toEqual({ permission: { name: 'all', value: 'false' } })
  })
})
