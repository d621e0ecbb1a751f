import {
  answerOf,
  callRelay,
  type Endpoint,
  eventually,
  informationOf,
  type Key,
  newKey,
  nowSeconds,
  signed,
  token,
  visit,
} from "./zooid-client.ts";
import { RelaySocket } from "./zooid-socket.ts";

/** A zooid under contract: the stand-in, or a real one. */
export type Place = Endpoint & {
  /** Its API_HOST. */
  apiHost: string;
  /** Whitelisted there. */
  admin: Key;
};

/** One relay of its own for each case. */
export class Subject {
  readonly self = newKey();
  readonly owner = newKey();
  readonly #id = `c${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;
  readonly #sockets: RelaySocket[] = [];
  #time = nowSeconds();

  private constructor(readonly place: Place) {}

  static async create(place: Place, part: object): Promise<Subject> {
    const subject = new Subject(place);
    await subject.configure(part, "POST");
    return subject;
  }

  get host(): string {
    return `${this.#id}.test`;
  }

  /** Writes a whole config, and waits until it is served. */
  async configure(part: object, method = "PUT"): Promise<void> {
    const name = crypto.randomUUID();
    const info = { name, pubkey: this.owner.pubkey };
    const whole = { host: this.host, schema: this.#id, secret: this.self.secretHex, info };
    const on = { management: { enabled: true }, groups: { enabled: true } };
    await this.#manage(method, JSON.stringify({ ...whole, ...on, ...part }));
    await eventually(async () => (await informationOf(this.place, this.host))?.name === name);
  }

  async #manage(method: string, body?: string): Promise<void> {
    const { url, apiHost, admin } = this.place;
    const path = `/relay/${this.#id}`;
    const tags = [
      ["u", `http://${apiHost}${path}`],
      ["method", method],
    ];
    const headers = { Host: apiHost, Authorization: token(signed(admin, 27235, { tags })) };
    const response = await fetch(url + path, { method, headers, ...(body && { body }) });
    if (!response.ok) throw new Error(`${method}: ${await response.text()}`);
  }

  async remove(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.#manage("DELETE");
  }

  /** What a NIP-86 call answers. */
  async call(caller: Key, method: string, ...params: unknown[]): Promise<unknown> {
    const response = await callRelay(this.place, this.host, caller, method, params);
    return (await answerOf(response))[1];
  }

  /** Pubkeys on the list of members, as the relay's own key reads it. */
  async members(): Promise<string[]> {
    const { result } = (await this.call(this.self, "listallowedpubkeys")) as {
      result: { pubkey: string }[];
    };
    return result.map(({ pubkey }) => pubkey);
  }

  async member(): Promise<Key> {
    const key = newKey();
    await this.call(this.owner, "allowpubkey", key.pubkey);
    return key;
  }

  async socket(key?: Key): Promise<RelaySocket> {
    const socket = key
      ? await RelaySocket.as(key, this.place, this.host)
      : await RelaySocket.open(this.place, this.host);
    this.#sockets.push(socket);
    return socket;
  }

  async visit(init: Parameters<typeof visit>[2]): Promise<Response> {
    return await visit(this.place, this.host, init);
  }

  /** A moment of its own for each event, so that none replaces one of the same second. */
  nextSecond(): number {
    this.#time += 1;
    return this.#time;
  }

  /** Makes a room with these tags, as the owner. */
  async room(...flags: string[]): Promise<string> {
    const h = `room${crypto.randomUUID().slice(0, 8)}`;
    const tags = [["h", h], ["name", "Room"], ...flags.map((flag) => [flag])];
    const [isMade, why] = await (await this.socket(this.owner)).publish(
      signed(this.owner, 9007, { tags }),
    );
    if (!isMade) throw new Error(why);
    return h;
  }
}
