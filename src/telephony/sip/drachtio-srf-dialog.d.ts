declare module 'drachtio-srf/lib/dialog.js' {
  type Modify = (this: unknown, ...args: unknown[]) => Promise<unknown>
  const Dialog: { prototype: { modify: Modify } }
  export default Dialog
}
