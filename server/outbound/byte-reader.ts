/** Takes bytes off a stream in the pieces that its reader wants; pulls no more than that takes. */
export class ByteReader {
  #chunks: Buffer[] = [];
  #buffered = 0;
  #total = 0;

  /**
   * @param stream is read once
   * @param maxTotalBytes what the stream may bring in all
   */
  constructor(
    stream: AsyncIterable<Uint8Array>,
    private readonly maxTotalBytes: number,
    private readonly source = stream[Symbol.asyncIterator](),
  ) {}

  /**
   * Exactly that many bytes.
   * @throws {RangeError} the stream ended before, or brought more than it may
   */
  async read(bytes: number): Promise<Buffer> {
    // Joined only once all are here: a peer that dribbles must not cost a copy per byte.
    while (this.#buffered < bytes) await this.#pull();
    return this.#take(bytes);
  }

  /**
   * What comes before the mark, which is taken off too.
   * @throws {RangeError} there is no mark within `maxBytes`, or as `read`
   */
  async readUntil(mark: string, maxBytes: number): Promise<string> {
    for (;;) {
      const at = this.#joined().indexOf(mark);
      if (at >= 0) return this.#take(at + mark.length).toString("latin1", 0, at);
      if (this.#buffered > maxBytes) throw new RangeError("no end in sight");
      await this.#pull();
    }
  }

  async #pull(): Promise<void> {
    const { done, value } = await this.source.next();
    if (done) throw new RangeError("the stream has ended");
    this.#total += value.length;
    if (this.#total > this.maxTotalBytes) throw new RangeError("the stream brings too much");
    this.#chunks.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    this.#buffered += value.length;
  }

  /** What is buffered as one; nothing is copied where it is one already. */
  #joined(): Buffer {
    const [only, ...more] = this.#chunks;
    if (only && more.length === 0) return only;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  #take(bytes: number): Buffer {
    const all = this.#joined();
    this.#chunks = [all.subarray(bytes)];
    this.#buffered = all.length - bytes;
    return all.subarray(0, bytes);
  }
}
