import { Refused, Unavailable } from "../errors.ts";
import { Remembered } from "../remembered.ts";
import type { Outbound } from "./outbound.ts";
import { Places } from "./places.ts";

/** An image as it is served: its type is what its bytes say, whatever its server said. */
type Image = { type: ImageType; bytes: Uint8Array<ArrayBuffer> };
export type ImageType = "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif";

/** Pictures of people and relays, fetched for our pages, so that no reader is seen by their servers. */
export interface Images {
  /**
   * @param url of an address that others named
   * @param reader who asks, as limits count them
   * @throws {Refused} `image_refused`: an address that is not public https, more than 1 MiB, or no
   * image of a type that is served
   * @throws {Unavailable} `image_unavailable`: not there, or not in time; `images_busy`: too many at once
   */
  get(url: string, reader: string): Promise<Image>;
}

const IMAGE_BYTES_MAX = 1024 * 1024;
/** Real time, redirects included. */
const DEADLINE_MS = 8_000;
const REMEMBERED_MS = 3_600_000;
const REMEMBERED_BYTES_MAX = 32 * 1024 * 1024;
/** What an entry costs beside its bytes. */
const ENTRY_BYTES = 4_096;
/** Each holds a connection and up to its size in memory. */
const FETCHES_MAX = 64;
/** Of one reader at once. The rest of a page full of pictures waits its turn. */
const FETCHES_PER_READER = 8;
const WAITING_PER_READER = 100;

/** @param options.deadlineMs - real time for one image */
export function createImages(
  outbound: Pick<Outbound, "fetch">,
  options: { deadlineMs?: number } = {},
): Images {
  const remembered = new Remembered<Image>({
    ttlMs: REMEMBERED_MS,
    maxWeight: REMEMBERED_BYTES_MAX,
    weigh: ({ bytes }) => bytes.length + ENTRY_BYTES,
  });
  const places = new Places({
    total: FETCHES_MAX,
    share: FETCHES_PER_READER,
    waiting: WAITING_PER_READER,
  });
  const busy = () =>
    new Unavailable("images_busy", "too many images are being fetched now; try again");

  async function fetchImage(url: string): Promise<Image> {
    try {
      const signal = AbortSignal.timeout(options.deadlineMs ?? DEADLINE_MS);
      const accept = "image/avif,image/webp,image/png,image/jpeg,image/gif";
      const { status, body } = await outbound.fetch(url, {
        ...{ signal, maxBytes: IMAGE_BYTES_MAX, accept },
      });
      if (status !== 200)
        throw new Unavailable("image_unavailable", `its server answers ${status}`);
      const type = imageType(body);
      if (type === null)
        throw new Refused("image_refused", "it is no PNG, JPEG, GIF, WebP or AVIF image");
      // A copy: what is remembered must not keep the rest of a larger buffer alive.
      return { type, bytes: new Uint8Array(body) };
    } catch (error) {
      throw failureOf(error);
    }
  }

  return {
    async get(url, reader) {
      // One key for all ways of writing an address. The fragment is the reader's alone.
      const parsed = URL.parse(url);
      if (parsed === null) throw new Refused("image_refused", "the address is no URL");
      parsed.hash = "";
      const load = () => places.run(reader, () => fetchImage(parsed.href), busy);
      return remembered.get(parsed.href, load);
    },
  };
}

function failureOf(error: unknown): unknown {
  if (error instanceof Refused && error.code === "outbound_refused")
    return new Refused("image_refused", error.message);
  if (error instanceof Unavailable && error.code === "outbound_unreachable")
    return new Unavailable("image_unavailable", "its server cannot be reached, or is too slow");
  return error;
}

/**
 * What the first bytes say an image is; null for all else. Never SVG or HTML, which are documents that
 * run scripts, and begin with none of these.
 * @see https://mimesniff.spec.whatwg.org/#image-type-pattern-matching-algorithm
 * @see ISO/IEC 14496-12 §4.3 (`ftyp`) and AV1 Image File Format §6 (its brands)
 */
export function imageType(bytes: Uint8Array): ImageType | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256));
  const at = (from: number, text: string) =>
    head.toString("latin1", from, from + text.length) === text;
  if (at(0, "\x89PNG\r\n\x1a\n")) return "image/png";
  if (at(0, "\xff\xd8\xff")) return "image/jpeg";
  if (at(0, "GIF87a") || at(0, "GIF89a")) return "image/gif";
  if (at(0, "RIFF") && at(8, "WEBP")) return "image/webp";
  return at(4, "ftyp") && brandsOf(head).some((brand) => /^avi[fs]$/.test(brand))
    ? "image/avif"
    : null;
}

/** The major and the compatible brands of an ISO file, as far as its head is at hand. */
function brandsOf(head: Buffer): string[] {
  const end = Math.min(head.readUInt32BE(0), head.length);
  const brands: string[] = [];
  // Between the major brand and the compatible ones stands a version.
  for (let from = 8; from + 4 <= end; from += from === 8 ? 8 : 4)
    brands.push(head.toString("latin1", from, from + 4));
  return brands;
}
