import { Elysia, t } from "elysia";
import { AppError, Refused, Unavailable } from "../errors.ts";
import { addressOf } from "../http/address.ts";
import type { RouteParts } from "./parts.ts";
import { refusal } from "./shapes.ts";

const RETRY_SECONDS = 5;

/** What a stranger's bytes may do in a browser, even where one is opened by itself: be looked at. */
const HEADERS = {
  "content-security-policy": "default-src 'none'; sandbox",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "public, max-age=86400",
};

/** Others' pictures, by way of us. */
export const imageRoutes = ({ images }: Pick<RouteParts, "images">) =>
  new Elysia({ name: "images", detail: { tags: ["public"] } }).get(
    "/images",
    async ({ request, server, query: { url } }) => {
      const reader = addressOf(request, server);
      const { type, bytes } = await images.get(url, reader).catch((error: unknown) => {
        throw problemOf(error);
      });
      return new Response(bytes, { headers: { ...HEADERS, "content-type": type } });
    },
    {
      query: t.Object(
        {
          url: t.String({
            minLength: 1,
            maxLength: 2_000,
            description: "an https address of at most 2000 characters, percent-encoded",
          }),
        },
        { additionalProperties: false },
      ),
      response: {
        200: t.Unsafe<Response>(t.String({ contentMediaType: "image/*" })),
        422: refusal("invalid", "image_refused"),
        429: refusal("rate_limited"),
        502: refusal("image_unavailable"),
        503: refusal("image_unavailable"),
      },
      detail: {
        summary: "A picture from elsewhere, by way of Berth",
        description:
          "For avatars and icons, so that whoever serves them does not see who reads. PNG, JPEG, GIF, WebP or AVIF by its bytes, at most 1 MiB, from a public https address.",
      },
    },
  );

function problemOf(error: unknown): unknown {
  if (error instanceof Refused)
    return new AppError("image_refused", 422, error.message, { field: "query.url" });
  if (!(error instanceof Unavailable)) return error;
  return error.code === "images_busy"
    ? new AppError("image_unavailable", 503, error.message, { retryAfterSeconds: RETRY_SECONDS })
    : new AppError("image_unavailable", 502, error.message);
}
