/**
 * Preloaded by `bun run test:dates`: this process, and every one that it starts, believes that it is
 * as much later as SHIFT_MS says. Time goes on; timers are untouched.
 */
const shiftMs = Number(process.env.SHIFT_MS);
if (!Number.isSafeInteger(shiftMs)) throw new Error("SHIFT_MS is not a number of milliseconds");

const real = Date;
const now = () => real.now() + shiftMs;

const shifted: DateConstructor = new Proxy(real, {
  get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
  apply: () => new real(now()).toString(),
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
});
real.prototype.constructor = shifted;
globalThis.Date = shifted;
