/** A map that keeps the newest so many: for what can be read again. */
export class BoundedMap<K, V> {
  readonly #kept = new Map<K, V>();

  constructor(readonly max: number) {}

  /** What is kept of `key`, or else what `read` says; what that does not know is not kept. */
  get<Read extends V | null>(key: K, read: (key: K) => Read): V | Read {
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const found = read(key);
    if (found !== null) this.set(key, found as V);
    return found;
  }

  set(key: K, value: V): void {
    this.#kept.delete(key);
    this.#kept.set(key, value);
    if (this.#kept.size <= this.max) return;
    const [oldest] = this.#kept.keys();
    this.#kept.delete(oldest as K);
  }

  delete(key: K): void {
    this.#kept.delete(key);
  }
}
